//! A small SQS server for one machine, embedded in a process.
//!
//! It speaks the AWS JSON 1.0 protocol on loopback, so that the real SDKs and the AWS CLI work on
//! it, and keeps to the original where it matters: visibility timeouts, receive counts, redrive to
//! dead-letter queues and back, delays, retention, long polling, batches with partial failures,
//! limits and errors. Standard queues only. Signatures are not checked, hence loopback only; who may do what is for a
//! [`Policy`] to say.
//!
//! ```
//! use sqs_server::{QueueOptions, QueueServer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // In memory, on a free port; set `directory` to keep everything over restarts.
//! let queues = QueueServer::start(QueueOptions::default()).await?;
//!
//! queues.ensure_queue("imports-dlq", &[("MessageRetentionPeriod", "1209600")])?;
//! let redrive = format!(
//!     r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":5}}"#,
//!     queues.queue_arn("imports-dlq")
//! );
//! let url = queues.ensure_queue(
//!     "imports",
//!     &[("VisibilityTimeout", "360"), ("RedrivePolicy", redrive.as_str())],
//! )?;
//!
//! // Give `queues.endpoint_url()` to the SDK as its endpoint, and `url` as the queue.
//! assert!(url.starts_with(&queues.endpoint_url()));
//!
//! // Look inside without a request, and wait without polling.
//! queues.drained(&["imports", "imports-dlq"]).await;
//! queues.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! Every acknowledged request survives the death of the process when there is a directory: a
//! request is decided, stored in one transaction, then done and answered.

mod action;
mod attributes;
mod broker;
mod change;
mod clock;
mod disorder;
mod error;
mod http;
mod message;
mod move_task;
mod policy;
mod queue;
mod receipt;
mod server;
mod state;
mod store;

pub use action::Action;
pub use clock::{Clock, ManualClock, Sleep, SystemClock};
pub use disorder::Disorder;
pub use error::{ErrorKind, QueueError};
pub use policy::{Asked, Policy, access_key};
pub use queue::{CountsByQueue, QueueCounts};
pub use server::{QueueHandle, QueueOptions, QueueServer, StartError};
pub use store::StoreError;
