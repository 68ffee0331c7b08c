//! The environment of the function.

use dealbridge_lambda::{
    access::AdminGroup,
    environment,
    environment::{DeadLetterUrls, LogTable, RecordsTable},
};

environment! {
    /// The environment, as `template.yaml` sets it.
    pub struct Environment {
        /// The table of the portal's people.
        records: RecordsTable,
        /// The table of receipts and of the Integration Log.
        log: LogTable,
        /// The dead-letter queues.
        queues: DeadLetterUrls,
        /// The group of administrators.
        admins: AdminGroup,
    }
}
