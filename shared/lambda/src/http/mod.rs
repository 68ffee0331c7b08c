//! HTTP, as every function behind the API speaks it: API Gateway's event in, a typed request, an answer out.
//!
//! A function decodes with [`Request::from_event`], goes by [`Request::route`], and encodes with [`respond`]. What it
//! refuses is a [`Refusal`], which `?` makes of faults of the store and of Salesforce, too.

pub mod answer;
pub mod body;
pub mod cursor;
mod event;
pub mod idempotency;
pub mod page;
pub mod query;
pub mod refusal;
pub mod request;

pub use answer::{Answer, respond};
pub use idempotency::{Idempotency, once};
pub use page::Page;
pub use query::Query;
pub use refusal::Refusal;
pub use request::Request;
