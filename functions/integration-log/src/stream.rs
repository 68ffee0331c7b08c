//! Entries of one source, ordered by time, read from partition after partition as far as they are requested.

use std::collections::VecDeque;

use dealbridge_core::{
    entry::{Entry, LogBatch},
    ports::PortError,
    run::RunId,
};
use dealbridge_lambda::aws::{Store, keys, log::Order};
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// Runs looked up at once to find those that have not expired.
const RUNS_AT_ONCE: usize = 50;
/// Number of months before the current one that entries, which live 90 days, may reach into.
const MONTHS_KEPT: u32 = 3;

/// The requests to the store that a call has left.
#[derive(Debug)]
pub(crate) struct Budget(pub(crate) usize);

impl Budget {
    fn take(&mut self) -> bool {
        let left = self.0 > 0;
        self.0 = self.0.saturating_sub(1);
        left
    }
}

/// The source of entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// All runs that have not expired; a partition is a run's number.
    Runs {
        /// The latest run.
        latest: u32,
    },
    /// These runs, by number.
    These(Vec<u32>),
    /// Actions; a partition is a month, counted from the year 0.
    Actions {
        /// The earliest month that may hold any.
        earliest: u32,
        /// The latest one.
        latest: u32,
    },
}

impl Source {
    /// The partition after this one in the given order.
    fn behind(&self, number: u32, order: Order) -> Option<u32> {
        let (earliest, latest) = match self {
            Self::These(runs) => {
                return match order {
                    Order::NewestFirst => runs.iter().copied().filter(|run| *run < number).max(),
                    Order::OldestFirst => runs.iter().copied().filter(|run| *run > number).min(),
                };
            }
            Self::Runs { latest } => (1, *latest),
            Self::Actions { earliest, latest } => (*earliest, *latest),
        };
        match order {
            Order::NewestFirst => (number > earliest).then(|| number - 1),
            Order::OldestFirst => (number < latest).then(|| number + 1),
        }
    }
}

/// A position in a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Spot {
    /// The partition.
    #[serde(rename = "p")]
    partition: u32,
    /// The packed entry of this partition that was read last, if any.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    entry: Option<String>,
    /// The number of its entries that were read.
    #[serde(rename = "n", default)]
    read: usize,
}

impl Spot {
    /// The beginning of a partition.
    pub(crate) fn at(partition: u32) -> Self {
        Self {
            partition,
            entry: None,
            read: 0,
        }
    }
}

/// The month of a time, counted from the year 0.
pub(crate) fn month_of(at: Timestamp) -> u32 {
    let date = at.to_zoned(TimeZone::UTC).date();
    let (year, month) = (date.year(), date.month());
    u32::try_from(i32::from(year) * 12 + i32::from(month) - 1).unwrap_or(0)
}

/// The earliest month that may hold entries at that time.
pub(crate) fn oldest_month(now: Timestamp) -> u32 {
    month_of(now).saturating_sub(MONTHS_KEPT)
}

/// The state of a stream's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Head {
    /// An entry with this time.
    At(Timestamp),
    /// The stream has ended.
    End,
    /// The budget is used up.
    Later,
}

/// A stream of entries.
pub(crate) struct Stream<'a> {
    store: &'a Store,
    source: Source,
    order: Order,
    /// Packed entries per request.
    most: i32,
    spot: Option<Spot>,
    /// Runs that have not expired, in the stream's order.
    kept: VecDeque<u32>,
    buffer: VecDeque<LogBatch>,
    /// `true` if the partition holds more than the buffer.
    more: bool,
}

impl<'a> Stream<'a> {
    pub(crate) fn new(
        store: &'a Store,
        source: Source,
        order: Order,
        spot: Option<Spot>,
        most: i32,
    ) -> Self {
        Self {
            store,
            source,
            order,
            most,
            spot,
            kept: VecDeque::new(),
            buffer: VecDeque::new(),
            more: false,
        }
    }

    /// The stream's position; none at its end.
    pub(crate) fn spot(&self) -> Option<&Spot> {
        self.spot.as_ref()
    }

    /// Reads until there is an entry at the head.
    pub(crate) async fn head(&mut self, budget: &mut Budget) -> Result<Head, PortError> {
        loop {
            if let Some(packed) = self.buffer.front() {
                return Ok(Head::At(packed.at));
            }
            let Some(mut spot) = self.spot.clone() else {
                return Ok(Head::End);
            };
            if matches!(self.source, Source::Runs { .. }) && spot.entry.is_none() {
                if self.kept.is_empty() && !budget.take() {
                    return Ok(Head::Later);
                }
                match self.kept_run(spot.partition).await? {
                    Some(run) => spot.partition = run,
                    None => {
                        self.spot = None;
                        return Ok(Head::End);
                    }
                }
            }
            if !budget.take() {
                return Ok(Head::Later);
            }
            self.read(spot).await?;
        }
    }

    /// The first run that has not expired, from that number on in the stream's order. Runs expire in order, so a gap is
    /// the end.
    async fn kept_run(&mut self, number: u32) -> Result<Option<u32>, PortError> {
        let order = self.order;
        let is_passed = |kept: u32| match order {
            Order::NewestFirst => kept > number,
            Order::OldestFirst => kept < number,
        };
        while self.kept.front().is_some_and(|kept| is_passed(*kept)) {
            self.kept.pop_front();
        }
        if self.kept.is_empty() {
            let numbers = std::iter::successors(Some(number), |at| self.source.behind(*at, order));
            let ids: Vec<RunId> = numbers.take(RUNS_AT_ONCE).map(RunId::new).collect();
            let kept = self.store.runs_kept(&ids).await?;
            self.kept = kept.into_iter().map(RunId::number).collect();
        }
        Ok(self.kept.front().copied())
    }

