//! At-least-once delivery made visible: what a distributed queue does now and then, at will.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

/// The extent to which a server departs from delivering each message once and in order.
///
/// The same seed and the same requests give the same departures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Disorder {
    /// Where the random choices start.
    pub seed: u64,
    /// The share of deliveries that leave a second copy behind, from 0 to 1. The copy has the same
    /// message id and body, and outlives the deletion of the first; copies are not copied again.
    pub duplicates: f64,
    /// The longest time in seconds after which a copy shows up; 0 means at once.
    pub duplicates_within_seconds: u32,
    /// True if messages come in random order.
    pub shuffle: bool,
}

impl Default for Disorder {
    fn default() -> Self {
        Self {
            seed: 0,
            duplicates: 0.0,
            duplicates_within_seconds: 0,
            shuffle: true,
        }
    }
}

/// A [`Disorder`] under way.
#[derive(Debug)]
pub(crate) struct DisorderDice {
    disorder: Disorder,
    random: StdRng,
}

impl DisorderDice {
    pub(crate) fn new(disorder: Disorder) -> Self {
        Self {
            random: StdRng::seed_from_u64(disorder.seed),
            disorder,
        }
    }

    /// After how many seconds a copy of a message shows up, if one does.
    pub(crate) fn duplicate(&mut self) -> Option<u32> {
        let within = 0..=self.disorder.duplicates_within_seconds;
        (self.random.random::<f64>() < self.disorder.duplicates)
            .then(|| self.random.random_range(within))
    }

    /// A random place in the order, when the order is shuffled.
    pub(crate) fn rank(&mut self) -> Option<u64> {
        self.disorder.shuffle.then(|| self.random.random())
    }
}
