//! The environment of the function.

use dealbridge_lambda::{access::AdminGroup, environment, environment::RecordsAndLogTables};

environment! {
    /// The environment, as `template.yaml` sets it.
    pub struct Environment {
        /// The tables of people and of receipts.
        tables: RecordsAndLogTables,
        /// The group of administrators.
        admins: AdminGroup,
    }
}
