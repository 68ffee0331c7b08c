//! Records of the portal that become Leads and Opportunities in Salesforce, once, and are linked to them.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its app cannot be set up"
)]

mod contact;
mod exactly_once;
mod harness;
mod interference;
mod letter_case;
mod lives;
mod orphans;
mod portal;
mod refusals;
mod repeats;
mod settings;
mod submissions;
mod sync_now;
mod triggers;
