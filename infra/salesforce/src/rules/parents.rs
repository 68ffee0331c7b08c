//! The record types, profiles, roles, campaigns and price books that rows name and no file holds.

use std::{collections::BTreeMap, sync::Arc};

use salesforce_id::SalesforceId;

use super::{fields::Draft, load::load_row};
use crate::{
    store::{Row, Store},
    value::Value,
};

/// The objects whose rows are made for every id that names one, and what such a row is called.
const MADE: [(&str, &str); 5] = [
    ("RecordType", "Record Type"),
    ("Profile", "Profile"),
    ("UserRole", "Role"),
    ("Campaign", "Campaign"),
    ("Pricebook2", "Price Book"),
];
/// The profile of users about whom the folder says none.
const USUAL_PROFILE: &str = "Standard User";

/// Makes a row for each id of these objects that a row names, and gives every user a profile.
pub(super) fn add(store: &mut Store) {
    for (name, title) in MADE {
        let Some(object) = store.schema.object_index(name) else {
            continue;
        };
        let mut named = named(store, name);
        // The master record type is an id without a row.
        named.retain(|id, _| id.as_str()[3..15].bytes().any(|byte| byte != b'0'));
        for (number, (id, named_by)) in (1..).zip(named) {
            if store.table(object).get(id).is_none() {
                add_row(store, object, id, &format!("{title} {number}"), &named_by);
            }
        }
    }
    give_profiles(store);
}

/// The ids of this object that rows name, each with the first object that names it.
fn named(store: &Store, target: &str) -> BTreeMap<SalesforceId, String> {
    let mut found = BTreeMap::new();
    let Some(of) = store.schema.object_index(target) else {
        return found;
    };
    let prefix = store.object(of).key_prefix.as_str();
    for (object, schema) in store.schema.objects.iter().enumerate() {
        for (index, field) in schema.fields.iter().enumerate() {
            if !field.references.iter().any(|name| name == target) {
                continue;
            }
            let rows = store.table(object).iter();
            for id in rows.filter_map(|(_, row)| row.values[index].as_id()) {
                if id.key_prefix() == prefix {
                    found.entry(id).or_insert_with(|| schema.name.clone());
                }
            }
        }
    }
    found
}

fn add_row(store: &mut Store, object: usize, id: SalesforceId, name: &str, named_by: &str) {
    let schema = Arc::clone(&store.schema);
    let mut draft = Draft::new(&schema.objects[object]);
    draft.set("Id", Value::Id(id));
    draft.set("Name", Value::text(name));
    draft.set("DeveloperName", Value::text(&name.replace(' ', "_")));
    draft.set("SobjectType", Value::text(named_by));
    draft.set("IsActive", Value::Bool(true));
    load_row(store, object, draft.values);
}

fn give_profiles(store: &mut Store) {
    let (Some(user), Some(profile)) = (
        store.schema.object_index("User"),
        store.schema.object_index("Profile"),
    ) else {
        return;
    };
    let Some(field) = store.object(user).field_index("ProfileId") else {
        return;
    };
    let without: Vec<Row> = store
        .table(user)
        .iter()
        .filter(|(_, row)| row.values[field].is_null())
        .map(|(_, row)| Row::clone(row))
        .collect();
    if without.is_empty() {
        return;
    }
    let id = store.next_id(profile);
    add_row(store, profile, id, USUAL_PROFILE, "User");
    for mut row in without {
        row.values[field] = Value::Id(id);
        store.put(user, row);
    }
}
