//! The Salesforce REST client behind the core's ports.
//!
//! [`SalesforceClient`] speaks to one org over [`http_client`]: it logs in if needed, follows locators only within that
//! org, retries what is safe to retry, and returns typed errors. Statements are built from typed ids, field paths and
//! system modstamps alone.

mod answer;
mod api_usage;
mod call;
mod client;
mod clock;
mod connection;
mod credentials;
mod describe;
mod fault;
mod gate;
mod http;
mod identity;
mod jwt;
mod login;
mod opportunity;
mod retry;
mod session;
mod soql;
mod transport;
mod update;
mod upsert;

pub use api_usage::{ApiLimit, ApiUsage};
pub use client::{CallTimes, Connected, SalesforceClient};
pub use clock::Clock;
pub use connection::{ApiVersion, Connection};
pub use credentials::Credentials;
pub use gate::CallGate;
pub use http::{Timeouts, http_client};
pub use retry::RetryPolicy;
