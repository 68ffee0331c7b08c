//! A function's environment: declared as a struct beside its main and read once at start. An unusable variable is
//! reported in a clear sentence.
//!
//! ```
//! use dealbridge_lambda::{environment, environment::{Environment, LogTable, SyncRequestsUrl}};
//!
//! environment! {
//!     /// The environment of the function, as `template.yaml` sets it.
//!     pub struct Own {
//!         /// The table of runs.
//!         tables: LogTable,
//!         /// The queue of sync requests.
//!         sync_requests: SyncRequestsUrl,
//!     }
//! }
//!
//! assert_eq!(Own::variables(), ["LOG_LEVEL", "LOG_TABLE", "SYNC_REQUESTS_QUEUE_URL"]);
//! ```

mod declare;
mod setting;

use std::collections::BTreeMap;

pub use setting::{
    AllTables, DeadLetterUrls, ImportsCountUrl, ImportsDlqCountUrl, ImportsUrl, LogLevel, LogTable,
    PreviewTokenKey, RecordsAndLogTables, RecordsTable, SalesforceLogin, SalesforceUrl,
    SyncRequestsUrl, WritesUrl,
};

/// A variable that is missing or cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {name} {problem}")]
pub struct InvalidVariable {
    /// The variable's name.
    pub name: String,
    /// The problem, and the remedy.
    pub problem: String,
}

impl InvalidVariable {
    /// A variable with this problem, which says what to do.
    #[must_use]
    pub fn new(name: &str, problem: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            problem: problem.into(),
        }
    }
}

/// Variables by name: the process's environment, or a map in a test.
#[derive(Clone, Debug)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// The process's environment.
    #[must_use]
    pub fn from_env() -> Self {
        Self(std::env::vars().collect())
    }

    /// These variables.
    #[must_use]
    pub fn new(variables: BTreeMap<String, String>) -> Self {
        Self(variables)
    }

    /// Returns the value of a variable; a blank one counts as unset.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// Returns the value of a variable that must be set.
    ///
    /// # Errors
    /// Returns an error if the variable is unset or blank.
    pub fn required(&self, name: &str) -> Result<&str, InvalidVariable> {
        self.optional(name).ok_or_else(|| {
            let problem = "is not set: set it on the function (see template.yaml)";
            InvalidVariable::new(name, problem)
        })
    }
}

/// A value that is read from one or more variables.
pub trait Setting: Sized {
    /// The variables that it is read from, required and optional.
    const VARIABLES: &'static [&'static str];

    /// Reads the value.
    ///
    /// # Errors
    /// Returns an error if a variable is missing or cannot be used.
    fn read(variables: &Variables) -> Result<Self, InvalidVariable>;
}

/// Everything that a function reads from its environment. Declared by [`environment!`](crate::environment!).
pub trait Environment: Sized {
    /// The variables that the function reads, required and optional. A test compares them with `template.yaml`.
    fn variables() -> Vec<&'static str>;

    /// Reads all values.
    ///
    /// # Errors
    /// Returns an error if a variable is missing or cannot be used.
    fn read(variables: &Variables) -> Result<Self, InvalidVariable>;
}
