//! The environment of the function.

use dealbridge_lambda::{
    access::AdminGroup,
    environment,
    environment::{AllTables, SalesforceUrl, WritesUrl},
};

environment! {
    /// The environment, as `template.yaml` sets it.
    pub struct Environment {
        /// The tables.
        tables: AllTables,
        /// The queue of requests to Salesforce.
        writes: WritesUrl,
        /// The URL of the connected org.
        instance_url: SalesforceUrl,
        /// The group of administrators.
        admins: AdminGroup,
    }
}
