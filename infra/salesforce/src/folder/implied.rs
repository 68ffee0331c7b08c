//! Rows that an export implies and does not hold: the primary Contact Role, and the contacts of person accounts.

use std::collections::HashSet;

use salesforce_id::SalesforceId;

use super::file::{FileRow, FileRows};
use crate::{
    rules::{Draft, Fields, ImpliedRole},
    schema::Schema,
    value::Value,
};

/// The weekly export has no IsPrimary: `Opportunity.ContactId`, which mirrors the primary role, says it instead. Marks
/// those roles, and answers with the ones that no row has.
pub(super) fn primary_roles(
    schema: &Schema,
    tables: &mut [FileRows],
    notices: &mut Vec<String>,
) -> Vec<ImpliedRole> {
    let object = |name| schema.object_index(name).unwrap_or(usize::MAX);
    let (roles_of, opportunities) = (object("OpportunityContactRole"), object("Opportunity"));
    let place = |object: usize, field| schema.objects[object].field_index(field);
    let at = |object: usize| tables.iter().position(|table| table.object == object);
    let (Some(roles), Some(opportunity)) = (at(roles_of), at(opportunities)) else {
        return Vec::new();
    };
    let (Some(parent), Some(who), Some(primary)) = (
        place(roles_of, "OpportunityId"),
        place(roles_of, "ContactId"),
        place(roles_of, "IsPrimary"),
    ) else {
        return Vec::new();
    };
    let says = tables[roles].rows.iter();
    if says.into_iter().any(|row| !row.values[primary].is_null()) {
        return Vec::new();
    }
    let (id, contact) = (
        schema.objects[opportunities].system.id,
        place(opportunities, "ContactId").unwrap_or(usize::MAX),
    );
    let named: Vec<(SalesforceId, SalesforceId)> = tables[opportunity]
        .rows
        .iter()
        .filter_map(|row| Some((row.values[id].as_id()?, row.values.get(contact)?.as_id()?)))
        .collect();
    let file = &tables[roles].file;
    if named.is_empty() {
        if !tables[roles].rows.is_empty() {
            notices.push(format!(
                "{file}: says of no role whether it is the primary one (IsPrimary), and no Opportunity names its contact (ContactId); export one of the two, for nothing imports without"
            ));
        }
        return Vec::new();
    }
    notices.push(format!(
        "{file}: says of no role whether it is the primary one (IsPrimary); ContactId in Opportunity.csv says it instead"
    ));
    let mut wanted: HashSet<(SalesforceId, SalesforceId)> = named.iter().copied().collect();
    for row in &mut tables[roles].rows {
        let pair = row.values[parent].as_id().zip(row.values[who].as_id());
        let is_primary = pair.is_some_and(|pair| wanted.remove(&pair));
        row.values[primary] = Value::Bool(is_primary);
    }
    named
        .into_iter()
        .filter(|pair| wanted.contains(pair))
        .map(|(opportunity, contact)| ImpliedRole {
            opportunity,
            contact,
        })
        .collect()
}

/// The contact of a person account is the same person; an export of accounts alone has all that makes it up.
pub(super) fn person_contacts(schema: &Schema, tables: &mut [FileRows]) {
    const SAME: [(&str, &str); 9] = [
        ("LastName", "LastName"),
        ("FirstName", "FirstName"),
        ("Salutation", "Salutation"),
        ("Email", "PersonEmail"),
        ("Title", "PersonTitle"),
        ("Phone", "Phone"),
        ("MobilePhone", "PersonMobilePhone"),
        ("OwnerId", "OwnerId"),
        ("SystemModstamp", "SystemModstamp"),
    ];
    let object = |name| schema.object_index(name).unwrap_or(usize::MAX);
    let (accounts_of, contacts_of) = (object("Account"), object("Contact"));
    let at = |object: usize| tables.iter().position(|table| table.object == object);
    let (Some(accounts), Some(contacts)) = (at(accounts_of), at(contacts_of)) else {
        return;
    };
    let (account, contact) = (&schema.objects[accounts_of], &schema.objects[contacts_of]);
    let Some(link) = account.field_index("PersonContactId") else {
        return;
    };
    let known: HashSet<SalesforceId> = tables[contacts]
        .rows
        .iter()
        .filter_map(|row| row.values[contact.system.id].as_id())
        .collect();
    let mut added = Vec::new();
    for row in &mut tables[accounts].rows {
        let Some(id) = row.values[link].as_id().filter(|id| !known.contains(id)) else {
            continue;
        };
        let own = row.values[account.system.id].clone();
        let person = Fields::new(account, &mut row.values);
        let mut draft = Draft::new(contact);
        for (to, from) in SAME {
            draft.set(to, person.get(from).clone());
        }
        if person.get("LastName").is_null() {
            draft.set("LastName", person.get("Name").clone());
        }
        draft.set("Id", Value::Id(id));
        draft.set("AccountId", own);
        draft.set("IsPersonAccount", Value::Bool(true));
        added.push(FileRow {
            line: row.line,
            values: draft.values,
        });
    }
    tables[contacts].rows.extend(added);
}
