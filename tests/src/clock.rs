//! A clock and ids that are the same in every test run.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use dealbridge_core::ports::{Clock, Ids};
use jiff::Timestamp;
use sqs_server::ManualClock;

/// One clock for functions and queues. It stands still until it is advanced.
#[derive(Clone, Debug)]
pub struct TestClock(ManualClock);

impl TestClock {
    /// A clock that shows 2 June 2026, noon.
    #[must_use]
    pub fn new() -> Self {
        Self(ManualClock::new(
            Timestamp::from_second(1_780_401_600).unwrap(),
        ))
    }

    /// Advances the clock.
    pub fn advance(&self, by: Duration) {
        self.0.advance(by);
    }

    /// The clock in the form that the queue server takes.
    #[must_use]
    pub fn for_queues(&self) -> ManualClock {
        self.0.clone()
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        sqs_server::Clock::now(&self.0)
    }
}

/// Numbered ids.
#[derive(Debug, Default)]
pub struct NumberedIds(AtomicU64);

impl Ids for NumberedIds {
    fn next(&self) -> String {
        format!("ID{:010}", self.0.fetch_add(1, Ordering::Relaxed))
    }
}
