//! The environment of the function.

use dealbridge_lambda::{
    access::AdminGroup,
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
        /// The group of administrators.
        admins: AdminGroup,
    }
}
