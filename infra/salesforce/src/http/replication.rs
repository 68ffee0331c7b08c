//! `sobjects/<Object>/updated` and `…/deleted`.

use serde_json::json;

use super::{
    call::Call,
    reply::{ApiError, Reply},
};
use crate::{
    engine::Engine,
    store::Store,
    value::{datetime_text, parse_datetime},
};

/// Which list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Log {
    /// Rows created or changed.
    Updated,
    /// Rows deleted.
    Deleted,
}

impl Log {
    /// The seconds that it goes back.
    fn reach(self) -> i64 {
        match self {
            Self::Updated => 30 * 86_400,
            Self::Deleted => 15 * 86_400,
        }
    }
}

/// Answers both lists.
pub(crate) fn answer(engine: &Engine, call: &Call, object: usize, log: Log) -> Reply {
    let store = engine.read();
    let (start, end) = match period(&store, call, log) {
        Ok(period) => period,
        Err(error) => return error.into(),
    };
    let covered = datetime_text(covered(&store, object, end));
    match log {
        Log::Updated => {
            let modstamp = store.object(object).system.modstamp;
            let ids: Vec<&str> = store
                .table(object)
                .iter()
                .map(|(_, row)| row)
                .filter(|row| row.is_visible(store.now()) && !row.is_deleted())
                .filter(|row| {
                    row.values[modstamp]
                        .as_seconds()
                        .is_some_and(|stamp| start <= stamp && stamp < end)
                })
                .map(|row| row.id.as_str())
                .collect();
            Reply::json(200, &json!({ "ids": ids, "latestDateCovered": covered }))
        }
        Log::Deleted => {
            let is_seen = |id| {
                store
                    .table(object)
                    .get(id)
                    .is_none_or(|row| row.is_visible(store.now()))
            };
            let rows: Vec<_> = store
                .deletions
                .iter()
                .filter(|gone| {
                    gone.object == object && start <= gone.at && gone.at < end && is_seen(gone.id)
                })
                .map(
                    |gone| json!({ "id": gone.id.as_str(), "deletedDate": datetime_text(gone.at) }),
                )
                .collect();
            Reply::json(
                200,
                &json!({
                    "deletedRecords": rows,
                    "earliestDateAvailable": datetime_text(store.now() - log.reach()),
                    "latestDateCovered": covered,
                }),
            )
        }
    }
}

fn period(store: &Store, call: &Call, log: Log) -> Result<(i64, i64), ApiError> {
    let date = |name: &str| {
        call.parameter(name)
            .and_then(parse_datetime)
            .ok_or_else(|| {
                ApiError::new(
                    400,
                    "INVALID_REPLICATION_DATE",
                    format!("{name} must be a date and time such as 2026-01-31T08:00:00Z"),
                )
            })
    };
    let (start, end) = (date("start")?, date("end")?);
    let refuse = |message: &str| Err(ApiError::new(400, "INVALID_REPLICATION_DATE", message));
    if end - start <= 60 {
        return refuse("endDate must be at least one minute greater than startDate");
    }
    if start < store.now() - log.reach() {
        return refuse("startDate is outside of the date range of the replication log");
    }
    Ok((start, end))
}

/// Up to when the lists are complete: not past a transaction that has yet to commit.
fn covered(store: &Store, object: usize, end: i64) -> i64 {
    let modstamp = store.object(object).system.modstamp;
    let open = store
        .table(object)
        .iter()
        .filter(|(_, row)| row.late_until.is_some_and(|until| until > store.now()))
        .filter_map(|(_, row)| row.values[modstamp].as_seconds())
        .min();
    open.into_iter().fold(end.min(store.now()), i64::min)
}
