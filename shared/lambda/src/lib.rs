//! Everything that the functions share: environments, telemetry, SQS batches, HTTP, access, wiring.

pub mod access;
pub mod calls;
pub mod clock;
pub mod environment;
pub mod http;
pub mod invocation;
pub mod link_api;
pub mod record_api;
pub mod sqs;
pub mod telemetry;
pub mod timeouts;
pub mod wiring;

/// The AWS adapters: functions depend on them through this crate alone.
pub use dealbridge_aws as aws;
/// The Salesforce adapter.
pub use dealbridge_salesforce as salesforce;

pub use clock::{SystemClock, UlidIds};
pub use invocation::{Api, Function, Invocation, answer_to, handle, run};
