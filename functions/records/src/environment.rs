//! The environment of the function.

use dealbridge_lambda::{
    access::Groups,
    environment,
    environment::{RecordsAndLogTables, SalesforceUrl},
};

environment! {
    /// The environment, as `template.yaml` sets it.
    pub struct Environment {
        /// The tables of records and of their history.
        tables: RecordsAndLogTables,
        /// The connected org's address.
        salesforce_url: SalesforceUrl,
        /// The groups that count.
        groups: Groups,
    }
}
