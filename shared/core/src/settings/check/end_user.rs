//! The check of what the settings say about the end user's fields, which are not declared.

use super::found::Found;
use crate::{
    end_user::{EndUserField, PREFIX},
    field::Field,
    mapping::MappingRow,
};

/// Checks that a declared field does not take the name of one of the end user's.
pub(super) fn check_name(field: &Field, place: &impl Fn(&str) -> String, found: &mut Found) {
    if field.name.starts_with(PREFIX) {
        found.add(
            place("name"),
            format!(
                "{:?} begins with {PREFIX:?}, as the end user's own fields do: give it another name",
                field.name
            ),
        );
    }
}

/// Checks that no row changes the end user: a record keeps it as it was submitted or imported.
pub(super) fn check_row(row: &MappingRow, place: &impl Fn(&str) -> String, found: &mut Found) {
    if EndUserField::mapped(&row.channeltivity).is_none() {
        return;
    }
    for (member, flow) in [("on_create", row.on_create), ("on_update", row.on_update)] {
        if flow.reaches_channeltivity() {
            found.add(
                place(member),
                format!(
                    "Salesforce does not change {}: use the flow to_salesforce or none",
                    row.channeltivity
                ),
            );
        }
    }
}
