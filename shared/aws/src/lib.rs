//! DynamoDB and SQS behind the ports of the core.
//!
//! Three tables (see [`keys`]): Records, Links and Log. Every change is one conditional transaction together with its
//! log entry and its count ([`commit`]).

pub mod batch;
mod calls;
pub mod claims;
pub mod commit;
pub mod config;
pub mod dead_letters;
pub mod item;
pub mod keys;
pub mod link;
pub mod listing;
pub mod log;
pub mod meter;
pub mod organization;
mod partition;
mod people;
pub mod portal;
mod progress;
pub mod queue;
pub mod receipt;
pub mod records;
mod run_item;
pub mod runs;
mod send;
pub mod settings;
pub mod size;
pub mod store;
pub mod transaction;

pub use config::{Endpoint, sdk_config};
pub use link::SqsWrites;
pub use meter::{Meter, Usage};
pub use portal::DynamoPortal;
pub use queue::{SqsBacklog, SqsImports, SqsSyncRequests};
pub use store::{Store, Tables};
