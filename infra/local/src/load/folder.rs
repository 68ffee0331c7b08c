//! The folder to load: `channeltivity.json`, or a table for each kind of member.

use std::{collections::HashSet, path::Path};

use dealbridge_core::people::member::{Member, MemberId, MemberKind};
use serde_json::{Map, Value};

use super::table;
use crate::{error::LocalError, folder::FILE};

/// A member of the folder, with its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// The place, such as `users.csv, line 3`.
    pub(super) place: String,
    /// The member.
    pub(super) member: Member,
}

/// The folder's members.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct LoadFolder {
    /// Those that could be read.
    pub(super) entries: Vec<Entry>,
    /// The problems of the others, each with its place.
    pub(super) wrong: Vec<String>,
    /// The ids of the others, as far as they have one: they are there, though they cannot be read.
    pub(super) broken: HashSet<MemberId>,
}

impl LoadFolder {
    /// Reads a folder.
    ///
    /// # Errors
    /// When it has neither form, or both.
    pub(super) fn read(folder: &Path) -> Result<Self, LocalError> {
        let error = |detail: String| LocalError::new(format!("{}: {detail}", folder.display()));
        if !folder.is_dir() {
            return Err(error(
                "it is not a folder; give one with channeltivity.json, or with organizations.csv, groups.csv, users.csv and contacts.csv".to_owned(),
            ));
        }
        let tables: Vec<MemberKind> = MemberKind::ALL
            .into_iter()
            .filter(|kind| folder.join(table::file(*kind)).is_file())
            .collect();
        let json = folder.join(FILE);
        let mut read = Self::default();
        match (json.is_file(), tables.as_slice()) {
            (true, []) => read.document(&text(&json)?)?,
            (true, [one, ..]) => {
                let detail = format!(
                    "it has both {FILE} and {}: take one of them away, so that it is plain which counts",
                    table::file(*one)
                );
                return Err(error(detail));
            }
            (false, []) => {
                let detail = format!(
                    "there are no people in it: it needs {FILE}, or some of organizations.csv, groups.csv, users.csv and contacts.csv"
                );
                return Err(error(detail));
            }
            (false, tables) => {
                for kind in tables {
                    let file = table::file(*kind);
                    read.table(*kind, &text(&folder.join(&file))?);
                }
            }
        }
        Ok(read)
    }

    /// Takes the people of a whole `channeltivity.json`; the rest of it is not the people's.
    fn document(&mut self, text: &str) -> Result<(), LocalError> {
        let document: Value = serde_json::from_str(text).map_err(|error| {
            LocalError::new(format!(
                "{FILE}: the file is not JSON from line {}, column {} on: look for a missing bracket, quote or comma",
                error.line(),
                error.column()
            ))
        })?;
        for kind in MemberKind::ALL {
            let collection = kind.collection();
            let items = match document.get(collection) {
                None | Some(Value::Null) => continue,
                Some(Value::Array(items)) => items,
                Some(_) => {
                    let wrong = format!("{FILE}: {collection}: should be a list");
                    self.wrong.push(wrong);
                    continue;
                }
            };
            for (at, item) in items.iter().enumerate() {
                let place = format!("{FILE}: {collection}[{at}]");
                match item.as_object() {
                    Some(form) => self.take(kind, place, form),
                    None => self.wrong.push(format!("{place}: should be an object")),
                }
            }
        }
        Ok(())
    }

    fn table(&mut self, kind: MemberKind, text: &str) {
        for row in table::rows(kind, text) {
            match row {
                Ok((place, form)) => self.take(kind, place, &form),
                Err(wrong) => self.wrong.push(wrong),
            }
        }
    }

    fn take(&mut self, kind: MemberKind, place: String, form: &Map<String, Value>) {
        match Member::read(kind, None, form) {
            Ok(member) => self.entries.push(Entry { place, member }),
            Err(wrong) => {
                let lines = wrong.iter().map(|wrong| format!("{place}: {wrong}"));
                self.wrong.extend(lines);
                let id = form.get("id").and_then(Value::as_str);
                let id = id.and_then(|id| MemberId::new(kind, id).ok());
                self.broken.extend(id);
            }
        }
    }
}

