//! The environment of the function.

use dealbridge_lambda::{
    access::AdminGroup,
    environment,
    environment::{ImportsCountUrl, ImportsDlqCountUrl, LogTable, RecordsTable, SyncRequestsUrl},
};

environment! {
    /// The environment, as `template.yaml` sets it.
    pub struct Environment {
        /// The table of the settings.
        records: RecordsTable,
        /// The table of runs.
        log: LogTable,
        /// The queue of sync requests.
        sync_requests: SyncRequestsUrl,
        /// The queue of import requests.
        imports: ImportsCountUrl,
        /// Its dead-letter queue.
        imports_dlq: ImportsDlqCountUrl,
        /// The group of administrators.
        admins: AdminGroup,
    }
}
