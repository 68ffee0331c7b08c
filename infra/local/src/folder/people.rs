//! The people that `channeltivity.json` names.

use std::collections::HashMap;

use dealbridge_core::{
    people::{
        member::{Member, MemberKind},
        rules,
    },
    portal::Contact,
};

use super::file::File;

/// The people of the file, in the order in which one refers to another.
pub(super) fn of(file: &File) -> Vec<Member> {
    let contact = |contact: &Contact| {
        let mut contact = contact.clone();
        if contact.id.is_empty() {
            contact.id = Contact::id_of(&contact.email);
        }
        contact
    };
    let organizations = file.organizations.iter().cloned();
    let groups = file.groups.iter().cloned().map(Member::Group);
    let users = file.users.iter().cloned().map(Member::User);
    let contacts = file.contacts.iter().map(contact).map(Member::Contact);
    organizations
        .map(Member::Organization)
        .chain(groups)
        .chain(users)
        .chain(contacts)
        .collect()
}

/// Collects what is wrong with the people, each with its place in the file.
pub(super) fn check(people: &[Member], problems: &mut Vec<String>) {
    let places = places(people);
    let wrong = rules::check_all(people, &HashMap::new());
    problems.extend(
        wrong
            .into_iter()
            .map(|(at, wrong)| format!("{}.{wrong}", places[at])),
    );
}

/// The place of each member in the file, such as `users[3]`.
fn places(people: &[Member]) -> Vec<String> {
    let mut counts: HashMap<MemberKind, usize> = HashMap::new();
    people
        .iter()
        .map(|member| {
            let count = counts.entry(member.kind()).or_default();
            let place = format!("{}[{count}]", member.kind().collection());
            *count += 1;
            place
        })
        .collect()
}
