//! Conversion between DynamoDB items and the core's types.

use std::io::{Read, Write as _};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use dealbridge_core::{
    SalesforceId, SalesforceObject,
    claim::{Claim, Suppressed, Suppression},
    counted::CountedRuns,
    entry::{LogBatch, LogLine},
    ports::PortError,
    problem::OpenProblem,
    record::{Record, RecordId, RecordKind},
    run::{Counts, RunId},
    send_problem::SendProblem,
};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use jiff::{SignedDuration, Timestamp};
use serde::{Serialize, de::DeserializeOwned};

use crate::keys::{self, Attributes, EXPIRES_AT, PK, SK};

/// Retention of log entries.
const ENTRIES_LIVE: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Limit on the decompressed size of one packed entry.
const MAX_UNPACKED_BYTES: u64 = 16 * 1024 * 1024;

/// The error of an item that is damaged, or was not written by dealbridge.
#[must_use]
pub fn unreadable(what: &str, detail: impl std::fmt::Display) -> PortError {
    PortError {
        operation: format!("reading {what}"),
        detail: detail.to_string(),
    }
}

/// Encodes a value as an item with that key.
///
/// # Errors
/// Returns an error if the value cannot be represented as an item, which no type of the core causes.
pub fn encode<T: Serialize>(value: &T, key: Attributes) -> Result<Attributes, PortError> {
    let mut item: Attributes =
        serde_dynamo::to_item(value).map_err(|error| unreadable("a value to be stored", error))?;
    item.extend(key);
    Ok(item)
}

/// Decodes an item.
///
/// # Errors
/// Returns an error if an attribute is missing or of another type.
pub fn decode<T: DeserializeOwned>(mut item: Attributes, what: &str) -> Result<T, PortError> {
    // Keys belong to the store: types that reject unknown fields would reject them.
    item.remove(PK);
    item.remove(SK);
    serde_dynamo::from_item(item).map_err(|error| unreadable(what, error))
}

/// A text attribute.
#[must_use]
pub fn text<'a>(item: &'a Attributes, name: &str) -> Option<&'a str> {
    item.get(name)
        .and_then(|value| value.as_s().ok())
        .map(String::as_str)
}

/// A number attribute.
#[must_use]
pub fn number<T: std::str::FromStr>(item: &Attributes, name: &str) -> Option<T> {
    item.get(name)
        .and_then(|value| value.as_n().ok())
        .and_then(|text| text.parse().ok())
}

/// An RFC 3339 timestamp attribute.
#[must_use]
pub fn instant(item: &Attributes, name: &str) -> Option<Timestamp> {
    text(item, name).and_then(|text| text.parse().ok())
}

