//! The budget of Salesforce API calls: what each hour cost, and what scheduled work may still spend.

use std::ops::AddAssign;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{code::Code, finding::Finding, run::Counts};

/// The span over which Salesforce counts an org's calls.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The age from which Salesforce's own figure is no reason to stop: other clients' calls may have left its span. Hourly
/// work that stopped asks anew.
const STALE: SignedDuration = SignedDuration::from_mins(30);

/// Rows of one page of a listing.
const PAGE: u64 = 2_000;

/// Records that the import reads at once.
const BATCH: u64 = 200;

/// Calls of a full run beside pages and batches: the check of its fields, and the linked records that the listing does
/// not show.
const FULL_RUN_EXTRA: u64 = 4;

/// The purpose of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// A run's listing.
    List,
    /// Reading what is imported, or explained.
    Import,
    /// Writing to Salesforce.
    Push,
    /// Previewing and confirming a link.
    Link,
    /// Reading which fields there are.
    Describe,
    /// Logging in, which does not count towards the org's calls.
    Login,
}

impl Purpose {
    /// Every purpose, in the order in which they are shown.
    pub const ALL: [Self; 6] = [
        Self::List,
        Self::Import,
        Self::Push,
        Self::Link,
        Self::Describe,
        Self::Login,
    ];

    /// Returns the purpose's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Import => "import",
            Self::Push => "push",
            Self::Link => "link",
            Self::Describe => "describe",
            Self::Login => "login",
        }
    }
}

/// Calls by purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls([u64; Purpose::ALL.len()]);

impl Calls {
    /// Returns the number for a purpose.
    #[must_use]
    pub fn of(&self, purpose: Purpose) -> u64 {
        self.0[purpose as usize]
    }

    /// Adds calls for a purpose.
    pub fn add(&mut self, purpose: Purpose, calls: u64) {
        self.0[purpose as usize] += calls;
    }

    /// Returns the number that the org's allowance is charged with: logins are free.
    #[must_use]
    pub fn charged(&self) -> u64 {
        let charged = Purpose::ALL.into_iter();
        charged
            .filter(|purpose| *purpose != Purpose::Login)
            .map(|purpose| self.of(purpose))
            .sum()
    }

    /// Returns `true` if there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|calls| *calls == 0)
    }
}

impl AddAssign for Calls {
    fn add_assign(&mut self, other: Self) {
        for (calls, more) in self.0.iter_mut().zip(other.0) {
            *calls += more;
        }
    }
}

/// The org's own figure, of all its clients (`Sforce-Limit-Info`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrgAllowance {
    /// Calls of the last 24 hours.
    pub used: u64,
    /// Calls that it may make in 24 hours.
    pub allowed: u64,
    /// The time at which Salesforce said so.
    pub read_at: Timestamp,
}

/// The calls of one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourOfCalls {
    /// The beginning of the hour.
    pub hour: Timestamp,
    /// The calls.
    pub calls: Calls,
}

/// The calls of the last 24 hours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DayOfCalls {
    /// Hours in which there were any, oldest first.
    pub hours: Vec<HourOfCalls>,
    /// The org's own figure, as it was last read.
    pub org: Option<OrgAllowance>,
}

impl DayOfCalls {
    /// Returns the number of our own calls that the org's allowance is charged with.
    #[must_use]
    pub fn charged(&self) -> u64 {
        self.hours.iter().map(|hour| hour.calls.charged()).sum()
    }
}

/// The setting `api_budget`: what scheduled work leaves to the org's other clients.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApiBudget {
    /// The part of the org's calls in 24 hours that may be ours.
    pub share: f64,
    /// The number of calls that are always left.
    pub reserve: u64,
}

/// Shares are numbers between zero and one, which are equal to themselves.
impl Eq for ApiBudget {}

impl Default for ApiBudget {
    fn default() -> Self {
        Self {
            share: 0.5,
            reserve: 1_000,
        }
    }
}

