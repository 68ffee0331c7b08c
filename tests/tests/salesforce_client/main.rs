//! The Salesforce client against the simulated org, over HTTP.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its app cannot be set up"
)]

mod faults;
mod listings;
mod org;
mod records;
mod upserts;
