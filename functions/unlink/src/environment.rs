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
        /// The URL of the connected org.
        instance_url: SalesforceUrl,
        /// The groups that grant access.
        groups: Groups,
    }
}
