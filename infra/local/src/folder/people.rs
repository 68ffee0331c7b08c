//! The check of the people that `channeltivity.json` names.

use std::collections::{HashMap, HashSet};

use dealbridge_core::portal::{Group, MODULES};

use super::file::File;

/// Collects what the people contradict: ids that stand twice, and names of what is not there.
pub(super) fn check(file: &File, problems: &mut Vec<String>) {
    let organizations: HashSet<&str> = file
        .organizations
        .iter()
        .map(|organization| organization.id.as_str())
        .collect();
    let groups: HashMap<&str, &Group> = file
        .groups
        .iter()
        .map(|group| (group.id.as_str(), group))
        .collect();
    let mut twice = |place: &str, ids: Vec<&str>| {
        let mut seen = HashSet::new();
        for id in ids {
            if id.trim().is_empty() || !seen.insert(id) {
                problems.push(format!("{place}: the id {id:?} is empty or stands twice"));
            }
        }
    };
    twice(
        "organizations",
        file.organizations
            .iter()
            .map(|organization| organization.id.as_str())
            .collect(),
    );
    twice(
        "groups",
        file.groups.iter().map(|group| group.id.as_str()).collect(),
    );
    twice(
        "users",
        file.users.iter().map(|user| user.id.as_str()).collect(),
    );
    for (at, user) in file.users.iter().enumerate() {
        if !organizations.contains(user.organization.as_str()) {
            problems.push(format!(
                "users[{at}].organization: there is no organization {:?}",
                user.organization
            ));
        }
        for id in &user.groups {
            match groups.get(id.as_str()) {
                None => problems.push(format!("users[{at}].groups: there is no group {id:?}")),
                Some(group) if group.kind != user.kind => problems.push(format!(
                    "users[{at}].groups: {id:?} is a group of another type: the user is {}, so choose a group of type {}",
                    user.kind.label(),
                    user.kind.as_str()
                )),
                Some(_) => {}
            }
        }
    }
    for (at, group) in file.groups.iter().enumerate() {
        for module in group.unknown_modules() {
            problems.push(format!(
                "groups[{at}].modules: there is no module {module:?}; there are {}",
                MODULES.join(", ")
            ));
        }
    }
    for (at, contact) in file.contacts.iter().enumerate() {
        if !organizations.contains(contact.organization.as_str()) {
            problems.push(format!(
                "contacts[{at}].organization: there is no organization {:?}",
                contact.organization
            ));
        }
    }
}
