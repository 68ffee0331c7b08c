//! The environment of the function.

use dealbridge_lambda::{access::AdminGroup, environment, environment::RecordsTable};

environment! {
    /// The environment, as `template.yaml` sets it.
    pub struct Environment {
        /// The table of people.
        tables: RecordsTable,
        /// The group of administrators.
        admins: AdminGroup,
    }
}
