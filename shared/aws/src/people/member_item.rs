//! Members as items of the Records table.

use dealbridge_core::{
    people::{
        member::{Member, MemberKind},
        store::{Dependents, Stored},
    },
    ports::PortError,
};
use serde::de::DeserializeOwned;

use crate::{
    item::{self, number, text, unreadable},
    keys::{self, Attributes, PK, VERSION},
};

/// Attribute of an Organization or Group: the number of its Users. It is no part of its version.
pub(crate) const USER_COUNT: &str = "user_count";
/// Attribute of an Organization: the number of its Contacts.
pub(crate) const CONTACT_COUNT: &str = "contact_count";

/// The attributes of a member, without key and version.
pub(crate) fn encode(member: &Member) -> Result<Attributes, PortError> {
    let none = Attributes::new();
    match member {
        Member::Organization(organization) => item::encode(organization, none),
        Member::Group(group) => item::encode(group, none),
        Member::User(user) => item::encode(user, none),
        Member::Contact(contact) => item::encode(contact, none),
    }
}

/// Decodes a member, with its id from its key.
pub(crate) fn decode(item: Attributes) -> Result<Stored, PortError> {
    let id = text(&item, PK)
        .and_then(keys::member_id)
        .ok_or_else(|| unreadable("a member of the directory", "its key names none"))?;
    let count = |name: &str| number(&item, name).unwrap_or(0);
    let dependents = Dependents {
        users: count(USER_COUNT),
        contacts: count(CONTACT_COUNT),
    };
    let version = number(&item, VERSION)
        .ok_or_else(|| unreadable("a member of the directory", "it has no version"))?;
    Ok(Stored {
        member: member(id.kind(), item)?,
        id,
        version,
        dependents,
    })
}

/// Decodes a member of a kind that is known.
pub(crate) fn decode_as<T: DeserializeOwned>(
    mut item: Attributes,
    what: &str,
) -> Result<T, PortError> {
    // They belong to the store: types that reject unknown fields would reject them.
    for name in [VERSION, USER_COUNT, CONTACT_COUNT] {
        item.remove(name);
    }
    item::decode(item, what)
}

fn member(kind: MemberKind, item: Attributes) -> Result<Member, PortError> {
    Ok(match kind {
        MemberKind::Organization => Member::Organization(decode_as(item, "an organization")?),
        MemberKind::Group => Member::Group(decode_as(item, "a group")?),
        MemberKind::User => Member::User(decode_as(item, "a user")?),
        MemberKind::Contact => Member::Contact(decode_as(item, "a contact")?),
    })
}
