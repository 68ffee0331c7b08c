//! Lists of records.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use dealbridge_core::{
    ports::PortError,
    record::{LinkStatus, Record, RecordId, RecordKind},
};

use crate::{
    item::{self, s},
    keys::{self, PK},
    store::{Store, port_error},
};

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
    /// Records whose link has this status.
    Status(LinkStatus),
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
        filter: LinkFilter,
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
        filter: LinkFilter,
        after: Option<&str>,
    ) -> Result<(Vec<Record>, Option<String>), PortError> {
        let of_kind = "begins_with(#pk, :prefix)";
        let scan = self
            .dynamodb
            .scan()
            .table_name(&self.tables.records)
            .expression_attribute_names("#pk", PK)
            .expression_attribute_values(":prefix", s(keys::record_prefix(kind)))
            .limit(LOOKED_AT)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let scan = match filter {
            LinkFilter::Any => scan.filter_expression(of_kind),
            LinkFilter::Unlinked => scan
                .filter_expression(format!("{of_kind} AND attribute_not_exists(#link)"))
                .expression_attribute_names("#link", "salesforce_id"),
            LinkFilter::Status(status) => scan
                .filter_expression(format!("{of_kind} AND #status = :status"))
                .expression_attribute_names("#status", "link_status")
                .expression_attribute_values(":status", status_attribute(status)?),
        };
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
        let items = answer
            .items
            .unwrap_or_default()
            .into_iter()
            .map(item::record)
            .collect::<Result<_, _>>()?;
        Ok((items, last))
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
