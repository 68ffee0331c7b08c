//! The environment of the function.

use dealbridge_lambda::{
    environment,
    environment::{AllTables, SalesforceLogin, WritesUrl},
};

environment! {
    /// The environment, as `template.yaml` sets it.
    pub struct Environment {
        /// The tables.
        tables: AllTables,
        /// The way to Salesforce.
        salesforce: SalesforceLogin,
        /// The queue of writes to Salesforce.
        writes: WritesUrl,
    }
}
