//! The simulated org over HTTP: what Salesforce promises its clients, and what the hooks promise its administrators.

mod access;
mod bad_folder;
mod bulk_jobs;
mod bulk_of_rows;
mod clients;
mod clock;
mod composite;
mod exports;
mod fixture;
mod hooks;
mod lifecycle;
mod login;
mod page;
mod parents;
mod queries;
mod query_limits;
mod restart;
mod rows;
mod setup_rules;
