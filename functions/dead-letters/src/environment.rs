//! The environment of the function.

use dealbridge_lambda::{
    access::Groups,
    environment,
    environment::{DeadLetterUrls, LogTable},
};

environment! {
    /// The environment, as `template.yaml` sets it.
    pub struct Environment {
        /// The table of receipts and of the Integration Log.
        log: LogTable,
        /// The dead-letter queues.
        queues: DeadLetterUrls,
        /// The groups that grant access.
        groups: Groups,
    }
}
