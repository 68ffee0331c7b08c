//! Salesforce record ids.

pub use salesforce_id::{InvalidId, SalesforceId};
