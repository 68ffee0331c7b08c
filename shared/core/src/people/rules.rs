//! The rules that a member keeps: those of its own, and those among members.

use std::collections::{HashMap, HashSet};

use super::{
    member::{Member, MemberId, MemberKind},
    store::Stored,
    wrong::{WrongCode, WrongField},
};
use crate::portal::{Group, MODULES, User};

/// The most characters of a name.
const MAX_NAME: usize = 255;
/// The most Groups of a User: a change of them is one transaction, which takes 100 items.
pub const MAX_GROUPS: usize = 40;

/// The members that others may refer to.
pub type Known<'a> = HashMap<MemberId, &'a Member>;

/// Checks a member against the members that it refers to, and those that refer to it.
#[must_use]
pub fn check(member: &Member, seen: Option<&Stored>, known: &Known<'_>) -> Vec<WrongField> {
    let mut wrong = Vec::new();
    if let Err(invalid) = member.id() {
        wrong.push(WrongField::new(
            "id",
            WrongCode::InvalidValue,
            invalid.to_string(),
        ));
    }
    check_name(member.name(), &mut wrong);
    if let Some(organization) = member.organization() {
        let is_known = MemberId::new(MemberKind::Organization, organization)
            .is_ok_and(|id| known.contains_key(&id));
        if !is_known {
            let message = format!("there is no organization {:?}", shown(organization));
            wrong.push(WrongField::new(
                "organization",
                WrongCode::NotFound,
                message,
            ));
        }
    }
    match member {
        Member::User(user) => check_groups(user, known, &mut wrong),
        Member::Group(group) => check_group(group, seen, &mut wrong),
        Member::Organization(_) | Member::Contact(_) => {}
    }
    wrong
}

/// Checks many members, which may refer to each other and to those that are stored. Returns what is wrong by position.
#[must_use]
pub fn check_all(
    members: &[Member],
    stored: &HashMap<MemberId, Stored>,
) -> Vec<(usize, WrongField)> {
    let mut known: Known<'_> = stored
        .iter()
        .map(|(id, stored)| (id.clone(), &stored.member))
        .collect();
    let mut wrong = Vec::new();
    let mut seen = HashSet::new();
    for (at, member) in members.iter().enumerate() {
        let Ok(id) = member.id() else { continue };
        known.insert(id.clone(), member);
        if !seen.insert(id) {
            let message = format!("the id {:?} stands twice", member.given_id());
            wrong.push((at, WrongField::new("id", WrongCode::Duplicate, message)));
        }
    }
    for (at, member) in members.iter().enumerate() {
        let stored = member.id().ok().and_then(|id| stored.get(&id));
        let found = check(member, stored, &known);
        wrong.extend(found.into_iter().map(|one| (at, one)));
    }
    wrong.sort_by_key(|(at, _)| *at);
    wrong
}

fn check_name(name: &str, wrong: &mut Vec<WrongField>) {
    if name.trim().is_empty() {
        wrong.push(WrongField::new("name", WrongCode::InvalidValue, "is blank"));
    }
    if name.chars().count() > MAX_NAME {
        let message = format!("is longer than {MAX_NAME} characters");
        wrong.push(WrongField::new("name", WrongCode::TooLong, message));
    }
    if name.chars().any(char::is_control) {
        let message = "holds a control character";
        wrong.push(WrongField::new("name", WrongCode::InvalidValue, message));
    }
}

fn check_groups(user: &User, known: &Known<'_>, wrong: &mut Vec<WrongField>) {
    let mut add = |code, message: String| wrong.push(WrongField::new("groups", code, message));
    if user.groups.len() > MAX_GROUPS {
        let message = format!("there are more than {MAX_GROUPS}");
        return add(WrongCode::TooLong, message);
    }
    let mut seen = HashSet::new();
    for id in &user.groups {
        if !seen.insert(id) {
            let message = format!("the group {:?} stands twice", shown(id));
            add(WrongCode::Duplicate, message);
            continue;
        }
        let group = MemberId::new(MemberKind::Group, id)
            .ok()
            .and_then(|id| known.get(&id).copied());
        match group {
            Some(Member::Group(group)) if group.kind == user.kind => {}
            Some(_) => add(
                WrongCode::OtherKind,
                format!(
                    "{id:?} is a group of another type: the user is {}, so choose a group of type {}",
                    user.kind.label(),
                    user.kind.as_str()
                ),
            ),
            None => add(
                WrongCode::NotFound,
                format!("there is no group {:?}", shown(id)),
            ),
        }
    }
}

fn check_group(group: &Group, seen: Option<&Stored>, wrong: &mut Vec<WrongField>) {
    for module in group.unknown_modules() {
        let message = format!(
            "there is no module {:?}; there are {}",
            shown(module),
            MODULES.join(", ")
        );
        wrong.push(WrongField::new("modules", WrongCode::NotFound, message));
    }
    let mut modules = HashSet::new();
    for module in group.modules.iter().filter(|one| !modules.insert(*one)) {
        let message = format!("the module {:?} stands twice", shown(module));
        wrong.push(WrongField::new("modules", WrongCode::Duplicate, message));
    }
    // Its members would be in a Group of another kind than theirs, which grants nothing.
    if let Some(Stored {
        member: Member::Group(before),
        dependents,
        ..
    }) = seen
        && before.kind != group.kind
        && dependents.users > 0
    {
        let message = format!(
            "it cannot change while {} users are in the group: take them out first",
            dependents.users
        );
        wrong.push(WrongField::new("type", WrongCode::InUse, message));
    }
}

/// A text from outside, shortened.
fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}
