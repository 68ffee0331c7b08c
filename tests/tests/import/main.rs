//! Whole imports: the handlers over embedded servers and a simulated org.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what cannot go on in a test is a failed test"
)]

mod adapters;
mod budget;
mod conditions;
mod crashes;
mod dead_letters;
mod failed_runs;
mod hidden;
mod histories;
mod large;
mod large_orgs;
mod needed_by_imports;
mod other_org;
mod races;
mod runs;
mod salesforce_faults;
mod same_second;
mod stuck_runs;
mod usage;
mod values;
