//! The product on one machine: one process, no account, no container; the same handlers as in the cloud.
//!
//! DynamoDB and SQS are embedded servers on loopback that the AWS SDK talks to over the wire; Salesforce is a real org
//! or a simulated one. Batch sizes, timeouts and schedules come from `template.yaml`.

mod check;
pub mod data;
pub mod database;
pub mod error;
pub mod folder;
pub mod functions;
pub mod gateway;
pub mod load;
mod local_api;
pub mod login;
pub mod options;
pub mod org_fields;
pub mod poller;
pub mod product;
pub mod progress;
pub mod provider;
pub mod queues;
pub mod report;
pub mod roles;
pub mod schedule;
mod seed;
pub mod server;
mod sources;
pub mod sync;
pub mod template;
mod wiring;

pub use error::LocalError;
pub use options::{Options, PortalSide, SalesforceTarget};
pub use product::LocalProduct;
