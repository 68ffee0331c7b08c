//! The Salesforce REST client behind the core's ports.
//!
//! [`SalesforceClient`] speaks to one org over [`http_client`]: it logs in when needed, follows locators only
//! within that org, repeats what is safe to repeat, and answers with typed errors. Statements are built from
//! typed ids, field paths and stamps alone.

mod answer;
mod api_usage;
mod call;
mod client;
mod connection;
mod credentials;
mod fault;
mod http;
mod identity;
mod jwt;
mod login;
mod opportunity;
mod retry;
mod soql;
mod update;

pub use api_usage::{ApiLimit, ApiUsage};
pub use client::{CallTimes, Clock, Connected, SalesforceClient};
pub use connection::{ApiVersion, Connection};
pub use credentials::Credentials;
pub use http::{Timeouts, http_client};
pub use retry::RetryPolicy;