/// The room that a budget leaves.
#[derive(Clone, Debug, PartialEq)]
pub enum Room {
    /// So many calls; [`None`] while Salesforce has not said how many the org may make.
    Left(Option<u64>),
    /// None: the reason in words, and when there is room again.
    Spent(Spent),
}

/// A budget without room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// The part of the budget that is spent, in words.
    pub what: String,
    /// The time from which there is room again, as far as that follows from our own calls.
    pub until: Option<Timestamp>,
}

impl Spent {
    /// Returns the time from which scheduled work goes on, in words.
    #[must_use]
    pub fn goes_on(&self) -> String {
        match self.until {
            Some(until) => format!("with the first run after {until}"),
            None => "with the first run that finds room in the org's last 24 hours".to_owned(),
        }
    }

    /// Returns the finding of a run that stopped.
    #[must_use]
    pub fn finding(&self) -> Finding {
        Finding::new(Code::SfBudgetSpent)
            .value(self.what.as_str())
            .other(self.goes_on())
    }
}

impl ApiBudget {
    /// Returns the number of our own calls in 24 hours that the share allows.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of a number of calls is one between zero and that number"
    )]
    pub fn limit(&self, allowed: u64) -> u64 {
        (allowed as f64 * self.share.clamp(0.0, 1.0)).floor() as u64
    }

    /// Returns the room for calls, `made` of which are not in the day's figures yet.
    #[must_use]
    pub fn room(&self, day: &DayOfCalls, made: u64, now: Timestamp) -> Room {
        let Some(org) = day.org else {
            return Room::Left(None);
        };
        let own = day.charged() + made;
        let limit = self.limit(org.allowed);
        let of_share = limit.saturating_sub(own);
        if of_share == 0 {
            let what = format!(
                "of the org's {} calls in 24 hours, dealbridge may make {limit} (setting api_budget.share), and it made {own}",
                org.allowed
            );
            return Room::Spent(Spent {
                what,
                until: self.room_from(day, limit, now),
            });
        }
        if now.duration_since(org.read_at) > STALE {
            return Room::Left(Some(of_share));
        }
        let of_org = org
            .allowed
            .saturating_sub(org.used.max(own))
            .saturating_sub(self.reserve);
        if of_org == 0 {
            let what = format!(
                "the org made {} of its {} calls in 24 hours, and {} of them are left to its other clients (setting api_budget.reserve)",
                org.used, org.allowed, self.reserve
            );
            return Room::Spent(Spent { what, until: None });
        }
        Room::Left(Some(of_share.min(of_org)))
    }

    /// The end of the hour whose calls must leave the 24 hours for the rest to be below the limit.
    fn room_from(&self, day: &DayOfCalls, limit: u64, now: Timestamp) -> Option<Timestamp> {
        let mut left = day.charged();
        for hour in &day.hours {
            left = left.saturating_sub(hour.calls.charged());
            if left < limit {
                let hour_end = SignedDuration::from_hours(1);
                return hour
                    .hour
                    .checked_add(DAY + hour_end)
                    .ok()
                    .filter(|at| *at > now);
            }
        }
        None
    }

    /// Returns the finding of a budget that is nearly spent.
    #[must_use]
    pub fn nearly_spent(&self, day: &DayOfCalls) -> Option<Finding> {
        let org = day.org.filter(|_| self.is_nearly_spent(day))?;
        let value = format!(
            "in 24 hours, dealbridge made {} of the {} calls that it may make, and the org with all its clients {} of {}, of which {} are kept back",
            day.charged(),
            self.limit(org.allowed),
            org.used,
            org.allowed,
            self.reserve
        );
        Some(Finding::new(Code::SfBudgetNearlySpent).value(value))
    }

    /// Returns `true` if four fifths of the budget are spent.
    #[must_use]
    pub fn is_nearly_spent(&self, day: &DayOfCalls) -> bool {
        let Some(org) = day.org else { return false };
        let most = |spent: u64, limit: u64| u128::from(spent) * 5 >= u128::from(limit) * 4;
        most(day.charged(), self.limit(org.allowed))
            || most(org.used, org.allowed.saturating_sub(self.reserve))
    }
}

