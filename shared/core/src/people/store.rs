//! The port of the use cases: the store of the portal's people.

use std::{collections::HashMap, future::Future};

use super::member::{Member, MemberId, MemberKind};
use crate::{Email, ports::PortError};

/// A member as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its id.
    pub id: MemberId,
    /// The member.
    pub member: Member,
    /// The number of its changes.
    pub version: u64,
    /// The members that refer to it.
    pub dependents: Dependents,
}

/// The number of members that refer to an Organization or a Group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dependents {
    /// Users.
    pub users: u64,
    /// Contacts.
    pub contacts: u64,
}

impl Dependents {
    /// Returns `true` if there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// A change of one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Creates the member, or replaces it as a whole.
    Put {
        /// Its id.
        id: MemberId,
        /// The member as it is to be.
        member: Member,
        /// The member as it was read; none if it was not there.
        seen: Option<Stored>,
    },
    /// Deletes the member.
    Delete(Stored),
}

/// The outcome of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is durable.
    Done,
    /// The member, or one that it refers to, is not as it was read. Nothing was written.
    Refused,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberPage {
    /// The members.
    pub members: Vec<Stored>,
    /// The place after which the next page starts; none on the last page.
    pub after: Option<String>,
}

/// The store of the portal's people.
pub trait PeopleStore: Send + Sync {
    /// Returns those of these members that are there, as every acknowledged change left them.
    fn members(
        &self,
        ids: &[MemberId],
    ) -> impl Future<Output = Result<HashMap<MemberId, Stored>, PortError>> + Send;

    /// Returns the members of a kind with an address, as every acknowledged change left them.
    fn with_email(
        &self,
        kind: MemberKind,
        email: &Email,
    ) -> impl Future<Output = Result<Vec<Stored>, PortError>> + Send;

    /// Lists the members of a kind, of one Organization if it is given, in an arbitrary but stable order. A page that is
    /// not the last may hold fewer members than `most`.
    fn list(
        &self,
        kind: MemberKind,
        organization: Option<&str>,
        after: Option<&str>,
        most: usize,
    ) -> impl Future<Output = Result<MemberPage, PortError>> + Send;

    /// Returns how many Deals, Leads and Referrals name a User as owner, Partner User or Distributor User. Costs a read of
    /// every record.
    fn owned_records(&self, user: &str) -> impl Future<Output = Result<u64, PortError>> + Send;

    /// Makes changes in this order, many in one transaction where they fit. Each makes every process look at the people
    /// afresh in the same transaction.
    ///
    /// A change is refused unless its member is as it was read and, for a Put, each member that it refers to is there,
    /// a Group with the User's kind; or, for a Delete, no member refers to it. The outcomes are in the order of the
    /// changes.
    fn commit(
        &self,
        changes: &[Change],
    ) -> impl Future<Output = Result<Vec<Settled>, PortError>> + Send;
}
