//! The deletion state of an Opportunity and its parts. Queries include the Recycle Bin, so that a deleted Opportunity
//! is told from a hidden one; of the parts of an Opportunity, only those that are not deleted count.

use dealbridge_core::salesforce::Row;
use serde_json::Value;

/// Removes the deleted parts of an Opportunity's row: Contact Roles are dropped, and a deleted Account or Contact
/// becomes null, like one that the integration user may not see.
pub(crate) fn without_deleted(mut row: Row) -> Row {
    clear_if_deleted(row.0.get_mut("Account"));
    let roles = row
        .0
        .get_mut("OpportunityContactRoles")
        .and_then(|roles| roles.get_mut("records"))
        .and_then(Value::as_array_mut);
    if let Some(roles) = roles {
        roles.retain(|role| !is_deleted(role));
        for role in roles {
            clear_if_deleted(role.get_mut("Contact"));
        }
    }
    row
}

fn is_deleted(record: &Value) -> bool {
    record.get("IsDeleted") == Some(&Value::Bool(true))
}

fn clear_if_deleted(record: Option<&mut Value>) {
    if let Some(record) = record.filter(|record| is_deleted(record)) {
        *record = Value::Null;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(value: Value) -> Row {
        match value {
            Value::Object(fields) => Row(fields),
            other => panic!("{other} is not a row"),
        }
    }

    #[test]
    fn what_is_deleted_does_not_count_and_the_rest_stays() {
        let role = |id: &str, deleted: bool, contact: Value| json!({ "Id": id, "IsDeleted": deleted, "Contact": contact });
        let contact = |deleted: bool| json!({ "Name": "Ann", "IsDeleted": deleted });
        let read = row(json!({
            "IsDeleted": true,
            "Account": { "Name": "Acme", "IsDeleted": true },
            "OpportunityContactRoles": { "records": [
                role("a", true, contact(false)),
                role("b", false, contact(true)),
                role("c", false, contact(false)),
                role("d", false, Value::Null),
            ] },
        }));

        assert_eq!(
            without_deleted(read),
            row(json!({
                "IsDeleted": true,
                "Account": null,
                "OpportunityContactRoles": { "records": [
                    role("b", false, Value::Null),
                    role("c", false, contact(false)),
                    role("d", false, Value::Null),
                ] },
            }))
        );
    }

    #[test]
    fn a_row_without_account_and_roles_stays_as_it_is() {
        let read = row(json!({ "Account": null, "OpportunityContactRoles": null }));

        assert_eq!(without_deleted(read.clone()), read);
    }
}
