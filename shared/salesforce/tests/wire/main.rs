//! The client over a real connection, against a small scripted server.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its servers cannot be set up"
)]

mod describe;
mod faults;
mod login;
mod opportunities;
mod org;
mod organization;
mod queries;
mod upserts;
mod writes;
