//! A run's item, its lease and the mark, as they are stored.

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use dealbridge_core::{
    SalesforceId, Stamp,
    ports::{Mark, PortError, Progress},
    run::{Counts, Mode, Run, RunId, Trigger},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    item::{self, n, number, s, text},
    keys::{self, Attributes, EXPIRES_AT},
};

/// How long a run that is not heard of counts as active: the fan-out function's own timeout.
const LEASE: SignedDuration = SignedDuration::from_mins(15);

/// A run's item with what only the lease cares about.
pub(crate) struct Leased {
    pub(crate) run: Run,
    pub(crate) until: Timestamp,
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
    let after = text(item, "after").and_then(|after| after.split_once('|'));
    let progress = Progress {
        run: id,
        mode,
        attempt,
        checkpoints: number(item, "checkpoints").ok_or_else(|| missing("checkpoints"))?,
        after: after.and_then(|(stamp, id)| {
            Some((Stamp::parse(stamp).ok()?, SalesforceId::parse(id).ok()?))
        }),
        newest: text(item, "newest").and_then(|stamp| Stamp::parse(stamp).ok()),
    };
    Ok(Leased {
        run,
        until: item::instant(item, "until").ok_or_else(|| missing("until"))?,
        attempt,
        progress,
    })
}

pub(crate) fn mark_item(mark: &Mark) -> Attributes {
    let mut item = keys::mark();
    if let Some(stamp) = mark.stamp {
        item.insert("stamp".to_owned(), s(stamp));
    }
    let mut recent: Vec<u64> = mark.recent.iter().copied().collect();
    recent.sort_unstable();
    let bytes: Vec<u8> = recent.into_iter().flat_map(u64::to_be_bytes).collect();
    item.insert("recent".to_owned(), AttributeValue::B(Blob::new(bytes)));
    item
}
