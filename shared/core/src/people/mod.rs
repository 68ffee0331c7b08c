//! The portal's people by use case: Organizations, Groups, Users and Contacts are put, read, listed and deleted.
//!
//! There is no other way in: the API, `dealbridge load` through it, the folder of the local product and its screens all
//! come here.

pub mod form;
pub mod member;
pub mod replace;
pub mod rules;
pub mod store;
#[cfg(test)]
mod tests;
pub mod wrong;

use std::collections::HashMap;

use self::{
    member::{Member, MemberId, MemberKind},
    rules::Known,
    store::{Change, Dependents, PeopleStore, Settled, Stored},
    wrong::{WrongCode, WrongField},
};
use crate::ports::PortError;

/// The times that a change is tried because something changed under it.
const MAX_ATTEMPTS: usize = 8;

/// The use cases over a store.
#[derive(Debug)]
pub struct People<'a, S> {
    /// The store.
    pub store: &'a S,
}

/// The condition of a change, on the member as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// None.
    Always,
    /// It is there, in whatever version.
    Exists,
    /// It has this version.
    Version(u64),
    /// None holds: a version was named that no member has.
    Never,
}

/// The outcome of a Put, with the member's version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It was created.
    Created(u64),
    /// It was replaced.
    Replaced(u64),
    /// It was so already; nothing was written.
    Unchanged(u64),
}

impl Put {
    /// Returns the version.
    #[must_use]
    pub fn version(self) -> u64 {
        let (Self::Created(version) | Self::Replaced(version) | Self::Unchanged(version)) = self;
        version
    }
}

/// The reason why a change was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such member.
    #[error("there is no {} {:?}", .0.kind().as_str(), .0.id())]
    NotFound(MemberId),
    /// The member is not in the version that the condition names.
    #[error("the {id} is {}", at(.version))]
    Stale {
        /// The member.
        id: MemberId,
        /// Its version; none if it is not there.
        version: Option<u64>,
    },
    /// The member is not valid.
    #[error("{}", sentences(.0))]
    Invalid(Vec<WrongField>),
    /// Others depend on the member.
    #[error("the {id} cannot be deleted while {} on it", needed(.dependents, .records))]
    Needed {
        /// The member.
        id: MemberId,
        /// The members that refer to it.
        dependents: Dependents,
        /// The Deals, Leads and Referrals that name a User.
        records: u64,
    },
    /// The member changed again and again.
    #[error("the {0} kept changing")]
    Busy(MemberId),
}

fn at(version: &Option<u64>) -> String {
    version.map_or_else(
        || "not there".to_owned(),
        |version| format!("at version {version}"),
    )
}

fn sentences(wrong: &[WrongField]) -> String {
    let lines: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    lines.join("; ")
}

fn needed(dependents: &Dependents, records: &u64) -> String {
    let counts = [
        (dependents.users, "User"),
        (dependents.contacts, "Contact"),
        (*records, "record"),
    ];
    let parts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}{}", if count == 1 { "" } else { "s" }))
        .collect();
    let verb = if dependents.users + dependents.contacts + records == 1 {
        "depends"
    } else {
        "depend"
    };
    format!("{} {verb}", parts.join(" and "))
}

/// The reason why a use case did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeopleError {
    /// It was refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store did not answer.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl Condition {
    fn check(self, id: &MemberId, seen: Option<&Stored>) -> Result<(), Refusal> {
        let version = seen.map(|seen| seen.version);
        let holds = match self {
            Self::Always => true,
            Self::Exists => seen.is_some(),
            Self::Version(wanted) => version == Some(wanted),
            Self::Never => false,
        };
        if holds {
            Ok(())
        } else {
            Err(Refusal::Stale {
                id: id.clone(),
                version,
            })
        }
    }
}

