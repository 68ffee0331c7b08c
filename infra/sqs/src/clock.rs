//! Where time comes from: the machine, or a test's own hand.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

/// A wait that a [`Clock`] ends.
pub type Sleep<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Tells the time and waits for it. Visibility, delays, retention and long polling all ask it.
pub trait Clock: Send + Sync + 'static {
    /// The time as of this call.
    fn now(&self) -> Timestamp;

    /// Ends when [`Clock::now`] has reached `deadline`, at once if it has already.
    fn sleep_until(&self, deadline: Timestamp) -> Sleep<'_>;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where this server reads the machine's clock"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep_until(&self, deadline: Timestamp) -> Sleep<'_> {
        let left = Duration::try_from(deadline.duration_since(self.now())).unwrap_or_default();
        Box::pin(tokio::time::sleep(left))
    }
}

/// A clock that stands still until it is moved; moving it wakes whoever waits for that time.
#[derive(Clone, Debug)]
pub struct ManualClock {
    now: watch::Sender<Timestamp>,
}

impl ManualClock {
    /// A clock that shows `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self {
            now: watch::Sender::new(start),
        }
    }

    /// Moves the clock forward. It stops at the last representable time.
    pub fn advance(&self, by: Duration) {
        self.now.send_modify(|now| {
            *now = now.checked_add(by).unwrap_or(Timestamp::MAX);
        });
    }

    /// Sets the clock to `now`, forward or back.
    pub fn set(&self, now: Timestamp) {
        self.now.send_replace(now);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    fn sleep_until(&self, deadline: Timestamp) -> Sleep<'_> {
        let mut seen = self.now.subscribe();
        Box::pin(async move {
            // The sender is borrowed by this future, so waiting cannot fail for want of it.
            let _ = seen.wait_for(|now| *now >= deadline).await;
        })
    }
}

/// A point in time in milliseconds, as the protocol tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(i64);

impl Moment {
    pub(crate) const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub(crate) fn after_seconds(self, seconds: u32) -> Self {
        Self(self.0.saturating_add(i64::from(seconds) * 1000))
    }

    pub(crate) fn before_seconds(self, seconds: u32) -> Self {
        Self(self.0.saturating_sub(i64::from(seconds) * 1000))
    }

    pub(crate) fn as_millis(self) -> i64 {
        self.0
    }

    pub(crate) fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    pub(crate) fn to_timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::MAX)
    }
}

impl From<Timestamp> for Moment {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp.as_millisecond())
    }
}