    async fn read(&mut self, spot: Spot) -> Result<(), PortError> {
        let partition = self.partition(spot.partition);
        let slice = self
            .store
            .entries_from(&partition, self.order, spot.entry.as_deref(), self.most)
            .await?;
        self.buffer = slice.items.into();
        self.more = slice.more;
        // The packed entry that was read last comes again, and may have entries that were not read.
        if let (Some(last), Some(first)) = (&spot.entry, self.buffer.front())
            && first.id == *last
            && spot.read >= entries_in(first)
        {
            self.buffer.pop_front();
        }
        let is_empty = self.buffer.is_empty() && !self.more;
        self.spot = if is_empty {
            self.next_partition(spot.partition)
        } else {
            Some(spot)
        };
        Ok(())
    }

    fn partition(&self, number: u32) -> String {
        match self.source {
            Source::Runs { .. } | Source::These(_) => keys::run_partition(RunId::new(number)),
            Source::Actions { .. } => keys::actions_of(number / 12, number % 12 + 1),
        }
    }

    fn next_partition(&self, number: u32) -> Option<Spot> {
        self.source.behind(number, self.order).map(Spot::at)
    }

    /// The unread entries of the head, each with its index in the packed entry.
    pub(crate) fn entries(&self) -> Vec<(usize, Entry)> {
        let (Some(packed), Some(spot)) = (self.buffer.front(), &self.spot) else {
            return Vec::new();
        };
        let task = match self.source {
            Source::Runs { .. } | Source::These(_) => RunId::new(spot.partition).to_string(),
            Source::Actions { .. } => format!("action-{}", packed.id),
        };
        let read = if spot.entry.as_ref() == Some(&packed.id) {
            spot.read
        } else {
            0
        };
        packed
            .unpack(&task)
            .into_iter()
            .enumerate()
            .skip(read)
            .map(|(at, entry)| {
                let id = match self.source {
                    Source::Runs { .. } | Source::These(_) => format!("{task}-{}", entry.id),
                    Source::Actions { .. } => format!("action-{}", entry.id),
                };
                (at, Entry { id, ..entry })
            })
            .collect()
    }

    /// Moves on by that many entries of the head.
    pub(crate) fn advance(&mut self, read: usize) {
        let (Some(packed), Some(spot)) = (self.buffer.front(), &mut self.spot) else {
            return;
        };
        spot.entry = Some(packed.id.clone());
        spot.read = read;
        if read < entries_in(packed) {
            return;
        }
        self.buffer.pop_front();
        if self.buffer.is_empty() && !self.more {
            let number = spot.partition;
            self.spot = self.next_partition(number);
        }
    }
}

/// The earliest run that has not expired. Runs expire in order, so that each round of evenly spread numbers narrows the
/// gap.
pub(crate) async fn earliest_run(store: &Store, latest: u32) -> Result<u32, PortError> {
    let (mut gone, mut kept) = (0, latest);
    while kept > gone + 1 {
        let step = (kept - gone - 1).div_ceil(RUNS_AT_ONCE as u32).max(1);
        let numbers = (gone + 1..kept).step_by(step as usize);
        let ids: Vec<RunId> = numbers.map(RunId::new).collect();
        let found = store.runs_kept(&ids).await?;
        let first = found.first().map_or(kept, |run| run.number());
        let before = ids.iter().map(|id| id.number()).filter(|id| *id < first);
        gone = before.max().unwrap_or(gone);
        kept = first;
    }
    Ok(kept)
}

/// The number of entries in a packed entry.
fn entries_in(packed: &LogBatch) -> usize {
    packed.lines.iter().map(|line| line.findings.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_counted_over_the_turn_of_the_year() {
        let month = |text: &str| month_of(text.parse().unwrap());

        assert_eq!(
            month("2026-12-31T23:59:59Z") + 1,
            month("2027-01-01T00:00:00Z")
        );
        assert_eq!(
            keys::actions_of(month("2026-12-31T23:59:59Z") / 12, 12),
            "ACTIONS#2026-12"
        );
        assert_eq!(
            oldest_month("2026-02-01T00:00:00Z".parse().unwrap()),
            month("2025-11-05T00:00:00Z")
        );
    }

    #[test]
    fn partitions_follow_each_other_in_either_order_to_their_end() {
        let all = |source: Source, from: u32, order: Order| -> Vec<u32> {
            std::iter::successors(Some(from), |at| source.behind(*at, order)).collect()
        };
        let months = || Source::Actions {
            earliest: 7,
            latest: 9,
        };

        assert_eq!(all(months(), 9, Order::NewestFirst), [9, 8, 7]);
        assert_eq!(all(months(), 7, Order::OldestFirst), [7, 8, 9]);
        assert_eq!(
            all(Source::These(vec![5, 2, 9]), 9, Order::NewestFirst),
            [9, 5, 2]
        );
        assert_eq!(
            all(Source::These(vec![5, 2, 9]), 2, Order::OldestFirst),
            [2, 5, 9]
        );
        assert_eq!(
            all(Source::Runs { latest: 3 }, 2, Order::OldestFirst),
            [2, 3]
        );
        assert_eq!(
            all(Source::Runs { latest: 3 }, 2, Order::NewestFirst),
            [2, 1]
        );
    }
}
