//! The org's time: the real one, or one of its own that only writes and the admin API move.

use std::{fmt, sync::Arc};

use jiff::Timestamp;

/// Tells the time.
pub type TimeSource = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// By what an org goes: the stamps of its rows, the ages of its sessions and locators, its `Date` header.
#[derive(Clone)]
pub enum OrgClock {
    /// Goes by this source, to the second. Writes within one second carry one stamp, as in Salesforce.
    Following(TimeSource),
    /// Begins ten minutes after the last change of the folder and stands still but for writes, each of which moves it on
    /// by this many seconds: one folder and one sequence of calls always give the same stamps.
    Stepping {
        /// Seconds per write; with 0 all writes carry one stamp.
        seconds: u32,
    },
}

impl OrgClock {
    /// The real time.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the org learns the real time; everything else asks its clock"
    )]
    pub fn wall() -> Self {
        Self::Following(Arc::new(Timestamp::now))
    }

    /// A clock of the org's own with another stamp for each write.
    #[must_use]
    pub fn stepping() -> Self {
        Self::Stepping { seconds: 2 }
    }
}

impl Default for OrgClock {
    fn default() -> Self {
        Self::wall()
    }
}

impl fmt::Debug for OrgClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Following(_) => f.write_str("Following"),
            Self::Stepping { seconds } => f
                .debug_struct("Stepping")
                .field("seconds", seconds)
                .finish(),
        }
    }
}

/// The running clock, in seconds since 1970.
#[derive(Clone, Debug)]
pub(crate) struct Time {
    clock: OrgClock,
    /// The seconds by which a followed clock was moved ahead of its source.
    ahead: i64,
    /// The time of a clock that stands; the earliest time that a followed one may show.
    at: i64,
}

impl Time {
    /// A standing clock some time after the last stamp of a folder: later than every stamp, and the same at each load.
    pub(crate) fn after(latest: i64) -> Self {
        Self {
            clock: OrgClock::stepping(),
            ahead: 0,
            at: (latest / 60 + 1) * 60 + 600,
        }
    }

    /// Goes by this clock from here on. One that is followed never shows a time before the last stamp.
    pub(crate) fn run_by(&mut self, clock: OrgClock, latest: i64) {
        if let OrgClock::Following(_) = clock {
            self.at = latest;
        }
        self.ahead = 0;
        self.clock = clock;
    }

    /// The time.
    pub(crate) fn now(&self) -> i64 {
        match &self.clock {
            OrgClock::Following(source) => (source().as_second() + self.ahead).max(self.at),
            OrgClock::Stepping { .. } => self.at,
        }
    }

    /// Returns whether the time goes on by itself.
    pub(crate) fn is_followed(&self) -> bool {
        matches!(self.clock, OrgClock::Following(_))
    }

    /// The time up to which the clock was moved by writes and the admin API.
    pub(crate) fn kept(&self) -> i64 {
        self.at
    }

    /// Goes back or ahead to what [`Time::kept`] said.
    pub(crate) fn restore(&mut self, at: i64) {
        self.at = at;
    }

    /// The stamp of the next write. A clock that steps ends after the stamp, so that a reader who asks for everything
    /// before the time of the answer gets it.
    pub(crate) fn stamp(&mut self) -> i64 {
        match self.clock {
            OrgClock::Following(_) => {
                self.at = self.now();
                self.at
            }
            OrgClock::Stepping { seconds } => {
                let stamp = self.at + i64::from(seconds / 2);
                self.at += i64::from(seconds);
                stamp
            }
        }
    }

    /// Moves the clock on.
    pub(crate) fn advance(&mut self, seconds: i64) {
        match self.clock {
            OrgClock::Following(_) => self.ahead += seconds,
            OrgClock::Stepping { .. } => self.at += seconds,
        }
    }

    /// Stands still from here on, but for writes: each moves the clock on by so many seconds.
    pub(crate) fn step(&mut self, seconds: u32) {
        self.at = self.now();
        self.clock = OrgClock::Stepping { seconds };
    }

    /// Shows this time and stands still there; a clock that stepped keeps its step.
    pub(crate) fn set(&mut self, now: i64) {
        let seconds = match self.clock {
            OrgClock::Following(_) => 0,
            OrgClock::Stepping { seconds } => seconds,
        };
        self.clock = OrgClock::Stepping { seconds };
        self.at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn following(seconds: i64) -> OrgClock {
        OrgClock::Following(Arc::new(move || {
            Timestamp::from_second(seconds).expect("a moment")
        }))
    }

    #[test]
    fn a_stepping_clock_gives_each_write_another_stamp_and_a_standing_one_gives_all_the_same() {
        let mut time = Time::after(59);
        assert_eq!([time.stamp(), time.stamp(), time.now()], [661, 663, 664]);

        time.step(0);
        assert_eq!([time.stamp(), time.stamp(), time.now()], [664, 664, 664]);
    }

    #[test]
    fn a_followed_clock_shows_its_source_and_never_a_time_before_the_last_stamp() {
        let mut time = Time::after(5_000);

        time.run_by(following(9_000), 5_000);
        assert_eq!([time.stamp(), time.stamp(), time.now()], [9_000; 3]);

        time.run_by(following(4_000), 5_000);
        assert_eq!(time.now(), 5_000);
        time.advance(2_000);
        assert_eq!(time.now(), 6_000);
    }
}
