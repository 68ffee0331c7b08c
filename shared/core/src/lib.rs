//! The domain of dealbridge and its use cases: no AWS, no HTTP, no Lambda, no clock, no environment.
//!
//! Text becomes a type at the edge ([`SalesforceId`], [`Email`], [`SystemModstamp`]); what to do with an Opportunity
//! is one pure function, [`decide::decide`]; the outside world is reached through traits
//! ([`salesforce::Salesforce`] and those of [`ports`]).

pub mod base;
pub mod budget;
pub mod call_ledger;
pub mod change;
pub mod claim;
pub mod code;
pub mod counted;
pub mod decide;
pub mod decimal;
pub mod digest;
pub mod email;
pub mod end_user;
pub mod entry;
pub mod explain;
pub mod fan_out;
pub mod fault;
pub mod field;
pub mod finding;
pub mod id;
pub mod import;
pub mod link;
pub mod mapping;
pub mod message;
pub mod object;
pub mod organization;
pub mod people;
pub mod portal;
pub mod ports;
pub mod problem;
pub mod queue;
pub mod read;
pub mod receipt;
pub mod record;
pub mod record_url;
pub mod run;
pub mod salesforce;
pub mod schema;
pub mod send;
pub mod send_problem;
pub mod settings;
pub mod size;
pub mod submit;
pub mod sync_request;
pub mod system_modstamp;
pub mod task;
mod three_way;
pub mod tick;
pub mod trial;
pub mod value;

#[cfg(test)]
mod interleavings;
#[cfg(test)]
mod testing;

pub use email::Email;
pub use id::SalesforceId;
pub use object::SalesforceObject;
pub use queue::Queue;
pub use system_modstamp::SystemModstamp;
