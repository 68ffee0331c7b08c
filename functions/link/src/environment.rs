//! The environment of the function.

use dealbridge_lambda::{
    access::AdminGroup,
    environment,
    environment::{AllTables, PreviewTokenKey, SalesforceLogin, WritesUrl},
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
        /// The key that signs previews.
        preview_token_key: PreviewTokenKey,
        /// The group of administrators.
        admins: AdminGroup,
    }
}
