//! The domain of dealbridge and its use cases: no AWS, no HTTP, no Lambda, no clock, no environment.
//!
//! Text becomes a type at the edge ([`SalesforceId`], [`Email`], [`Stamp`]); what to do with an Opportunity
//! is one pure function; the outside world is reached through traits such as [`salesforce::Salesforce`].

pub mod email;
pub mod id;
pub mod salesforce;
pub mod stamp;

pub use email::Email;
pub use id::{SalesforceId, SalesforceObject};
pub use stamp::Stamp;
