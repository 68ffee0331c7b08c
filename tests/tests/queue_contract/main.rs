//! The contract of an SQS endpoint with its callers, tested through the AWS SDK.
//!
//! The embedded server is tested by default, on a clock that the tests advance. With `AWS_ENDPOINT_URL` set, that
//! endpoint is tested instead: time passes by waiting, and tests that need the server's own options are skipped.
//! `ministack` 1.5.33, for one, passes except for the tests named `bad_entry`, `deleted_message_never`,
//! `not_in_flight_cannot`, `earlier_delivery_deletes`, `not_names`, `out_of_range`, `settings_are_checked`,
//! `knows_its_sources` and `moves`: it accepts values that SQS refuses, and has no move tasks and no list of
//! dead-letter sources.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the functions that the tests share fail the test by panicking, as the tests do"
)]

mod attributes;
mod batches;
mod crash;
mod delivery;
mod disorder;
mod errors;
mod harness;
mod inside;
mod moves;
mod persistence;
mod redrive;
mod waiting;
