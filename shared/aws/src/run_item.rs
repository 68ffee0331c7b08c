//! The stored form of a run, its lease and the watermark.

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use dealbridge_core::{
    SalesforceId, SystemModstamp,
    ports::{ListingPosition, Part, PortError, Progress, Watermark},
    run::{Counts, Mode, Run, RunId, Trigger},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    item::{self, n, number, s, text},
    keys::{self, Attributes, EXPIRES_AT, VERSION},
};

/// The time for which a run without a sign of life counts as active: the timeout of the fan-out function.
const LEASE: SignedDuration = SignedDuration::from_mins(15);

/// Attribute of a run whose listing waits for another invocation.
pub(crate) const RELEASED: &str = "released";

/// Attribute: the size of the parts that a listing is asked for in, where Salesforce gives up on all at once.
pub(crate) const PART: &str = "part";

/// A run with the state of its lease.
pub(crate) struct Leased {
    pub(crate) run: Run,
    pub(crate) until: Timestamp,
    /// `true` while the listing waits for another invocation.
    pub(crate) released: bool,
    pub(crate) attempt: u32,
    pub(crate) progress: Progress,
}

pub(crate) fn lease_end(now: Timestamp) -> Timestamp {
    now.saturating_add(LEASE).unwrap_or(Timestamp::MAX)
}

pub(crate) fn new_run(run: &Run) -> Attributes {
    let mut item = keys::run(run.id);
    let word = |value: &str| AttributeValue::S(value.to_owned());
    item.insert(
        "mode".to_owned(),
        word(if run.mode == Mode::Full {
            "full"
        } else {
            "incremental"
        }),
    );
    item.insert(
        "trigger".to_owned(),
        word(if run.trigger == Trigger::Manual {
            "manual"
        } else {
            "schedule"
        }),
    );
    item.insert("started_at".to_owned(), s(run.started_at));
    item.insert("until".to_owned(), s(lease_end(run.started_at)));
    item.insert("attempt".to_owned(), n(0));
    item.insert("checkpoints".to_owned(), n(0));
    item.insert(EXPIRES_AT.to_owned(), item::expiry(run.started_at));
    item
}

pub(crate) fn read_run(id: RunId, item: &Attributes) -> Result<Leased, PortError> {
    let missing = |name: &str| item::unreadable("a run", format!("{id} has no {name}"));
    let mode = if text(item, "mode") == Some("full") {
        Mode::Full
    } else {
        Mode::Incremental
    };
    let trigger = if text(item, "trigger") == Some("manual") {
        Trigger::Manual
    } else {
        Trigger::Schedule
    };
    let run = Run {
        id,
        mode,
        trigger,
        started_at: item::instant(item, "started_at").ok_or_else(|| missing("started_at"))?,
        taken_up: item.get("taken_up").is_some(),
        listed_at: item::instant(item, "listed_at"),
        failed_at: item::instant(item, "failed_at"),
        last_counted_at: None,
        counts: Counts::default(),
    };
    let attempt = number(item, "attempt").ok_or_else(|| missing("attempt"))?;
    let progress = Progress {
        run: id,
        mode,
        trigger,
        attempt,
        checkpoints: number(item, "checkpoints").ok_or_else(|| missing("checkpoints"))?,
        place: place(item),
        newest: text(item, "newest").and_then(|stamp| SystemModstamp::parse(stamp).ok()),
        part: part(item),
        unsent: Vec::new(),
    };
    Ok(Leased {
        run,
        until: item::instant(item, "until").ok_or_else(|| missing("until"))?,
        released: item.contains_key(RELEASED),
        attempt,
        progress,
    })
}

/// The stored form of a listing position: the step, then the row that it is behind.
pub(crate) fn place_text(place: ListingPosition) -> String {
    match place {
        ListingPosition::Problems(None) => "problems".to_owned(),
        ListingPosition::Problems(Some(id)) => format!("problems|{id}"),
        ListingPosition::Opportunities(stamp, id) => format!("opportunities|{id}|{stamp}"),
        ListingPosition::Leads(stamp, id) => format!("leads|{id}|{stamp}"),
        ListingPosition::Links(id) => format!("links|{id}"),
    }
}

