//! The end user of a Deal, Lead or Referral, as its values are named in mappings.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::{
    Email,
    field::{Field, FieldType},
};

/// The prefix of an end user's fields in mapping rows. No declared field's name begins with it.
pub const PREFIX: &str = "end_user.";

/// The end user of a Deal or Referral, as the portal or a partner names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmittedEndUser {
    /// The company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The contact's first name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// The contact's last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The contact's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// The contact's telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// A field of the end user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndUserField {
    /// The company.
    Company,
    /// The contact's first name.
    FirstName,
    /// The contact's last name.
    LastName,
    /// The contact's address.
    Email,
    /// The contact's telephone number.
    Phone,
}

/// The fields as mapping rows see them, in the order of [`EndUserField::ALL`].
static FIELDS: LazyLock<[Field; 5]> = LazyLock::new(|| EndUserField::ALL.map(declared));

/// Declares a field as Salesforce's Lead has it: what does not fit there is refused when it is submitted.
fn declared(field: EndUserField) -> Field {
    let (label, kind, longest) = match field {
        EndUserField::Company => ("End user company", FieldType::Text, 255),
        EndUserField::FirstName => ("End user first name", FieldType::Text, 40),
        EndUserField::LastName => ("End user last name", FieldType::Text, 80),
        EndUserField::Email => ("End user email", FieldType::Email, 80),
        EndUserField::Phone => ("End user phone", FieldType::Phone, 40),
    };
    Field {
        name: format!("{PREFIX}{}", field.name()),
        label: Some(label.to_owned()),
        kind,
        required: false,
        values: Vec::new(),
        max_length: Some(longest),
    }
}

impl EndUserField {
    /// All fields.
    pub const ALL: [Self; 5] = [
        Self::Company,
        Self::FirstName,
        Self::LastName,
        Self::Email,
        Self::Phone,
    ];

    /// Returns the name within the end user, which is also the name of the standard Lead field of the same meaning.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::Email => "email",
            Self::Phone => "phone",
        }
    }

    /// Returns the field with this name within the end user.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// Returns the field that a mapping row names, such as `end_user.company`.
    #[must_use]
    pub fn mapped(name: &str) -> Option<Self> {
        Self::named(name.strip_prefix(PREFIX)?)
    }

    /// Returns the field as it is declared for mapping rows.
    #[must_use]
    pub fn field(self) -> &'static Field {
        &FIELDS[self as usize]
    }
}

impl SubmittedEndUser {
    /// Returns a value; none if it is not given.
    #[must_use]
    pub fn value(&self, field: EndUserField) -> Option<&str> {
        match field {
            EndUserField::Company => self.company.as_deref(),
            EndUserField::FirstName => self.first_name.as_deref(),
            EndUserField::LastName => self.last_name.as_deref(),
            EndUserField::Email => self.email.as_ref().map(Email::as_str),
            EndUserField::Phone => self.phone.as_deref(),
        }
    }

    /// Returns `true` if it names nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        EndUserField::ALL
            .into_iter()
            .all(|field| self.value(field).is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_row_names_each_field_of_the_end_user() {
        for field in EndUserField::ALL {
            let declared = field.field();

            assert_eq!(EndUserField::mapped(&declared.name), Some(field));
            assert_eq!(EndUserField::named(field.name()), Some(field));
        }
        for other in ["company", "end_user.", "end_user.fax", "End_User.company"] {
            assert_eq!(EndUserField::mapped(other), None, "{other}");
        }
    }
}
