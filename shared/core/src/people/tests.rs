//! The use cases over a store in memory, which another writer may forestall.

mod memory;

use std::future::Future;

use serde_json::{Value, json};

use self::memory::Memory;
use super::*;
use crate::portal::UserStatus;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

fn member(kind: MemberKind, form: Value) -> Member {
    Member::read(kind, None, form.as_object().unwrap()).unwrap()
}

fn organization(id: &str, status: &str) -> Member {
    let form = json!({ "id": id, "name": "Fjord", "type": "partner", "status": status });
    member(MemberKind::Organization, form)
}

fn group(id: &str, kind: &str, modules: &[&str]) -> Member {
    let form = json!({ "id": id, "name": "Sales", "type": kind, "modules": modules });
    member(MemberKind::Group, form)
}

fn user(id: &str, change: Value) -> Member {
    let mut form = json!({
        "id": id, "name": "Rosa", "email": format!("{id}@fjord.example"), "type": "partner",
        "organization": "org-fjord", "groups": ["grp-sales"], "status": "active",
    });
    for (field, value) in change.as_object().unwrap() {
        form[field] = value.clone();
    }
    member(MemberKind::User, form)
}

fn contact(id: &str) -> Member {
    let form = json!({ "id": id, "name": "Cora", "email": "cora@fjord.example", "organization": "org-fjord" });
    member(MemberKind::Contact, form)
}

fn peopled() -> Memory {
    let store = Memory::default();
    for member in [
        organization("org-fjord", "active"),
        group("grp-sales", "partner", &["deal_registration"]),
        user("usr-rosa", json!({})),
    ] {
        put(&store, &member, Condition::Always).unwrap();
    }
    store
}

fn put(store: &Memory, member: &Member, condition: Condition) -> Result<Put, PeopleError> {
    block_on(People { store }.put(member, condition))
}

fn delete(store: &Memory, member: &Member) -> Result<(), PeopleError> {
    block_on(People { store }.delete(&member.id().unwrap(), Condition::Always))
}

fn refusal<T: std::fmt::Debug>(result: Result<T, PeopleError>) -> String {
    let Err(PeopleError::Refused(refusal)) = result else {
        unreachable!("it is refused: {result:?}");
    };
    refusal.to_string()
}

#[test]
fn a_put_creates_replaces_and_repeats_without_a_write() {
    let store = peopled();
    let renamed = user("usr-rosa", json!({ "name": "Rosa Lindqvist" }));

    let commits = store.with(|state| state.commits);
    let repeated = put(&store, &user("usr-rosa", json!({})), Condition::Always);
    assert_eq!(repeated, Ok(Put::Unchanged(1)));
    assert_eq!(store.with(|state| state.commits), commits);

    assert_eq!(
        put(&store, &renamed, Condition::Always),
        Ok(Put::Replaced(2))
    );
    assert_eq!(
        put(&store, &renamed, Condition::Version(2)),
        Ok(Put::Unchanged(2))
    );
    let other = user("usr-ben", json!({}));
    assert_eq!(put(&store, &other, Condition::Always), Ok(Put::Created(1)));
}

#[test]
fn a_condition_is_told_the_version_that_there_is() {
    let store = peopled();
    let renamed = user("usr-rosa", json!({ "name": "Rosa Lindqvist" }));
    let nobody = user("usr-nobody", json!({}));

    for condition in [Condition::Version(7), Condition::Never] {
        assert_eq!(
            refusal(put(&store, &renamed, condition)),
            "the User usr-rosa is at version 1"
        );
    }
    for condition in [Condition::Version(1), Condition::Exists] {
        assert_eq!(
            refusal(put(&store, &nobody, condition)),
            "the User usr-nobody is not there"
        );
    }
    assert_eq!(
        put(&store, &renamed, Condition::Exists),
        Ok(Put::Replaced(2))
    );
}

#[test]
fn everything_that_is_wrong_is_named_at_once() {
    let store = peopled();
    put(
        &store,
        &group("grp-inside", "internal", &[]),
        Condition::Always,
    )
    .unwrap();
    let wrong = user(
        "usr rosa",
        json!({ "email": "rosa@fjord.example", "name": " ", "organization": "org-none", "groups": ["grp-none", "grp-inside", "grp-none", "grp-sales"] }),
    );

    assert_eq!(
        refusal(put(&store, &wrong, Condition::Always))
            .split("; ")
            .collect::<Vec<_>>(),
        [
            "id: \"usr rosa\" is not an id: an id has 1 to 64 letters, digits, '-', '_' or '.'",
            "name: is blank",
            "organization: there is no organization \"org-none\"",
            "groups: there is no group \"grp-none\"",
            "groups: \"grp-inside\" is a group of another type: the user is a Partner User, so choose a group of type partner",
            "groups: the group \"grp-none\" stands twice",
        ]
    );
    let unknown = group("grp-x", "partner", &["deal_registrations"]);
    assert!(
        refusal(put(&store, &unknown, Condition::Always)).starts_with(
            "modules: there is no module \"deal_registrations\"; there are deal_registration, "
        )
    );
}

