//! The product on one machine, as callers of the API see it: over HTTP, on the bundled sample org.
#![expect(
    clippy::unwrap_used,
    reason = "what cannot go on here is a failed test"
)]

mod authorizer;
mod dead_letters;
mod endpoints;
mod explanations;
mod gateway;
mod hung;
mod integration_log;
mod links;
mod lists;
mod matrix;
mod organization;
mod people;
mod portal_screens;
mod product;
mod records;
mod restart;
mod roles;
mod runs;
mod sample_org;
mod settings;
mod suppressions;
mod usage;
