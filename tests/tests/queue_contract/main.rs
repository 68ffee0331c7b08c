//! What callers may rely on from an SQS endpoint, tried through the AWS SDK.
//!
//! The embedded server is tried by default, on a clock that the tests move. With
//! `AWS_ENDPOINT_URL` set, the endpoint there is tried instead: time passes by waiting, and what
//! needs the server's own options is left out.

mod attributes;
mod batches;
mod delivery;
mod disorder;
mod errors;
mod inside;
mod moves;
mod persistence;
mod redrive;
mod waiting;
mod world;
