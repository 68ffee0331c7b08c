//! All time limits, in one place: call < function < gateway, so that a person always hears what went wrong.
//!
//! All of them follow from the time that an invocation has left, which its timeout in `template.yaml` bounds. A test
//! checks the template.

use std::time::Duration;

/// One operation of DynamoDB or SQS, retries included.
pub use dealbridge_aws::config::OPERATION as AWS_OPERATION;
use dealbridge_salesforce::CallTimes;

/// API Gateway's limit on waiting for a function (AWS: Quotas for configuring and running an HTTP API).
pub const GATEWAY: Duration = Duration::from_secs(30);

/// Limit on one request to Salesforce, whose own limit on a query is 120 seconds: its answer to that is worth waiting
/// for.
const MAX_REQUEST_TIME: Duration = Duration::from_secs(125);
/// Limit on one call to Salesforce, retries included.
const MAX_CALL_TIME: Duration = Duration::from_secs(190);
/// Limit on the time reserved for the work after the last call to Salesforce.
const MAX_REMAINING_TIME: Duration = Duration::from_secs(15);

/// The time limits of an invocation's calls to Salesforce, from the time that it has left.
///
/// A fifth of that time is reserved for what comes after: storing the results and answering.
#[must_use]
pub fn salesforce(left: Duration) -> CallTimes {
    let all = left - (left / 5).min(MAX_REMAINING_TIME);
    let total = all.min(MAX_CALL_TIME);
    CallTimes {
        // A hung connection leaves time for another attempt.
        attempt: (total * 2 / 3).min(MAX_REQUEST_TIME),
        total,
        all,
    }
}

/// The time limit for answering a call of the HTTP API, from the time that its invocation has left.
#[must_use]
pub fn answer(left: Duration) -> Duration {
    // Keeps back less than the calls to Salesforce do, however much time there is.
    left - (left / 25).min(MAX_REMAINING_TIME / 3)
}

#[cfg(test)]
mod tests {
    use dealbridge_core::fan_out;

    use super::*;

    #[test]
    fn a_call_that_a_listing_begins_has_all_of_its_time() {
        let reserve = Duration::try_from(fan_out::DEADLINE_MARGIN).unwrap();

        assert!(MAX_CALL_TIME + MAX_REMAINING_TIME <= reserve);
        // The last one is begun when just the reserve is left, and is not cut short.
        let CallTimes { total, all, .. } = salesforce(Duration::from_secs(900));
        assert!(Duration::from_secs(900) - reserve + total <= all);
    }

    #[test]
    fn calls_end_before_their_function_whatever_time_it_has() {
        for seconds in [1, 15, 25, 60, 900] {
            let left = Duration::from_secs(seconds);
            let CallTimes {
                attempt,
                total,
                all,
            } = salesforce(left);

            assert!(attempt < total && total <= all && all < answer(left) && answer(left) < left);
        }
        // A long listing hears what Salesforce itself says of a query that takes too long.
        assert!(salesforce(Duration::from_secs(900)).attempt > Duration::from_secs(120));
    }
}
