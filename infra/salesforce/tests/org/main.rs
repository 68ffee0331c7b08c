//! The simulated org over HTTP: the promises of Salesforce to its clients, and of the admin API.

mod access;
mod admin;
mod bad_folder;
mod bulk_ingest;
mod bulk_jobs;
mod bulk_of_rows;
mod clients;
mod clock;
mod composite;
mod describe;
mod export_references;
mod exports;
mod external_ids;
mod fixture;
mod lifecycle;
mod login;
mod page;
mod parents;
mod queries;
mod query_limits;
mod refusals;
mod refused_queries;
mod restart;
mod rows;
mod setup_rules;
