//! The holders of an e-mail address, as stored.

use aws_sdk_dynamodb::types::AttributeValue;
use dealbridge_core::people::member::MemberKind;

use crate::keys::Attributes;

/// Attribute: the ids of the Users with the address, a set.
pub(crate) const USERS: &str = "users";
/// Attribute: the ids of the Contacts with the address, a set.
pub(crate) const CONTACTS: &str = "contacts";

/// The holders of an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Address {
    /// The ids of the Users.
    pub(crate) users: Vec<String>,
    /// The ids of the Contacts.
    pub(crate) contacts: Vec<String>,
}

impl Address {
    /// Decodes the item of an address. DynamoDB keeps no empty set, so one that is missing is empty.
    pub(crate) fn decode(item: &Attributes) -> Self {
        let set = |name: &str| {
            let mut ids: Vec<String> = match item.get(name) {
                Some(AttributeValue::Ss(ids)) => ids.clone(),
                _ => Vec::new(),
            };
            ids.sort();
            ids
        };
        Self {
            users: set(USERS),
            contacts: set(CONTACTS),
        }
    }

    /// The attribute that holds the ids of a kind.
    pub(crate) fn attribute(kind: MemberKind) -> &'static str {
        match kind {
            MemberKind::Contact => CONTACTS,
            _ => USERS,
        }
    }

    /// The ids of a kind.
    pub(crate) fn ids(&self, kind: MemberKind) -> &[String] {
        match kind {
            MemberKind::Contact => &self.contacts,
            _ => &self.users,
        }
    }

    /// Returns `true` if nobody else has the address.
    pub(crate) fn is_only(&self, kind: MemberKind, id: &str) -> bool {
        self.users.len() + self.contacts.len() == 1 && self.ids(kind) == [id]
    }
}