/// Reads the listing position of a run's item; the beginning if there was no checkpoint.
fn place(item: &Attributes) -> ListingPosition {
    let mut parts = text(item, "place").unwrap_or_default().split('|');
    let step = parts.next().unwrap_or_default();
    let id = parts.next().and_then(|id| SalesforceId::parse(id).ok());
    let stamp = parts
        .next()
        .and_then(|stamp| SystemModstamp::parse(stamp).ok());
    match (step, id, stamp) {
        ("opportunities", Some(id), Some(stamp)) => ListingPosition::Opportunities(stamp, id),
        ("leads", Some(id), Some(stamp)) => ListingPosition::Leads(stamp, id),
        ("links", Some(id), _) => ListingPosition::Links(id),
        (_, id, _) => ListingPosition::Problems(id),
    }
}

/// Writes the size of a listing's parts as the item of a run holds it.
pub(crate) fn part_text(part: Part) -> String {
    match part {
        Part::Seconds(seconds) => format!("seconds|{seconds}"),
        Part::Ids(power) => format!("ids|{power}"),
    }
}

/// Reads that size; none where all is asked for at once.
fn part(item: &Attributes) -> Option<Part> {
    match text(item, PART)?.split_once('|')? {
        ("seconds", seconds) => seconds.parse().ok().map(Part::Seconds),
        ("ids", power) => power.parse().ok().map(Part::Ids),
        _ => None,
    }
}

/// Reads the watermark of an item.
pub(crate) fn read_watermark(item: &Attributes) -> Watermark {
    let prints = item.get("recent").and_then(|value| value.as_b().ok());
    let prints = prints
        .into_iter()
        .flat_map(|blob| blob.as_ref().chunks_exact(8));
    let number_of = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    };
    Watermark {
        stamp: text(item, "stamp").and_then(|stamp| SystemModstamp::parse(stamp).ok()),
        recent: prints.map(number_of).collect(),
        left_by: number(item, VERSION).map(RunId::new),
        org: text(item, "org").and_then(|org| SalesforceId::parse(org).ok()),
    }
}

/// Encodes the watermark that a run leaves.
pub(crate) fn watermark_item(watermark: &Watermark, run: RunId) -> Attributes {
    let mut item = keys::watermark();
    if let Some(stamp) = watermark.stamp {
        item.insert("stamp".to_owned(), s(stamp));
    }
    if let Some(org) = watermark.org {
        item.insert("org".to_owned(), s(org));
    }
    let mut recent: Vec<u64> = watermark.recent.iter().copied().collect();
    recent.sort_unstable();
    let bytes: Vec<u8> = recent.into_iter().flat_map(u64::to_be_bytes).collect();
    item.insert("recent".to_owned(), AttributeValue::B(Blob::new(bytes)));
    item.insert(VERSION.to_owned(), n(run.number()));
    item
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back_as_it_was_kept() {
        let id = SalesforceId::parse("006dM00000Mw7Vt").unwrap();
        let stamp = SystemModstamp::parse("2026-01-01T00:05:00Z").unwrap();
        for kept in [
            ListingPosition::Problems(None),
            ListingPosition::Problems(Some(id)),
            ListingPosition::Opportunities(stamp, id),
            ListingPosition::Leads(stamp, id),
            ListingPosition::Links(id),
        ] {
            let item = Attributes::from([("place".to_owned(), s(place_text(kept)))]);

            assert_eq!(place(&item), kept);
        }
        assert_eq!(place(&Attributes::new()), ListingPosition::Problems(None));
    }

    #[test]
    fn a_part_reads_back_as_it_was_kept() {
        for kept in [Part::Seconds(86_400), Part::Ids(0), Part::Ids(11)] {
            let item = Attributes::from([(PART.to_owned(), s(part_text(kept)))]);

            assert_eq!(part(&item), Some(kept));
        }
        assert_eq!(part(&Attributes::new()), None);
    }

    #[test]
    fn a_mark_reads_back_as_it_was_left() {
        let watermark = Watermark {
            stamp: SystemModstamp::parse("2026-01-01T00:05:00Z").ok(),
            recent: [1, u64::MAX, 77].into(),
            left_by: Some(RunId::new(9)),
            org: SalesforceId::parse("00DdM0000000001").ok(),
        };

        assert_eq!(
            read_watermark(&watermark_item(&watermark, RunId::new(9))),
            watermark
        );
    }
}
