//! Linking, unlinking, what a link writes to Salesforce, and suppression: the functions' handlers over embedded servers.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its app cannot be set up"
)]

mod access;
mod agreement;
mod calls;
mod checker;
mod conversion;
mod converted_in_batches;
mod converted_writes;
mod counts;
mod dump;
mod edits;
mod generated;
mod happy;
mod harness;
mod idempotency;
mod interleavings;
mod large;
mod life;
mod model;
mod other_org;
mod portal;
mod push;
mod races;
mod refusals;
mod same_second;
mod scene;
mod scheduler;
mod stale;
mod suppression;
mod unread;
mod write_refusals;

use dealbridge_tests::{caller, event, reply};
