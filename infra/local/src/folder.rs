//! `channeltivity.json` of an org folder: settings, people, and records of the portal.

mod file;
mod people;

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use dealbridge_core::{
    people::member::Member,
    portal::User,
    record::{Record, RecordId, RecordKind},
    settings::Settings,
};
use sha2::{Digest, Sha256};

use self::file::{File, RecordEntry, read};

/// The file's name.
pub const FILE: &str = "channeltivity.json";

/// The portal's side of an org folder.
#[derive(Clone, Debug)]
pub struct PortalFolder {
    /// The settings.
    pub settings: Settings,
    /// The people: Organizations, Groups, Users and Contacts.
    pub people: Vec<Member>,
    /// Leads, Deals and Referrals that are in the portal already.
    pub records: Vec<Record>,
    /// Tells whether the file changed since it was last loaded.
    pub digest: String,
}

/// A problem of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {problem}", file.display())]
pub struct PortalFolderError {
    file: PathBuf,
    problem: String,
}

impl PortalFolder {
    /// Reads the file of a folder.
    ///
    /// # Errors
    /// Everything that is wrong, each with its place and what to do.
    pub fn load(folder: &Path) -> Result<Self, Vec<PortalFolderError>> {
        let file = folder.join(FILE);
        let error = |problem: String| {
            vec![PortalFolderError {
                file: file.clone(),
                problem,
            }]
        };
        let text = std::fs::read_to_string(&file).map_err(|failure| {
            error(format!("cannot be read ({failure}); the folder needs it beside its CSV files, with settings, organizations, groups and users"))
        })?;
        let read: File = read(&text).map_err(error)?;
        let mut problems = Vec::new();
        if let Err(wrong) = read.settings.check() {
            problems.extend(wrong.into_iter().map(|wrong| format!("settings.{wrong}")));
        }
        let people = people::of(&read);
        people::check(&people, &mut problems);
        let owners: HashSet<&str> = read.users.iter().map(|user| user.id.as_str()).collect();
        let mut records = Vec::new();
        for (kind, entries) in [
            (RecordKind::Lead, &read.leads),
            (RecordKind::Deal, &read.deals),
            (RecordKind::Referral, &read.referrals),
        ] {
            let mut ids = HashSet::new();
            for (at, entry) in entries.iter().enumerate() {
                let place = format!("{}[{at}]", kind.collection());
                if entry
                    .owner
                    .as_deref()
                    .is_some_and(|owner| !owners.contains(owner))
                {
                    problems.push(format!(
                        "{place}.owner: there is no user {:?}",
                        entry.owner.as_deref().unwrap_or_default()
                    ));
                }
                if let Err(wrong) = read.settings.check_record(&entry.fields) {
                    let wrong = wrong.iter();
                    problems.extend(wrong.map(|wrong| format!("{place}.fields.{wrong}")));
                }
                match RecordId::new(kind, &entry.id) {
                    Err(invalid) => problems.push(format!("{place}.id: {invalid}")),
                    Ok(id) if !ids.insert(id.clone()) => {
                        problems.push(format!("{place}.id: {:?} stands twice", entry.id))
                    }
                    Ok(id) => records.push(record(id, entry, &read.users)),
                }
            }
        }
        if !problems.is_empty() {
            return Err(problems
                .into_iter()
                .map(|problem| PortalFolderError {
                    file: file.clone(),
                    problem,
                })
                .collect());
        }
        let digest = Sha256::digest(text.as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok(Self {
            settings: read.settings,
            people,
            records,
            digest,
        })
    }
}

fn record(id: RecordId, entry: &RecordEntry, users: &[User]) -> Record {
    let owner = entry
        .owner
        .as_ref()
        .and_then(|owner| users.iter().find(|user| user.id == *owner));
    Record {
        fields: entry.fields.clone(),
        owner: owner.map(|owner| owner.id.clone()),
        organization: owner.map(|owner| owner.organization.clone()),
        ..Record::new(id)
    }
}
