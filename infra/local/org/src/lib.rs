//! A simulated Salesforce org: a stateful REST server loaded from a folder of CSV files.
//!
//! [`OrgFolder::load`] reads a folder in the shape of Salesforce's own Data Export, [`OrgServer::start`] serves it on
//! loopback. Beside Salesforce's REST API it answers administration hooks under `/_org/`, which stand for what people do
//! in the Salesforce screens and for what goes wrong between here and there.
//!
//! The org's time is its own: it begins some minutes after the last change in the folder and moves with each write, so
//! that one folder and one sequence of calls always give the same stamps.

mod changes;
mod counters;
mod engine;
mod faults;
mod folder;
mod hooks;
mod http;
mod journal;
mod rules;
mod schema;
mod server;
mod soql;
mod store;
mod value;

pub use folder::{LoadError, OrgData, OrgFolder, OrgIdentity};
pub use journal::JournalError;
pub use server::{ClientCredentials, OrgClock, OrgHandle, OrgOptions, OrgServer, StartError};
