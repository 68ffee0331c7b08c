//! The Salesforce client and the simulated org, over the whole wire.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its world cannot be set up"
)]

mod faults;
mod listings;
mod org;
mod records;
