//! What every function shares: settings, telemetry, SQS batches, HTTP, who calls, wiring.

pub mod access;
pub mod clock;
pub mod http;
pub mod invocation;
pub mod link_api;
pub mod settings;
pub mod sqs;
pub mod telemetry;
pub mod timeouts;
pub mod wiring;

/// The adapters that functions are wired with: they know them through this layer alone.
pub use dealbridge_aws as aws;
/// The adapter of Salesforce.
pub use dealbridge_salesforce as salesforce;

pub use clock::{SystemClock, UlidIds};
pub use invocation::{Function, Invocation, handle, run};
