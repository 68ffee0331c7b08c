//! The plan of a load: the differences between the folder and the deployment.

use std::collections::{BTreeMap, HashMap};

use dealbridge_core::people::{
    member::{Member, MemberId, MemberKind},
    rules,
    store::Stored,
    wrong::{WrongCode, WrongField},
};

use super::folder::LoadFolder;
use crate::error::LocalError;

/// The step of a plan for one member.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Task {
    /// Its place in the folder.
    pub(super) place: String,
    /// Its id.
    pub(super) id: MemberId,
    /// The member.
    pub(super) member: Member,
    /// `true` if the deployment has another form of it.
    pub(super) is_change: bool,
}

/// The plan of a load.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Plan {
    /// The step.
    pub(super) tasks: Vec<Task>,
    /// The number of members that are so already, by kind.
    pub(super) left: BTreeMap<MemberKind, u64>,
}

impl Plan {
    /// Plans a load.
    ///
    /// # Errors
    /// Everything that is wrong with the folder.
    pub(super) fn of(
        folder: &LoadFolder,
        stored: &HashMap<MemberId, Stored>,
    ) -> Result<Self, LocalError> {
        let members = folder.entries.iter().map(|entry| entry.member.clone());
        let members: Vec<Member> = members.collect();
        let found = rules::check_all(&members, stored).into_iter();
        let found = found
            .filter(|(_, wrong)| !follows_from_others(wrong, folder))
            .map(|(at, wrong)| format!("{}: {wrong}", folder.entries[at].place));
        let wrong: Vec<String> = folder.wrong.iter().cloned().chain(found).collect();
        if !wrong.is_empty() {
            return Err(LocalError::all(wrong));
        }
        let mut plan = Self::default();
        for entry in &folder.entries {
            let Ok(id) = entry.member.id() else { continue };
            let seen = stored.get(&id);
            if seen.is_some_and(|seen| seen.member == entry.member) {
                *plan.left.entry(id.kind()).or_default() += 1;
                continue;
            }
            plan.tasks.push(Task {
                place: entry.place.clone(),
                id,
                member: entry.member.clone(),
                is_change: seen.is_some(),
            });
        }
        Ok(plan)
    }
}

/// Returns `true` if the field may only be wrong because another line cannot be read.
fn follows_from_others(wrong: &WrongField, folder: &LoadFolder) -> bool {
    let is_broken = |kind| folder.broken.iter().any(|id| id.kind() == kind);
    match (wrong.field.as_str(), wrong.code) {
        ("organization", WrongCode::NotFound) => is_broken(MemberKind::Organization),
        ("groups", WrongCode::NotFound | WrongCode::OtherKind) => is_broken(MemberKind::Group),
        _ => false,
    }
}
