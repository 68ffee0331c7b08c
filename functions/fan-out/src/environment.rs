//! The environment of the function.

use dealbridge_lambda::{
    environment,
    environment::{
        AllTables, ImportsDlqCountUrl, ImportsUrl, SalesforceLogin, SyncRequestsUrl, WritesUrl,
    },
};

environment! {
    /// The environment, as `template.yaml` sets it.
    pub struct Environment {
        /// The tables.
        tables: AllTables,
        /// The way to Salesforce.
        salesforce: SalesforceLogin,
        /// The queue of import requests.
        imports: ImportsUrl,
        /// Its dead-letter queue.
        imports_dlq: ImportsDlqCountUrl,
        /// The queue of sync requests.
        sync_requests: SyncRequestsUrl,
        /// The queue of writes to Salesforce.
        writes: WritesUrl,
    }
}
