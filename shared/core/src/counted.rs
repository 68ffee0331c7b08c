//! Which runs have counted an Opportunity, so that a message delivered twice, or days late, counts once in its run.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::run::RunId;

/// How many ranges of runs are remembered; anything before the first of them is taken as counted.
///
/// Runs that count the same Opportunity are mostly consecutive, so that one range covers weeks;
/// 24 ranges outlast the 14 days that a message can wait in a dead-letter queue in all but contrived histories.
const RANGES: usize = 24;

/// A set of runs, kept as ranges: `3-9,11`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Counted(Vec<(u32, u32)>);

/// The text is no set of runs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a set of runs such as 3-9,11")]
pub struct InvalidCounted(String);

impl Counted {
    /// The set of that one run.
    #[must_use]
    pub fn by(run: RunId) -> Self {
        Self(vec![(run.number(), run.number())])
    }

    /// Whether that run has counted.
    #[must_use]
    pub fn contains(&self, run: RunId) -> bool {
        let number = run.number();
        let forgotten =
            self.0.len() == RANGES && self.0.first().is_some_and(|(first, _)| number < *first);
        forgotten
            || self
                .0
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&number))
    }

    /// The set with that run added.
    #[must_use]
    pub fn with(&self, run: RunId) -> Self {
        if self.contains(run) {
            return self.clone();
        }
        self.and(&Self::by(run))
    }

    /// The runs of both sets.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut ranges = [&self.0[..], &other.0[..]].concat();
        ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match merged.last_mut() {
                Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
                _ => merged.push((first, last)),
            }
        }
        let skip = merged.len().saturating_sub(RANGES);
        Self(merged.split_off(skip))
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (first, last)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            if first == last {
                write!(f, "{comma}{first}")?
            } else {
                write!(f, "{comma}{first}-{last}")?
            }
        }
        Ok(())
    }
}

impl From<Counted> for String {
    fn from(counted: Counted) -> Self {
        counted.to_string()
    }
}

impl TryFrom<String> for Counted {
    type Error = InvalidCounted;

    fn try_from(text: String) -> Result<Self, InvalidCounted> {
        let range = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            Some((first.parse::<u32>().ok()?, last.parse::<u32>().ok()?))
                .filter(|(first, last)| first <= last)
        };
        text.split(',')
            .filter(|part| !part.is_empty())
            .map(range)
            .collect::<Option<Vec<_>>>()
            .map(Self)
            .ok_or(InvalidCounted(text))
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
        let counted = Counted::by(run(5))
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
            let set = |text: &str| Counted::try_from(text.to_owned()).unwrap();
            set(one).and(&set(other)).to_string()
        };

        assert_eq!(both("3-5,9", "1,6-8,20"), "1,3-9,20");
        assert_eq!(both("", "2"), "2");
        assert_eq!(both("1-9", "3"), "1-9");
    }

    #[test]
    fn the_set_reads_back_as_it_was_written() {
        for text in ["", "7", "3-5,9", "1-400,402"] {
            assert_eq!(
                Counted::try_from(text.to_owned()).unwrap().to_string(),
                text
            );
        }
        for text in ["x", "5-3", "1,,x"] {
            assert!(Counted::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_too_old_to_be_remembered_is_taken_as_counted() {
        let counted = (1..200)
            .filter(|number| number % 2 == 0)
            .fold(Counted::default(), |counted, number| {
                counted.with(run(number))
            });

        assert!(counted.contains(run(1)));
        assert!(!counted.contains(run(197)));
        assert!(counted.to_string().len() < 120);
    }
}
