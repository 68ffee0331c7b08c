//! What callers may rely on from an SQS endpoint, tried through the AWS SDK.
//!
//! The embedded server is tried by default, on a clock that the tests move. With
//! `AWS_ENDPOINT_URL` set, the endpoint there is tried instead: time passes by waiting, and what
//! needs the server's own options is left out. `ministack` 1.5.33, for one, passes but for the tests
//! named `bad_entry`, `deleted_message_never`, `not_in_flight_cannot`, `earlier_delivery_deletes`,
//! `not_names`, `out_of_range`, `settings_are_checked`, `knows_its_sources` and `moves`: it accepts
//! values that SQS refuses, and has no move tasks and no list of dead-letter sources.

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
mod inside;
mod moves;
mod persistence;
mod redrive;
mod waiting;
mod world;
