//! How long everything may take, in one place: call < function < gateway, so that a person always hears why.
//!
//! All of it follows from the time that an invocation has left: the function's own, from `template.yaml`. A test holds
//! the template to it.

use std::time::Duration;

/// One operation of DynamoDB or SQS, with its repeats.
pub use dealbridge_aws::config::OPERATION as AWS_OPERATION;
use dealbridge_salesforce::CallTimes;

/// The longest that API Gateway waits for a function (AWS: Quotas for configuring and running an HTTP API).
pub const GATEWAY: Duration = Duration::from_secs(30);

/// The longest request of Salesforce. It gives a query 120 seconds, and its word on that is worth waiting for.
const LONGEST_REQUEST: Duration = Duration::from_secs(125);
/// The longest call of Salesforce with its repeats.
const LONGEST_CALL: Duration = Duration::from_secs(190);
/// The longest time that is kept back for what follows the last call of Salesforce.
const LONGEST_REST: Duration = Duration::from_secs(15);

/// How long an invocation's calls of Salesforce may take, when it has that much time left.
///
/// A fifth of it is kept for what comes after: storing what was learnt, and answering.
#[must_use]
pub fn salesforce(left: Duration) -> CallTimes {
    let all = left - (left / 5).min(LONGEST_REST);
    let total = all.min(LONGEST_CALL);
    CallTimes {
        // A hung connection leaves time for another one.
        attempt: (total * 2 / 3).min(LONGEST_REQUEST),
        total,
        all,
    }
}

/// When a call of the HTTP API is answered at the latest, when its invocation has that much time left.
#[must_use]
pub fn answer(left: Duration) -> Duration {
    // Less than what the calls of Salesforce keep back, however much time there is.
    left - (left / 25).min(LONGEST_REST / 3)
}

#[cfg(test)]
mod tests {
    use super::*;

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
