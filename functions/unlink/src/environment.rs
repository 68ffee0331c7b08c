//! The environment of the function.

use dealbridge_lambda::{
    access::Groups,
    environment,
    environment::{AllTables, SalesforceUrl},
};

environment! {
    /// The environment, as `template.yaml` sets it.
    pub struct Environment {
        /// The tables.
        tables: AllTables,
        /// The connected org's address.
        salesforce_url: SalesforceUrl,
        /// The groups that count.
        groups: Groups,
    }
}
