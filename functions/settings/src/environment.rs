//! The environment of the function.

use dealbridge_lambda::{
    access::AdminGroup,
    environment,
    environment::{AllTables, SalesforceLogin},
};

environment! {
    /// The environment, as `template.yaml` sets it.
    pub struct Environment {
        /// The tables.
        tables: AllTables,
        /// The way to Salesforce.
        salesforce: SalesforceLogin,
        /// The group of administrators.
        admins: AdminGroup,
    }
}
