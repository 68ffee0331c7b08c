//! The system's clock and random ids: the only place that asks the system for either.

use dealbridge_core::ports::{Clock, Ids};
use jiff::Timestamp;

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the system for the time"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// ULIDs: ordered by time to the millisecond, random beyond it.
#[derive(Clone, Copy, Debug, Default)]
pub struct UlidIds;

impl Ids for UlidIds {
    fn next(&self) -> String {
        ulid::Ulid::generate().to_string()
    }
}