#[test]
fn a_group_keeps_its_kind_while_it_has_members() {
    let store = peopled();
    let other = group("grp-sales", "distributor", &[]);

    assert!(
        refusal(put(&store, &other, Condition::Always)).contains("while 1 users are in the group")
    );
    put(
        &store,
        &user("usr-rosa", json!({ "groups": [] })),
        Condition::Always,
    )
    .unwrap();

    assert_eq!(put(&store, &other, Condition::Always), Ok(Put::Replaced(2)));
}

#[test]
fn what_something_depends_on_is_not_deleted_and_the_count_is_told() {
    let store = peopled();
    put(&store, &contact("con-cora"), Condition::Always).unwrap();
    store.with(|state| state.records.insert("usr-rosa".into(), 3));
    let rosa = user("usr-rosa", json!({}));
    let sales = group("grp-sales", "partner", &[]);
    let fjord = organization("org-fjord", "active");

    assert_eq!(
        refusal(delete(&store, &rosa)),
        "the User usr-rosa cannot be deleted while 3 records depend on it"
    );
    assert_eq!(
        refusal(delete(&store, &sales)),
        "the Group grp-sales cannot be deleted while 1 User depends on it"
    );
    assert_eq!(
        refusal(delete(&store, &fjord)),
        "the Organization org-fjord cannot be deleted while 1 User and 1 Contact depend on it"
    );

    store.with(|state| state.records.clear());
    for member in [&rosa, &contact("con-cora"), &sales, &fjord] {
        delete(&store, member).unwrap();
    }
    assert_eq!(
        refusal(delete(&store, &rosa)),
        "there is no user \"usr-rosa\""
    );
}

#[test]
fn a_change_that_another_forestalls_is_decided_again_upon_what_is_there() {
    let store = peopled();
    let lapsed = organization("org-fjord", "inactive");
    store.with(|state| state.meanwhile = vec![user("usr-rosa", json!({ "name": "Rosa L" }))]);

    let renamed = user("usr-rosa", json!({ "name": "Rosa M" }));
    assert_eq!(
        put(&store, &renamed, Condition::Always),
        Ok(Put::Replaced(3))
    );

    store.with(|state| state.meanwhile = vec![user("usr-rosa", json!({ "name": "Rosa N" }))]);
    assert_eq!(
        refusal(put(&store, &renamed.clone(), Condition::Version(2))),
        "the User usr-rosa is at version 3"
    );
    let again = user("usr-rosa", json!({ "name": "Rosa O" }));
    assert_eq!(
        refusal(put(&store, &again, Condition::Version(3))),
        "the User usr-rosa is at version 4"
    );

    // A User joins the Organization between the look and the deletion.
    let store = peopled();
    delete(&store, &user("usr-rosa", json!({}))).unwrap();
    store.with(|state| state.meanwhile = vec![user("usr-ben", json!({}))]);
    assert!(refusal(delete(&store, &lapsed)).contains("while 1 User depends"));
}

#[test]
fn replacing_everybody_writes_the_differences_and_keeps_who_is_needed() {
    let store = peopled();
    let fjord = organization("org-fjord", "active");
    put(
        &store,
        &organization("org-gone", "active"),
        Condition::Always,
    )
    .unwrap();
    put(&store, &user("usr-ben", json!({})), Condition::Always).unwrap();
    store.with(|state| state.records.insert("usr-rosa".into(), 1));
    let sales = group("grp-sales", "partner", &["mdf"]);
    let everybody = [
        fjord,
        sales,
        user("usr-ada", json!({})),
        contact("con-cora"),
    ];
    let people = People { store: &store };

    let replaced = block_on(people.replace_all(&everybody)).unwrap();

    assert_eq!(
        (replaced.created, replaced.changed, replaced.deleted),
        (2, 1, 2)
    );
    let rosa = user("usr-rosa", json!({})).id().unwrap();
    assert_eq!(replaced.kept, std::slice::from_ref(&rosa));
    let Member::User(kept) = block_on(people.get(&rosa)).unwrap().member else {
        unreachable!("it is a User");
    };
    assert_eq!(kept.status, UserStatus::Disabled);

    let commits = store.with(|state| state.commits);
    let again = block_on(people.replace_all(&everybody)).unwrap();
    assert_eq!((again.created, again.changed, again.deleted), (0, 0, 0));
    assert_eq!(store.with(|state| state.commits), commits);
}

#[test]
fn nobody_is_written_if_one_is_wrong() {
    let store = Memory::default();
    let everybody = [
        organization("org-fjord", "active"),
        user("usr-rosa", json!({})),
        user("usr-rosa", json!({})),
    ];
    let people = People { store: &store };

    let refused = refusal(block_on(people.replace_all(&everybody)));

    assert!(
        refused.contains("there is no group \"grp-sales\""),
        "{refused}"
    );
    assert!(
        refused.contains("id: the id \"usr-rosa\" stands twice"),
        "{refused}"
    );
    assert_eq!(store.with(|state| state.commits), 0);
}
