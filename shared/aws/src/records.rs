//! Lists of records.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use dealbridge_core::{
    ports::PortError,
    record::{LinkStatus, Record, RecordId, RecordKind},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    item::{self, s},
    keys::{self, PK},
    store::{Store, port_error},
};

/// Retention of the places of lists.
const PLACES_LIVE: SignedDuration = SignedDuration::from_hours(24);
/// Items that one Scan evaluates, those of other kinds included.
const LOOKED_AT: i32 = 400;
/// Requests per page of a list. A page may be short, or empty, where few items are of the requested kind.
const REQUESTS: usize = 25;

/// A filter by link status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFilter {
    /// Every record.
    Any,
    /// Records without a link.
    Unlinked,
    /// Records with a link.
    Linked,
    /// Records whose link has this status.
    Status(LinkStatus),
}

/// The records that a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFilter {
    /// By link.
    pub link: LinkFilter,
    /// Those of this owner.
    pub owner: Option<String>,
    /// Those of this Organization.
    pub organization: Option<String>,
    /// Those at this step of their registration.
    pub registration_status: Option<String>,
    /// Those whose name begins so, in any case.
    pub name: Option<String>,
}

impl Default for RecordFilter {
    fn default() -> Self {
        Self {
            link: LinkFilter::Any,
            owner: None,
            organization: None,
            registration_status: None,
            name: None,
        }
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordPage {
    /// The records.
    pub records: Vec<Record>,
    /// The key after which the next page starts; none on the last page.
    pub after: Option<String>,
}

impl Store {
    /// Lists records of a kind, starting after the key `after`, in an arbitrary but stable order.
    ///
    /// The number of requests is bounded, so a page that is not the last may hold fewer records than requested.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer, or a record cannot be read.
    pub async fn records_after(
        &self,
        kind: RecordKind,
        filter: &RecordFilter,
        after: Option<&str>,
        most: usize,
    ) -> Result<RecordPage, PortError> {
        let mut records: Vec<Record> = Vec::with_capacity(most);
        let mut after = after.map(str::to_owned);
        for _ in 0..REQUESTS {
            let (found, last) = self.scan(kind, filter, after.as_deref()).await?;
            for record in found {
                if records.len() == most {
                    // The next page begins after the last record of this one.
                    let last = records.last().map(|record| place_of(&record.id));
                    return Ok(RecordPage {
                        records,
                        after: last,
                    });
                }
                records.push(record);
            }
            after = last;
            if after.is_none() || records.len() == most {
                break;
            }
        }
        Ok(RecordPage { records, after })
    }

    async fn scan(
        &self,
        kind: RecordKind,
        filter: &RecordFilter,
        after: Option<&str>,
    ) -> Result<(Vec<Record>, Option<String>), PortError> {
        let mut conditions = vec!["begins_with(#pk, :prefix)"];
        let mut scan = self
            .dynamodb
            .scan()
            .table_name(&self.tables.records)
            .expression_attribute_names("#pk", PK)
            .expression_attribute_values(":prefix", s(keys::record_prefix(kind)))
            .limit(LOOKED_AT)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match filter.link {
            LinkFilter::Any => {}
            LinkFilter::Unlinked => {
                conditions.push("attribute_not_exists(#link)");
                scan = scan.expression_attribute_names("#link", "salesforce_id");
            }
            LinkFilter::Linked => {
                conditions.push("attribute_exists(#link)");
                scan = scan.expression_attribute_names("#link", "salesforce_id");
            }
            LinkFilter::Status(status) => {
                conditions.push("#status = :status");
                scan = scan
                    .expression_attribute_names("#status", "link_status")
                    .expression_attribute_values(":status", status_attribute(status)?);
            }
        }
        for (condition, name, wanted) in [
            ("#owner = :owner", "owner", &filter.owner),
            (
                "#organization = :organization",
                "organization",
                &filter.organization,
            ),
            (
                "#registration_status = :registration_status",
                "registration_status",
                &filter.registration_status,
            ),
        ] {
            if let Some(wanted) = wanted {
                conditions.push(condition);
                scan = scan
                    .expression_attribute_names(format!("#{name}"), name)
                    .expression_attribute_values(format!(":{name}"), s(wanted));
            }
        }
        let scan = scan.filter_expression(conditions.join(" AND "));
        let start = after.map(|key| keys::Attributes::from([(PK.to_owned(), s(key))]));
        let answer = scan
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| port_error("Scan of the Records table", error))?;
        self.meter.read(answer.consumed_capacity.as_slice());
        let last = answer
            .last_evaluated_key
            .and_then(|key| item::text(&key, PK).map(str::to_owned));
        let mut records = answer
            .items
            .unwrap_or_default()
            .into_iter()
            .map(item::record)
            .collect::<Result<Vec<_>, _>>()?;
        // DynamoDB compares exactly; people do not.
        if let Some(prefix) = &filter.name {
            records.retain(|record| record.is_named(prefix));
        }
        Ok((records, last))
    }
}

impl Store {
    /// Keeps a place of a list for a day, and returns the id that it is kept under.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn keep_list_place(&self, place: &str) -> Result<String, PortError> {
        let id = self.ids.next();
        let mut item = keys::list_place(&id);
        item.insert("place".to_owned(), s(place));
        let expires = self.clock.now().saturating_add(PLACES_LIVE);
        let expires = expires.unwrap_or(Timestamp::MAX).as_second();
        item.insert(keys::EXPIRES_AT.to_owned(), item::n(expires));
        let put = self.dynamodb.put_item().table_name(&self.tables.log);
        let put = put.return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = put.set_item(Some(item)).send().await;
        let answer = answer.map_err(|error| port_error("keeping a place of a list", error))?;
        self.meter.wrote(answer.consumed_capacity.as_slice());
        Ok(id)
    }

    /// Returns a place that was kept under an id; none if it is no longer kept.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn kept_list_place(&self, id: &str) -> Result<Option<String>, PortError> {
        let item = self.get(&self.tables.log, keys::list_place(id)).await?;
        Ok(item.and_then(|item| item::text(&item, "place").map(str::to_owned)))
    }
}

/// The position of a record in the lists: a page that starts after it begins with the next record.
#[must_use]
pub fn place_of(id: &RecordId) -> String {
    format!("{}{}", keys::record_prefix(id.kind()), id.id())
}

/// A link's status in its stored form.
fn status_attribute(
    status: LinkStatus,
) -> Result<aws_sdk_dynamodb::types::AttributeValue, PortError> {
    serde_dynamo::to_attribute_value(status)
        .map_err(|error| item::unreadable("a link's status", error))
}
