//! Everything that functions share: environments, telemetry, SQS batches, HTTP, who calls, wiring.

pub mod access;
pub mod clock;
pub mod environment;
pub mod http;
pub mod invocation;
pub mod link_api;
pub mod sqs;
pub mod telemetry;
pub mod timeouts;
pub mod wiring;

/// The adapters that functions are wired with: they know them through this layer alone.
pub use dealbridge_aws as aws;
/// The adapter of Salesforce.
pub use dealbridge_salesforce as salesforce;

pub use clock::{SystemClock, UlidIds};
pub use invocation::{Api, Function, Invocation, handle, run};
