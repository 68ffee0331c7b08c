//! The simulated org over HTTP: what Salesforce promises its clients, and what the hooks promise its administrators.

mod access;
mod bad_folder;
mod bulk_of_rows;
mod clients;
mod clock;
mod composite;
mod fixture;
mod hooks;
mod lifecycle;
mod login;
mod queries;
mod restart;
mod rows;
