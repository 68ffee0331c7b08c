//! Condition rows 2 and 3: the end user's Account, and the Contact that the primary Contact Role names.

use std::collections::HashSet;

use serde_json::Value;

use super::{
    condition::{Checked, Condition},
    facts::{id_at, value_at},
};
use crate::{code::Code, field, finding::Finding, salesforce::Row};

const ROLES: &str = "Contact Roles";

pub(super) fn account(row: &Row, checked: &mut Checked<'_>) {
    let id = field::shown(value_at(row, "AccountId"));
    let finding = |code: Code| {
        Finding::new(code)
            .field("Account", "AccountId")
            .value(id.clone())
    };
    checked.conditions.push(if row.get("AccountId").is_none() {
        Condition::unread("Account", "AccountId")
    } else if id.is_empty() {
        Condition::failed(finding(Code::AccountMissing))
    } else if row.get("Account").is_some_and(Value::is_null) {
        Condition::failed(finding(Code::AccountNotAccessible))
    } else if row.get("Account.Name").is_none() {
        Condition::unread("Account", "Account.Name")
    } else {
        Condition::passed(finding(Code::AccountMissing))
    });
}

/// Returns the Contact Roles of a row: none if the child subquery returned null.
pub(super) fn contact_roles(row: &Row) -> &[Value] {
    row.get("OpportunityContactRoles.records")
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Returns a field of the Contact Roles that was not read, because the org lacks or hides it.
pub(super) fn unread_of_roles(row: &Row) -> Option<&'static str> {
    let lacks = |name: &str| {
        contact_roles(row)
            .iter()
            .any(|role| role.get(name).is_none())
    };
    if row.get("OpportunityContactRoles").is_none() || lacks("IsPrimary") {
        Some("OpportunityContactRole.IsPrimary")
    } else if lacks("ContactId") {
        Some("OpportunityContactRole.ContactId")
    } else {
        None
    }
}

pub(super) fn primary_contact<'a>(row: &'a Row, checked: &mut Checked<'a>) {
    if let Some(api_name) = unread_of_roles(row) {
        checked.conditions.push(Condition::unread(ROLES, api_name));
        return;
    }
    let roles = contact_roles(row);
    let mut primary: Vec<&Value> = roles
        .iter()
        .filter(|role| role["IsPrimary"] == Value::Bool(true))
        .collect();
    // Several primary roles of one Contact, as a merge or a conversion leaves them, name one Contact.
    let mut contacts = HashSet::new();
    primary.retain(|role| match id_at(&role["ContactId"]) {
        Some(contact) => contacts.insert(contact),
        None => true,
    });
    let finding = |code: Code, value: String| {
        Finding::new(code)
            .field(ROLES, "OpportunityContactRole.IsPrimary")
            .value(value)
    };
    checked.conditions.push(match primary.as_slice() {
        [] if roles.is_empty() => Condition::failed(finding(Code::ContactMissing, String::new())),
        [] => Condition::failed(finding(
            Code::PrimaryContactMissing,
            roles.len().to_string(),
        )),
        [role] => {
            let id = field::shown(&role["ContactId"]);
            match role.get("Contact") {
                Some(contact @ Value::Object(fields)) if fields.contains_key("Name") => {
                    checked.contact = Some(contact);
                    Condition::passed(finding(Code::ContactMissing, id))
                }
                None | Some(Value::Object(_)) => {
                    Condition::unread(ROLES, "OpportunityContactRole.Contact.Name")
                }
                Some(_) => Condition::failed(finding(Code::PrimaryContactNotAccessible, id)),
            }
        }
        several => Condition::failed(finding(
            Code::MultiplePrimaryContacts,
            several.len().to_string(),
        )),
    });
}
