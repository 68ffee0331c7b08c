//! The portal's people in the Records table (ADR 26).

mod address;
mod commit;
mod member_item;
mod part;

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, Select};
use dealbridge_core::{
    Email,
    people::{
        member::{MemberId, MemberKind},
        store::{Change, MemberPage, PeopleStore, Settled, Stored},
    },
    ports::{Consistency, PortError},
};
use futures::{TryStreamExt, stream};

pub(crate) use self::{address::Address, member_item::decode_as};
use crate::{
    item::{s, text},
    keys::{self, Attributes, PK},
    store::{Store, port_error},
};

/// Items that one Scan evaluates, records and other kinds included.
const LOOKED_AT: i32 = 1_000;
/// Requests per page of a list. A page may be short, or empty, where few items are of the requested kind.
const REQUESTS: usize = 25;
/// Parts of the table that are read at once for the records of a User.
const SEGMENTS: i32 = 8;

impl PeopleStore for Store {
    async fn members(&self, ids: &[MemberId]) -> Result<HashMap<MemberId, Stored>, PortError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let table = &self.tables.records;
        let keys = ids.iter().map(|id| (table.clone(), keys::member(id)));
        let mut found = self.batch_get(keys.collect(), Consistency::Strong).await?;
        let found = found.remove(table).unwrap_or_default().into_iter();
        found
            .map(|item| member_item::decode(item).map(|stored| (stored.id.clone(), stored)))
            .collect()
    }

    async fn with_email(&self, kind: MemberKind, email: &Email) -> Result<Vec<Stored>, PortError> {
        let table = &self.tables.records;
        let key = vec![(table.clone(), keys::email(email))];
        let mut found = self.batch_get(key, Consistency::Strong).await?;
        let items = found.remove(table).unwrap_or_default();
        let address = items.first().map(Address::decode).unwrap_or_default();
        let ids: Vec<MemberId> = address
            .ids(kind)
            .iter()
            .filter_map(|id| MemberId::new(kind, id).ok())
            .collect();
        let mut found = self.members(&ids).await?;
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }

    async fn list(
        &self,
        kind: MemberKind,
        organization: Option<&str>,
        after: Option<&str>,
        most: usize,
    ) -> Result<MemberPage, PortError> {
        let mut members: Vec<Stored> = Vec::new();
        let mut after = after.map(str::to_owned);
        for _ in 0..REQUESTS {
            let (found, last) = self
                .scan_members(kind, organization, after.as_deref())
                .await?;
            for stored in found {
                if members.len() == most {
                    // The next page begins after the last member of this one.
                    let last = members.last();
                    let after = last.and_then(|last| place(&keys::member(&last.id)));
                    return Ok(MemberPage { members, after });
                }
                members.push(stored);
            }
            after = last;
            if after.is_none() || members.len() == most {
                break;
            }
        }
        Ok(MemberPage { members, after })
    }

    async fn owned_records(&self, user: &str) -> Result<u64, PortError> {
        let counts = (0..SEGMENTS).map(|segment| self.owned_in(user, segment));
        let counts = stream::FuturesUnordered::from_iter(counts);
        counts.try_fold(0, async |sum, count| Ok(sum + count)).await
    }

    async fn commit(&self, changes: &[Change]) -> Result<Vec<Settled>, PortError> {
        self.commit_people(changes).await
    }
}

impl Store {
    async fn scan_members(
        &self,
        kind: MemberKind,
        organization: Option<&str>,
        after: Option<&str>,
    ) -> Result<(Vec<Stored>, Option<String>), PortError> {
        let of_kind = "begins_with(#pk, :prefix)";
        let scan = self
            .dynamodb
            .scan()
            .table_name(&self.tables.records)
            .consistent_read(true)
            .expression_attribute_names("#pk", PK)
            .expression_attribute_values(":prefix", s(keys::member_prefix(kind)))
            .limit(LOOKED_AT)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let scan = match organization {
            None => scan.filter_expression(of_kind),
            Some(organization) => scan
                .filter_expression(format!("{of_kind} AND #organization = :organization"))
                .expression_attribute_names("#organization", "organization")
                .expression_attribute_values(":organization", s(organization)),
        };
        let start = after.map(|key| Attributes::from([(PK.to_owned(), s(key))]));
        let answer = scan
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| port_error("Scan of the Records table", error))?;
        self.meter.read(answer.consumed_capacity.as_slice());
        let last = answer.last_evaluated_key.and_then(|key| place(&key));
        let items = answer.items.unwrap_or_default().into_iter();
        let items = items.map(member_item::decode).collect::<Result<_, _>>()?;
        Ok((items, last))
    }

    /// Counts the records of a User in one part of the table.
    async fn owned_in(&self, user: &str, segment: i32) -> Result<u64, PortError> {
        let mut count = 0;
        let mut start = None;
        loop {
            let answer = self
                .dynamodb
                .scan()
                .table_name(&self.tables.records)
                .consistent_read(true)
                .select(Select::Count)
                .filter_expression("#owner = :user OR #partner = :user OR #distributor = :user")
                .expression_attribute_names("#owner", "owner")
                .expression_attribute_names("#partner", "partner")
                .expression_attribute_names("#distributor", "distributor")
                .expression_attribute_values(":user", s(user))
                .segment(segment)
                .total_segments(SEGMENTS)
                .set_exclusive_start_key(start)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(|error| port_error("Scan of the Records table", error))?;
            self.meter.read(answer.consumed_capacity.as_slice());
            count += u64::try_from(answer.count).unwrap_or(0);
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(count);
            }
        }
    }
}

fn place(key: &Attributes) -> Option<String> {
    text(key, PK).map(str::to_owned)
}
