//! Entries of one kind of task, newest first, read from partition after partition as far as they are asked for.

use std::collections::VecDeque;

use dealbridge_core::{
    entry::{Entry, PackedEntry},
    ports::PortError,
    run::RunId,
};
use dealbridge_lambda::aws::{Store, keys};
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// How many runs are looked up at once to find those that are kept.
const RUNS_AT_ONCE: u32 = 50;
/// Entries live 90 days, which reach into at most this many months before the current one.
const MONTHS_KEPT: u32 = 3;

/// How many requests of the store one call may still make.
#[derive(Debug)]
pub(crate) struct Budget(pub(crate) usize);

impl Budget {
    fn take(&mut self) -> bool {
        let left = self.0 > 0;
        self.0 = self.0.saturating_sub(1);
        left
    }
}

/// What the entries belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Every run; a partition is a run's number.
    Runs,
    /// One run.
    Run,
    /// Actions; a partition is a month, counted from the year 0.
    Actions {
        /// The oldest month that may hold any.
        oldest: u32,
    },
}

/// Where a stream goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Spot {
    /// The partition.
    #[serde(rename = "p")]
    partition: u32,
    /// The packed entry that was read last, if any of this partition was.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    entry: Option<String>,
    /// How many of its entries were read.
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

/// The oldest month that may hold entries at that time.
pub(crate) fn oldest_month(now: Timestamp) -> u32 {
    month_of(now).saturating_sub(MONTHS_KEPT)
}

/// Whether a stream has an entry at its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Head {
    /// It has; its time.
    At(Timestamp),
    /// It has come to its end.
    End,
    /// The budget is used up.
    Later,
}

/// The entries.
pub(crate) struct Stream<'a> {
    store: &'a Store,
    source: Source,
    /// Packed entries per request.
    most: i32,
    spot: Option<Spot>,
    /// Runs known to be kept, from the newest to the oldest.
    kept: VecDeque<u32>,
    buffer: VecDeque<PackedEntry>,
    /// Whether the partition holds more behind the buffer.
    more: bool,
}

impl<'a> Stream<'a> {
    pub(crate) fn new(store: &'a Store, source: Source, spot: Option<Spot>, most: i32) -> Self {
        Self {
            store,
            source,
            most,
            spot,
            kept: VecDeque::new(),
            buffer: VecDeque::new(),
            more: false,
        }
    }

    /// Where the stream goes on; none at its end.
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
            if self.source == Source::Runs && spot.entry.is_none() {
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

    /// The newest run of that number or below that is in the log. Runs expire in order, so a gap is the end.
    async fn kept_run(&mut self, number: u32) -> Result<Option<u32>, PortError> {
        while self.kept.front().is_some_and(|kept| *kept > number) {
            self.kept.pop_front();
        }
        if self.kept.is_empty() {
            let ids: Vec<RunId> = (1..=number)
                .rev()
                .take(RUNS_AT_ONCE as usize)
                .map(RunId::new)
                .collect();
            let kept = self.store.runs_kept(&ids).await?;
            self.kept = kept.into_iter().map(RunId::number).collect();
        }
        Ok(self.kept.front().copied())
    }

    async fn read(&mut self, spot: Spot) -> Result<(), PortError> {
        let partition = self.partition(spot.partition);
        let slice = self
            .store
            .entries_before(&partition, spot.entry.as_deref(), self.most)
            .await?;
        self.buffer = slice.items.into();
        self.more = slice.more;
        // What was read last comes again, and may have entries that were not read.
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
            Source::Runs | Source::Run => keys::run_partition(RunId::new(number)),
            Source::Actions { .. } => keys::actions_of(number / 12, number % 12 + 1),
        }
    }

    fn next_partition(&mut self, number: u32) -> Option<Spot> {
        let oldest = match self.source {
            Source::Runs => 1,
            Source::Run => return None,
            Source::Actions { oldest } => oldest,
        };
        (number > oldest).then(|| Spot::at(number - 1))
    }

    /// The entries at the head that were not read, each with its place in its packed entry.
    pub(crate) fn entries(&self) -> Vec<(usize, Entry)> {
        let (Some(packed), Some(spot)) = (self.buffer.front(), &self.spot) else {
            return Vec::new();
        };
        let task = match self.source {
            Source::Runs | Source::Run => RunId::new(spot.partition).to_string(),
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
                    Source::Runs | Source::Run => format!("{task}-{}", entry.id),
                    Source::Actions { .. } => format!("action-{}", entry.id),
                };
                (at, Entry { id, ..entry })
            })
            .collect()
    }

    /// Goes on behind that many entries of the head.
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

/// How many entries a packed one holds.
fn entries_in(packed: &PackedEntry) -> usize {
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
}