/// Encodes a number.
#[must_use]
pub fn n(number: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// Encodes a text.
#[must_use]
pub fn s(text: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::S(text.to_string())
}

/// The time-to-live attribute of an entry or run of that time.
#[must_use]
pub fn expiry(at: Timestamp) -> AttributeValue {
    n(at.saturating_add(ENTRIES_LIVE)
        .unwrap_or(Timestamp::MAX)
        .as_second())
}

/// Encodes a claim of an org. A suppressed one of a kind that is imported is in the index of suppressions.
///
/// # Errors
/// Returns an error if the claim cannot be encoded.
pub fn claim_item(claim: &Claim, org: SalesforceId) -> Result<Attributes, PortError> {
    let mut item = encode(claim, keys::claim(org, claim.salesforce))?;
    let is_imported =
        SalesforceObject::of(&claim.salesforce).is_some_and(SalesforceObject::is_imported);
    if let Some(suppression) = claim.suppression.as_ref().filter(|_| is_imported) {
        item.extend(keys::suppressed(org, suppression.at));
    }
    Ok(item)
}

/// Decodes a claim of the index of suppressions.
///
/// # Errors
/// Returns an error if the item is not one.
pub fn suppressed(item: Attributes) -> Result<Suppressed, PortError> {
    #[derive(serde::Deserialize)]
    struct Shown {
        record: RecordId,
        suppression: Suppression,
    }
    let salesforce = claimed(&item)?;
    let Shown {
        record,
        suppression,
    } = decode(item, "a suppressed claim")?;
    Ok(Suppressed {
        salesforce,
        record,
        suppression,
    })
}

/// The Salesforce record in the key of a claim.
fn claimed(item: &Attributes) -> Result<SalesforceId, PortError> {
    text(item, PK)
        .and_then(|pk| pk.rsplit('#').next())
        .and_then(|id| SalesforceId::parse(id).ok())
        .ok_or_else(|| unreadable("a claim", "its key names no Salesforce record"))
}

/// Decodes a claim, with the Salesforce id from its key.
///
/// # Errors
/// Returns an error if the item is not a claim.
pub fn claim(item: Attributes) -> Result<Claim, PortError> {
    Ok(Claim {
        salesforce: claimed(&item)?,
        ..decode(item, "a claim")?
    })
}

/// Decodes a record, with its id from its key.
///
/// # Errors
/// Returns an error if the item is not a record.
pub fn record(item: Attributes) -> Result<Record, PortError> {
    let id = text(&item, PK)
        .and_then(record_id)
        .ok_or_else(|| unreadable("a record", "its key names no Deal, Lead or Referral"))?;
    Ok(Record {
        id,
        ..decode(item, "a record")?
    })
}

/// The record id in a partition key; none if the key is of another kind.
#[must_use]
pub fn record_id(pk: &str) -> Option<RecordId> {
    RecordKind::ALL
        .into_iter()
        .find_map(|kind| RecordId::new(kind, pk.strip_prefix(keys::record_prefix(kind))?).ok())
}

/// Decodes an open problem, with the Opportunity from its key.
///
/// # Errors
/// Returns an error if the item is not an open problem.
pub fn problem(item: Attributes) -> Result<OpenProblem, PortError> {
    let id = text(&item, SK).and_then(|id| SalesforceId::parse(id).ok());
    let id = id.ok_or_else(|| unreadable("an open problem", "its key names no Opportunity"))?;
    Ok(OpenProblem {
        opportunity: id,
        ..decode(item, "an open problem")?
    })
}

/// Decodes an open send problem, with the record from its key.
///
/// # Errors
/// Returns an error if the item is not a send problem.
pub fn send_problem(item: Attributes) -> Result<SendProblem, PortError> {
    let record = text(&item, SK).and_then(|id| id.parse().ok());
    let record = record.ok_or_else(|| unreadable("a send problem", "its key names no record"))?;
    Ok(SendProblem {
        record,
        ..decode(item, "a send problem")?
    })
}

/// Decodes the runs that counted a Salesforce record before, with its id from the key.
///
/// # Errors
/// Returns an error if the item holds no runs.
pub fn counted_before(item: &Attributes) -> Result<(SalesforceId, CountedRuns), PortError> {
    let what = "the runs that have counted a record";
    let id = text(item, SK).and_then(|id| SalesforceId::parse(id).ok());
    let id = id.ok_or_else(|| unreadable(what, "its key names no Salesforce record"))?;
    let runs = item.get(keys::RUNS).and_then(|value| value.as_ss().ok());
    let runs = runs.ok_or_else(|| unreadable(what, "there are none"))?;
    let all = runs.iter().try_fold(CountedRuns::default(), |all, runs| {
        CountedRuns::try_from(runs.clone()).map(|runs| all.and(&runs))
    });
    Ok((id, all.map_err(|error| unreadable(what, error))?))
}

/// Encodes a packed entry. Its lines are deflated JSON: an hour's entries fit into a few kilobytes, and write units
/// follow bytes.
///
/// # Errors
/// Returns an error if the lines cannot be serialized, which no line of the core causes.
pub fn packed_entry(run: RunId, entry: &LogBatch) -> Result<Attributes, PortError> {
    packed_entry_at(keys::entry(run, &entry.id), entry)
}

/// Encodes a packed entry under another key: that of an action.
///
/// # Errors
/// As [`packed_entry`].
pub fn packed_entry_at(key: Attributes, entry: &LogBatch) -> Result<Attributes, PortError> {
    let mut item = key;
    item.insert("at".to_owned(), s(entry.at));
    item.insert("lines".to_owned(), deflate(&entry.lines)?);
    item.insert(EXPIRES_AT.to_owned(), expiry(entry.at));
    for (name, count) in count_attributes(&entry.counts) {
        item.insert(name.to_owned(), n(count));
    }
    Ok(item)
}

/// Serializes and deflates log lines.
///
/// # Errors
/// Returns an error if they cannot be serialized.
pub fn deflate(lines: &[LogLine]) -> Result<AttributeValue, PortError> {
    let json =
        serde_json::to_vec(lines).map_err(|error| unreadable("lines to be stored", error))?;
    deflate_bytes(&json)
}

pub(crate) fn deflate_bytes(bytes: &[u8]) -> Result<AttributeValue, PortError> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(6));
    let packed = encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .map_err(|error| unreadable("bytes to be stored", error))?;
    Ok(AttributeValue::B(Blob::new(packed)))
}

