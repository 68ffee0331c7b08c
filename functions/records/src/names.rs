//! The people of records by name.

use std::collections::{BTreeSet, HashMap};

use dealbridge_core::{
    Email,
    people::{
        member::{MemberId, MemberKind},
        store::{PeopleStore, Stored},
    },
    record::Record,
};
use dealbridge_lambda::{
    aws::{Store, records::RecordFilter},
    http::Refusal,
};
use serde_json::{Value, json};

/// The people of some records.
#[derive(Default)]
pub(crate) struct Names(Option<HashMap<MemberId, Stored>>);

impl Names {
    /// Reads the Users and Organizations of records, each once.
    pub(crate) async fn of(store: &Store, records: &[Record]) -> Result<Self, Refusal> {
        let ids: BTreeSet<MemberId> = records
            .iter()
            .flat_map(roles)
            .filter_map(|(_, kind, id)| MemberId::new(kind, id?).ok())
            .collect();
        let ids: Vec<MemberId> = ids.into_iter().collect();
        Ok(Self(Some(store.members(&ids).await?)))
    }

    /// Adds the people to a record's body, if they were read.
    pub(crate) fn added(&self, record: &Record, mut body: Value) -> Value {
        let Some(members) = &self.0 else {
            return body;
        };
        body["name"] = record.name().into();
        for (role, kind, id) in roles(record) {
            // Who was deleted since is known by the id alone.
            let member = id.map(|id| {
                let stored = MemberId::new(kind, id).ok().and_then(|id| members.get(&id));
                let email = stored.and_then(|stored| stored.member.email());
                json!({
                    "id": id,
                    "name": stored.map(|stored| stored.member.name()),
                    "email": email.map(Email::as_str),
                })
            });
            body["people"][role] = member.into();
        }
        body
    }
}

/// The roles of a record's people, each with the id of who has it.
fn roles(record: &Record) -> [(&'static str, MemberKind, Option<&str>); 4] {
    [
        ("owner", MemberKind::User, record.owner.as_deref()),
        (
            "organization",
            MemberKind::Organization,
            record.organization.as_deref(),
        ),
        ("partner", MemberKind::User, record.partner.as_deref()),
        (
            "distributor",
            MemberKind::User,
            record.distributor.as_deref(),
        ),
    ]
}

/// Puts the id of the User in the place of an address by which a filter names the owner; an id has no `@`.
///
/// Returns `false` if no User has the address.
///
/// # Errors
/// Returns 400 for a text with an `@` that is no address, and for an address that several Users have.
pub(crate) async fn owner_by_address(
    store: &Store,
    filter: &mut RecordFilter,
) -> Result<bool, Refusal> {
    let Some(owner) = filter.owner.as_ref().filter(|owner| owner.contains('@')) else {
        return Ok(true);
    };
    let email = Email::parse(owner)
        .map_err(|error| Refusal::malformed(format!("query parameter owner: {error}.")))?;
    let mut found = store.with_email(MemberKind::User, &email).await?;
    let Some(user) = found.pop() else {
        return Ok(false);
    };
    if !found.is_empty() {
        let detail = format!(
            "Several Users have the address {email}: name the owner by the id, or give each an address of its own."
        );
        return Err(Refusal::malformed(detail));
    }
    filter.owner = Some(user.id.id().to_owned());
    Ok(true)
}
