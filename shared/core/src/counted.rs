//! The runs that have counted an Opportunity, so that a message delivered twice, or days late, counts once in its run.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::run::RunId;

/// The most ranges that an item keeps of its set; of a longer one, the oldest half is kept elsewhere.
///
/// Runs that count the same Opportunity are mostly consecutive, so one range covers weeks. An Opportunity that is
/// edited a few times a day has as many ranges, and its claim must still stay within a kilobyte.
const RANGES: usize = 24;

/// A set of runs, kept as ranges: `3-9,11`. `-39,44-47` says that runs up to 39 are kept elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CountedRuns {
    ranges: Vec<(u32, u32)>,
    /// The set itself does not know all runs up to this one.
    elsewhere: u32,
}

/// A text that is not a set of runs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a set of runs such as 3-9,11")]
pub struct InvalidCounted(String);

impl CountedRuns {
    /// Returns the set of one run.
    #[must_use]
    pub fn by(run: RunId) -> Self {
        Self {
            ranges: vec![(run.number(), run.number())],
            elsewhere: 0,
        }
    }

    /// Returns `true` if the set itself holds this run.
    #[must_use]
    pub fn contains(&self, run: RunId) -> bool {
        let number = run.number();
        let holds = |(first, last): &(u32, u32)| (*first..=*last).contains(&number);
        self.ranges.iter().any(holds)
    }

    /// Returns `true` if only the runs that are kept elsewhere can tell if this run has counted.
    #[must_use]
    pub fn is_unsure_of(&self, run: RunId) -> bool {
        run.number() <= self.elsewhere && !self.contains(run)
    }

    /// Returns the set with this run added.
    #[must_use]
    pub fn with(&self, run: RunId) -> Self {
        self.and(&Self::by(run))
    }

    /// Returns the set without a run whose neighbours it does not hold.
    #[must_use]
    pub(crate) fn without(&self, run: RunId) -> Self {
        let alone = (run.number(), run.number());
        let ranges = self.ranges.iter().copied();
        Self {
            ranges: ranges.filter(|range| *range != alone).collect(),
            elsewhere: self.elsewhere,
        }
    }

    /// Returns the runs of both sets.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut ranges = [&self.ranges[..], &other.ranges[..]].concat();
        ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match merged.last_mut() {
                Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
                _ => merged.push((first, last)),
            }
        }
        Self {
            ranges: merged,
            elsewhere: self.elsewhere.max(other.elsewhere),
        }
    }

    /// Takes the oldest ranges out of a set that has grown long, to be kept elsewhere.
    pub fn take_oldest(&mut self) -> Option<Self> {
        if self.ranges.len() <= RANGES {
            return None;
        }
        let kept = self.ranges.split_off(self.ranges.len() - RANGES / 2);
        let oldest = std::mem::replace(&mut self.ranges, kept);
        let last = oldest.last().map_or(0, |(_, last)| *last);
        self.elsewhere = self.elsewhere.max(last);
        Some(Self {
            ranges: oldest,
            elsewhere: 0,
        })
    }

    /// Returns the ranges, each as a text of its own.
    pub fn ranges(&self) -> impl Iterator<Item = String> + '_ {
        self.ranges.iter().map(|(first, last)| {
            if first == last {
                first.to_string()
            } else {
                format!("{first}-{last}")
            }
        })
    }
}

impl fmt::Display for CountedRuns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let elsewhere = (self.elsewhere > 0).then(|| format!("-{}", self.elsewhere));
        for (at, part) in elsewhere.into_iter().chain(self.ranges()).enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{part}")?;
        }
        Ok(())
    }
}

impl From<CountedRuns> for String {
    fn from(counted: CountedRuns) -> Self {
        counted.to_string()
    }
}

impl TryFrom<String> for CountedRuns {
    type Error = InvalidCounted;

    fn try_from(text: String) -> Result<Self, InvalidCounted> {
        let invalid = || InvalidCounted(text.clone());
        let mut counted = Self::default();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            if let Some(elsewhere) = part.strip_prefix('-') {
                counted.elsewhere = elsewhere.parse().map_err(|_| invalid())?;
                continue;
            }
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            match (first.parse(), last.parse()) {
                (Ok(first), Ok(last)) if first <= last => counted.ranges.push((first, last)),
                _ => return Err(invalid()),
            }
        }
        Ok(counted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(number: u32) -> RunId {
        RunId::new(number)
    }

    #[test]
    fn a_run_is_in_the_set_once_it_was_added_whatever_the_order() {
        let counted = CountedRuns::by(run(5))
            .with(run(3))
            .with(run(4))
            .with(run(9))
            .with(run(9));

        assert_eq!(counted.to_string(), "3-5,9");
        assert!(
            [3, 4, 5, 9]
                .into_iter()
                .all(|number| counted.contains(run(number)))
        );
        assert!(
            ![2, 6, 8, 10]
                .into_iter()
                .any(|number| counted.contains(run(number)))
        );
    }

    #[test]
    fn two_sets_together_hold_the_runs_of_both() {
        let both = |one: &str, other: &str| {
            let set = |text: &str| CountedRuns::try_from(text.to_owned()).unwrap();
            set(one).and(&set(other)).to_string()
        };

        assert_eq!(both("3-5,9", "1,6-8,20"), "1,3-9,20");
        assert_eq!(both("", "2"), "2");
        assert_eq!(both("1-9", "3"), "1-9");
    }

    #[test]
    fn the_set_reads_back_as_it_was_written() {
        for text in ["", "7", "3-5,9", "1-400,402", "-39,44-47", "-8"] {
            assert_eq!(
                CountedRuns::try_from(text.to_owned()).unwrap().to_string(),
                text
            );
        }
        for text in ["x", "5-3", "1,,x", "-x"] {
            assert!(CountedRuns::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_long_set_gives_its_oldest_ranges_away_and_is_unsure_of_them_alone() {
        let mut counted = (1..=50)
            .filter(|number| number % 2 == 0)
            .fold(CountedRuns::default(), |counted, number| {
                counted.with(run(number))
            });

        let oldest = counted.take_oldest().unwrap();

        assert_eq!(oldest.to_string(), "2,4,6,8,10,12,14,16,18,20,22,24,26");
        assert!(counted.to_string().starts_with("-26,28,30,"), "{counted}");
        assert!(
            [1, 2, 26]
                .into_iter()
                .all(|number| counted.is_unsure_of(run(number)))
        );
        assert!(
            ![27, 28, 50]
                .into_iter()
                .any(|number| counted.is_unsure_of(run(number)))
        );
        assert!(counted.contains(run(28)) && !counted.contains(run(2)));
        assert_eq!(counted.take_oldest(), None);
    }

    #[test]
    fn an_old_run_that_is_added_to_what_is_kept_elsewhere_is_sure() {
        let counted = CountedRuns::try_from("-26,28".to_owned())
            .unwrap()
            .with(run(3));

        assert!(counted.contains(run(3)) && !counted.is_unsure_of(run(3)));
        assert!(counted.is_unsure_of(run(4)));
        assert_eq!(counted.to_string(), "-26,3,28");
    }
}
