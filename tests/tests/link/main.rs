//! Linking, unlinking, what a link writes to Salesforce, and suppression: the functions' handlers over embedded servers.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its world cannot be set up"
)]

mod access;
mod agreement;
mod caller;
mod calls;
mod conversion;
mod converted_in_batches;
mod converted_writes;
mod counts;
mod desk;
mod dump;
mod event;
mod generated;
mod happy;
mod idempotency;
mod interleavings;
mod judge;
mod large;
mod life;
mod model;
mod other_org;
mod play;
mod portal;
mod push;
mod races;
mod refusals;
mod reply;
mod same_second;
mod stage;
mod stale;
mod suppression;
mod unread;
mod write_refusals;