impl<S: PeopleStore> People<'_, S> {
    /// Returns a member.
    ///
    /// # Errors
    /// Returns a refusal if it is not there.
    pub async fn get(&self, id: &MemberId) -> Result<Stored, PeopleError> {
        let found = self.store.members(std::slice::from_ref(id)).await?;
        let found = found.into_values().next();
        Ok(found.ok_or_else(|| Refusal::NotFound(id.clone()))?)
    }

    /// Creates a member or replaces it as a whole. A repeat changes nothing and has the same version.
    ///
    /// # Errors
    /// Returns a refusal if the condition does not hold, or with everything that is wrong with the member.
    pub async fn put(&self, member: &Member, condition: Condition) -> Result<Put, PeopleError> {
        let id = match member.id() {
            Ok(id) => id,
            // The other rules are told with it.
            Err(_) => return Err(self.invalid(member).await?.into()),
        };
        let mut ids = member.references();
        ids.push(id.clone());
        for _ in 0..MAX_ATTEMPTS {
            let stored = self.store.members(&ids).await?;
            let seen = stored.get(&id);
            condition.check(&id, seen)?;
            if let Some(seen) = seen.filter(|seen| seen.member == *member) {
                return Ok(Put::Unchanged(seen.version));
            }
            let wrong = rules::check(member, seen, &known(&stored));
            if !wrong.is_empty() {
                return Err(Refusal::Invalid(wrong).into());
            }
            let version = seen.map(|seen| seen.version);
            let change = Change::Put {
                id: id.clone(),
                member: member.clone(),
                seen: seen.cloned(),
            };
            if self.is_done(change).await? {
                return Ok(version.map_or(Put::Created(1), |seen| Put::Replaced(seen + 1)));
            }
        }
        Err(Refusal::Busy(id).into())
    }

    /// Deletes a member on which nothing depends.
    ///
    /// Users and Contacts of an Organization and members of a Group are counted in the deletion's own transaction; the
    /// records of a User just before it.
    ///
    /// # Errors
    /// Returns a refusal if it is not there, if the condition does not hold, or if something depends on it.
    pub async fn delete(&self, id: &MemberId, condition: Condition) -> Result<(), PeopleError> {
        for _ in 0..MAX_ATTEMPTS {
            let stored = self.store.members(std::slice::from_ref(id)).await?;
            let seen = stored.get(id);
            if seen.is_none() && matches!(condition, Condition::Always) {
                return Err(Refusal::NotFound(id.clone()).into());
            }
            condition.check(id, seen)?;
            let Some(seen) = seen else {
                return Err(Refusal::NotFound(id.clone()).into());
            };
            let records = match id.kind() {
                MemberKind::User => self.store.owned_records(id.id()).await?,
                _ => 0,
            };
            if !seen.dependents.is_empty() || records > 0 {
                return Err(Refusal::Needed {
                    id: id.clone(),
                    dependents: seen.dependents,
                    records,
                }
                .into());
            }
            if self.is_done(Change::Delete(seen.clone())).await? {
                return Ok(());
            }
        }
        Err(Refusal::Busy(id.clone()).into())
    }

    async fn is_done(&self, change: Change) -> Result<bool, PortError> {
        let settled = self.store.commit(std::slice::from_ref(&change)).await?;
        Ok(settled == [Settled::Done])
    }

    /// Everything that is wrong with a member whose id is none.
    async fn invalid(&self, member: &Member) -> Result<Refusal, PortError> {
        let stored = self.store.members(&member.references()).await?;
        Ok(Refusal::Invalid(rules::check(
            member,
            None,
            &known(&stored),
        )))
    }
}

fn known(stored: &HashMap<MemberId, Stored>) -> Known<'_> {
    let known = stored.iter();
    known
        .map(|(id, stored)| (id.clone(), &stored.member))
        .collect()
}

impl Refusal {
    /// Returns the wrong fields, if these are the reason.
    #[must_use]
    pub fn wrong_fields(&self) -> &[WrongField] {
        match self {
            Self::Invalid(wrong) => wrong,
            _ => &[],
        }
    }

    /// Returns `true` if the form is wrong rather than a value in it.
    #[must_use]
    pub fn is_of_form(&self) -> bool {
        let mut codes = self.wrong_fields().iter().map(|wrong| wrong.code);
        codes.any(WrongCode::is_of_form)
    }
}
