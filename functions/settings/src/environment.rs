//! The environment of the function.

use dealbridge_lambda::{
    access::Groups,
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
        /// The groups that grant access.
        groups: Groups,
    }
}