pub(crate) fn inflate(packed: &Blob, what: &str) -> Result<Vec<u8>, PortError> {
    let mut bytes = Vec::new();
    DeflateDecoder::new(packed.as_ref())
        .take(MAX_UNPACKED_BYTES)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(what, error))?;
    Ok(bytes)
}

/// Packs ids, 15 characters each, and deflates them: they share long prefixes.
///
/// # Errors
/// Never returns an error in practice: it writes to memory.
pub fn pack_ids(ids: &[SalesforceId]) -> Result<AttributeValue, PortError> {
    let text: String = ids.iter().map(|id| &id.as_str()[..15]).collect();
    deflate_bytes(text.as_bytes())
}

/// Unpacks the ids of an attribute.
///
/// # Errors
/// Returns an error if the attribute does not hold packed ids.
pub fn packed_ids(item: &Attributes, name: &str) -> Result<Vec<SalesforceId>, PortError> {
    let what = "packed ids";
    let packed = item
        .get(name)
        .and_then(|value| value.as_b().ok())
        .ok_or_else(|| unreadable(what, "there are none"))?;
    let id = |bytes: &[u8]| SalesforceId::parse(std::str::from_utf8(bytes).ok()?).ok();
    inflate(packed, what)?
        .chunks(15)
        .map(id)
        .collect::<Option<_>>()
        .ok_or_else(|| unreadable(what, "one is not a Salesforce id"))
}

/// Decodes a packed entry.
///
/// # Errors
/// Returns an error if the item is not a packed entry.
pub fn unpack(item: &Attributes) -> Result<LogBatch, PortError> {
    let what = "a log entry";
    let id = text(item, SK)
        .and_then(|sk| sk.strip_prefix(keys::ENTRY_PREFIX))
        .ok_or_else(|| unreadable(what, "it has another key"))?;
    let at = instant(item, "at").ok_or_else(|| unreadable(what, "it has no time"))?;
    let packed = item
        .get("lines")
        .and_then(|value| value.as_b().ok())
        .ok_or_else(|| unreadable(what, "it has no lines"))?;
    let json = inflate(packed, what)?;
    let lines = serde_json::from_slice(&json).map_err(|error| unreadable(what, error))?;
    Ok(LogBatch {
        id: id.to_owned(),
        at,
        counts: counts(item),
        lines,
    })
}

/// The counts other than zero, by attribute name.
pub fn count_attributes(counts: &Counts) -> impl Iterator<Item = (&'static str, u64)> {
    [
        ("listed", counts.listed),
        ("imported", counts.imported),
        ("updated", counts.updated),
        ("unchanged", counts.unchanged),
        ("failed", counts.failed),
        ("suppressed", counts.suppressed),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
}

/// The counts of an item; an absent attribute counts as zero.
#[must_use]
pub fn counts(item: &Attributes) -> Counts {
    let count = |name| number(item, name).unwrap_or(0);
    Counts {
        listed: count("listed"),
        imported: count("imported"),
        updated: count("updated"),
        unchanged: count("unchanged"),
        failed: count("failed"),
        suppressed: count("suppressed"),
    }
}