/// Returns the calls that a full run would take, from what the latest runs found.
#[must_use]
pub fn full_run_calls(listed: u64, failed: u64) -> u64 {
    let pages = listed.div_ceil(PAGE).max(1);
    // What has an open problem is read again by every run; the rest only where it changed.
    pages + failed.div_ceil(BATCH) + FULL_RUN_EXTRA
}

/// Returns [`full_run_calls`] for the counts of a full run, and of the run after which the problems are as they are.
#[must_use]
pub fn full_run_estimate(full: &Counts, latest: &Counts) -> u64 {
    full_run_calls(full.listed, latest.failed.max(full.failed))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_795_262_400;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(NOON + hours * 3_600).unwrap()
    }

    fn hour(hours: i64, listed: u64, logins: u64) -> HourOfCalls {
        let mut calls = Calls::default();
        calls.add(Purpose::List, listed);
        calls.add(Purpose::Login, logins);
        HourOfCalls {
            hour: at(hours),
            calls,
        }
    }

    fn day(hours: Vec<HourOfCalls>, used: u64, read: i64) -> DayOfCalls {
        DayOfCalls {
            hours,
            org: Some(OrgAllowance {
                used,
                allowed: 10_000,
                read_at: at(read),
            }),
        }
    }

    const BUDGET: ApiBudget = ApiBudget {
        share: 0.5,
        reserve: 1_000,
    };

    #[test]
    fn logins_are_free_and_the_smaller_of_share_and_rest_is_left() {
        let calm = day(vec![hour(-1, 4_000, 900)], 4_000, 0);
        let busy = day(vec![hour(-1, 4_000, 0)], 8_800, 0);

        assert_eq!(BUDGET.room(&calm, 10, at(0)), Room::Left(Some(990)));
        assert_eq!(BUDGET.room(&busy, 0, at(0)), Room::Left(Some(200)));
    }

    #[test]
    fn a_spent_share_says_when_the_hours_that_spent_it_are_over() {
        let spent = day(
            vec![hour(-20, 100, 0), hour(-3, 4_900, 0), hour(0, 50, 0)],
            5_050,
            0,
        );

        let Room::Spent(spent) = BUDGET.room(&spent, 0, at(0)) else {
            panic!("there is no room");
        };
        assert!(spent.what.contains("api_budget.share"), "{}", spent.what);
        assert_eq!(spent.until, Some(at(-20 + 25)));
    }

    #[test]
    fn other_clients_count_while_their_figure_is_fresh() {
        let fresh = day(vec![hour(-1, 10, 0)], 9_100, 0);
        let stale = day(vec![hour(-1, 10, 0)], 9_100, -2);

        assert!(matches!(BUDGET.room(&fresh, 0, at(0)), Room::Spent(spent)
            if spent.until.is_none() && spent.what.contains("api_budget.reserve")));
        assert_eq!(BUDGET.room(&stale, 0, at(0)), Room::Left(Some(4_990)));
    }

    #[test]
    fn nothing_is_known_of_an_org_that_was_never_asked() {
        let unknown = DayOfCalls {
            hours: vec![hour(-1, 10, 0)],
            org: None,
        };

        assert_eq!(BUDGET.room(&unknown, 0, at(0)), Room::Left(None));
        assert!(!BUDGET.is_nearly_spent(&unknown));
    }

    #[test]
    fn four_fifths_of_either_part_are_worth_a_warning() {
        let own = |calls| BUDGET.is_nearly_spent(&day(vec![hour(0, calls, 0)], calls, 0));
        let org = |used| BUDGET.is_nearly_spent(&day(Vec::new(), used, 0));

        assert_eq!((own(3_999), own(4_000)), (false, true));
        assert_eq!((org(7_199), org(7_200)), (false, true));
    }

    #[test]
    fn a_full_run_takes_its_pages_and_what_has_problems() {
        assert_eq!(full_run_calls(8_800, 2_100), 5 + 11 + 4);
        assert_eq!(full_run_calls(0, 0), 1 + 4);
    }
}
