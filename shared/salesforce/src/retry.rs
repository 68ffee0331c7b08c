//! Retries of safe calls.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::time::Instant;

/// Limits on the retries of a call that is safe to repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Maximum number of requests, the first included. The one retry after a fresh login does not count.
    pub max_attempts: u32,
    /// Time for one request. One that exceeds it is abandoned, and retried while there is time.
    pub attempt: Duration,
    /// Time for the call with its retries and pauses. A request that exceeds it is abandoned.
    pub total: Duration,
    /// The longest pause before the first retry; it doubles with each further one.
    pub first_pause: Duration,
    /// Limit on every pause, whatever `Retry-After` asks for.
    pub longest_pause: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 4,
            attempt: Duration::from_secs(25),
            total: Duration::from_secs(30),
            first_pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(8),
        }
    }
}

/// A small random number generator (SplitMix64): pauses need to differ between callers, nothing more.
#[derive(Debug)]
pub(crate) struct Jitter(AtomicU64);

impl Jitter {
    /// Seeds the generator with the process's own hash keys, so that two processes differ.
    pub(crate) fn of_this_process() -> Self {
        Self::seeded(RandomState::new().build_hasher().finish())
    }

    /// Seeds the generator: the same seed gives the same pauses.
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// A random duration from zero to `longest`, evenly distributed.
    fn up_to(&self, longest: Duration) -> Duration {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut bits = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        let micros = u64::try_from(longest.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(bits % micros.saturating_add(1))
    }
}

/// The attempts of one call.
pub(crate) struct Attempts<'a> {
    policy: RetryPolicy,
    jitter: &'a Jitter,
    made: u32,
    deadline: Instant,
}

impl<'a> Attempts<'a> {
    /// The attempts of a call that begins now and must end by `until`.
    pub(crate) fn new(policy: RetryPolicy, until: Option<Instant>, jitter: &'a Jitter) -> Self {
        let deadline = Instant::now() + policy.total;
        Self {
            policy,
            jitter,
            made: 0,
            deadline: until.map_or(deadline, |until| until.min(deadline)),
        }
    }

    /// The deadline of a request that begins now.
    pub(crate) fn request_deadline(&self) -> Instant {
        self.deadline.min(Instant::now() + self.policy.attempt)
    }

    /// The deadline of the call.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Pauses before the next attempt: for a random time below the doubled limit, or as long as the server asked for.
    /// Returns `false` if no attempt is left, or no time for one.
    pub(crate) async fn next(&mut self, retry_after: Option<Duration>) -> bool {
        self.made += 1;
        if self.made >= self.policy.max_attempts {
            return false;
        }
        let bound = self
            .policy
            .first_pause
            .saturating_mul(1 << (self.made - 1).min(16))
            .min(self.policy.longest_pause);
        let asked = retry_after
            .unwrap_or_default()
            .min(self.policy.longest_pause);
        let pause = self.jitter.up_to(bound).max(asked);
        if Instant::now() + pause >= self.deadline {
            return false;
        }
        tokio::time::sleep(pause).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        max_attempts: 4,
        attempt: Duration::from_secs(25),
        total: Duration::from_secs(30),
        first_pause: Duration::from_millis(100),
        longest_pause: Duration::from_millis(300),
    };

    async fn pause(attempts: &mut Attempts<'_>, asked: Option<Duration>) -> Option<Duration> {
        let before = Instant::now();
        attempts.next(asked).await.then(|| before.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_are_random_below_a_doubling_bound_and_end_after_the_last_attempt() {
        for seed in 0..200 {
            let jitter = Jitter::seeded(seed);
            let mut attempts = Attempts::new(POLICY, None, &jitter);

            for bound in [100, 200, 300] {
                // The timer's resolution is a millisecond.
                let pause = pause(&mut attempts, None).await.unwrap();
                assert!(pause <= Duration::from_millis(bound + 1), "{pause:?}");
            }
            assert_eq!(pause(&mut attempts, None).await, None);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_server_s_wish_is_followed_up_to_the_longest_pause() {
        let jitter = Jitter::seeded(1);
        let mut attempts = Attempts::new(POLICY, None, &jitter);

        let wished = pause(&mut attempts, Some(Duration::from_millis(250))).await;
        let capped = pause(&mut attempts, Some(Duration::from_secs(3600))).await;

        assert_eq!(wished, Some(Duration::from_millis(250)));
        assert_eq!(capped, Some(Duration::from_millis(300)));
    }

    #[tokio::test(start_paused = true)]
    async fn no_pause_runs_into_the_deadline() {
        let jitter = Jitter::seeded(1);
        let policy = RetryPolicy {
            total: Duration::from_millis(200),
            ..POLICY
        };
        let mut attempts = Attempts::new(policy, None, &jitter);

        assert_eq!(
            pause(&mut attempts, Some(Duration::from_millis(250))).await,
            None
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_ends_by_its_own_time_and_a_call_by_that_of_its_caller() {
        let jitter = Jitter::seeded(1);
        let now = Instant::now();
        let alone = Attempts::new(POLICY, None, &jitter);
        let in_a_hurry = Attempts::new(POLICY, Some(now + Duration::from_secs(7)), &jitter);

        assert_eq!(alone.deadline() - now, Duration::from_secs(30));
        assert_eq!(alone.request_deadline() - now, Duration::from_secs(25));
        assert_eq!(in_a_hurry.deadline() - now, Duration::from_secs(7));
        assert_eq!(in_a_hurry.request_deadline() - now, Duration::from_secs(7));
    }

    #[test]
    fn different_seeds_spread_over_the_whole_bound() {
        let longest = Duration::from_secs(1);
        let drawn: Vec<_> = (0..1000)
            .map(|seed| Jitter::seeded(seed).up_to(longest))
            .collect();

        for quarter in 0..4 {
            let from = Duration::from_millis(250 * quarter);
            let count = drawn
                .iter()
                .filter(|d| **d >= from && **d < from + Duration::from_millis(250))
                .count();
            assert!((200..300).contains(&count), "{count}");
        }
        assert_eq!(Jitter::seeded(1).up_to(Duration::ZERO), Duration::ZERO);
    }
}