/// The text of a file in UTF-8, without a byte order mark.
fn text(file: &Path) -> Result<String, LocalError> {
    let bytes = std::fs::read(file)
        .map_err(|error| LocalError::new(format!("{}: cannot be read: {error}", file.display())))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        LocalError::new(format!(
            "{}: byte {} is not UTF-8: save the file as UTF-8",
            file.display(),
            error.utf8_error().valid_up_to()
        ))
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(text) => text.to_owned(),
        None => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    #[test]
    fn tables_and_the_document_say_the_same() {
        let tables = folder(&[
            (
                "organizations.csv",
                "id,name,type,status\norg-1,\"Fjord, Oslo\",partner,active\n",
            ),
            (
                "groups.csv",
                "id,name,type,modules\ngrp-1,Sales,partner,deal_registration; mdf\n",
            ),
            (
                "users.csv",
                "\u{feff}ID,Name,Email,Type,Organization,Groups,Status\r\nusr-1,Rosa,rosa@fjord.example,partner,org-1,grp-1,active\r\n",
            ),
            (
                "contacts.csv",
                "name,email,organization\nCora,cora@fjord.example,org-1\n",
            ),
        ]);
        let document = folder(&[(
            "channeltivity.json",
            r#"{ "settings": {}, "organizations": [{ "id": "org-1", "name": "Fjord, Oslo", "type": "partner", "status": "active" }],
                "groups": [{ "id": "grp-1", "name": "Sales", "type": "partner", "modules": ["deal_registration", "mdf"] }],
                "users": [{ "id": "usr-1", "name": "Rosa", "email": "rosa@fjord.example", "type": "partner",
                            "organization": "org-1", "groups": ["grp-1"], "status": "active" }],
                "contacts": [{ "name": "Cora", "email": "cora@fjord.example", "organization": "org-1" }] }"#,
        )]);

        let of = |folder: &tempfile::TempDir| {
            let read = LoadFolder::read(folder.path()).unwrap();
            assert_eq!(read.wrong, Vec::<String>::new());
            let members = read.entries.into_iter().map(|entry| entry.member);
            members.collect::<Vec<_>>()
        };

        assert_eq!(of(&tables).len(), 4);
        assert_eq!(of(&tables), of(&document));
    }

    #[test]
    fn every_wrong_line_is_named_with_its_file() {
        let folder = folder(&[
            (
                "organizations.csv",
                "id,name,type,status,rank\norg-1,Fjord,partner,active,1\n",
            ),
            ("groups.csv", "id,name\ngrp-1,Sales\n"),
            (
                "users.csv",
                "id,name,email,type,organization,groups,status\nusr-1,Rosa,rosa,partner,org-1,,active\n\nusr-2,\"Two\nLines\",b@fjord.example,vendor,org-1,,\nusr-3,x\n",
            ),
        ]);

        assert_eq!(
            LoadFolder::read(folder.path()).unwrap().wrong,
            [
                "organizations.csv, line 1: there is no column \"rank\"; there are id, name, type, status",
                "groups.csv, line 1: the column type is missing; there are id, name, type, modules",
                "users.csv, line 2: email: \"rosa\" is not a valid email address: write it as name@company.example",
                "users.csv, line 4: type: \"vendor\" is none of its values: it is internal, partner or distributor",
                "users.csv, line 4: status: is missing",
                "users.csv, line 6: it has 2 cells where the header has 7: check its commas and quotes",
            ]
        );
    }

    #[test]
    fn a_folder_without_people_or_with_both_forms_is_refused() {
        let said = |files: &[(&str, &str)]| {
            let folder = folder(files);
            LoadFolder::read(folder.path()).unwrap_err().to_string()
        };

        assert!(said(&[]).contains("there are no people in it"));
        let both = [("channeltivity.json", "{}"), ("users.csv", "id\n")];
        assert!(said(&both).contains("it has both channeltivity.json and users.csv"));
        let broken = [("channeltivity.json", "{\n  \"users\": [}")];
        assert!(said(&broken).contains("not JSON from line 2, column 13"));
        assert!(
            LoadFolder::read(Path::new("no-such-folder"))
                .unwrap_err()
                .to_string()
                .contains("it is not a folder")
        );
    }
}
