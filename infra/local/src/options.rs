//! The options with which the local product is started.

use std::path::PathBuf;

use dealbridge_salesforce::{Connection, Credentials};

/// The org that is used.
#[derive(Clone, Debug)]
pub enum SalesforceTarget {
    /// A simulated org, loaded from the org folder.
    Simulated {
        /// The public key or certificate (PEM) by which assertions are checked.
        jwt_public_key: Option<String>,
    },
    /// A real org.
    Real(Box<(Connection, Credentials)>),
}

/// The options with which the local product is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// The org folder.
    pub org: PathBuf,
    /// The directory where everything is kept over restarts; in memory when absent.
    pub data: Option<PathBuf>,
    /// The org that is used.
    pub salesforce: SalesforceTarget,
}

/// Where the portal's side comes from: settings, people and records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortalSide {
    /// From the org folder.
    Folder,
    /// From nowhere, as in a deployment that was just made. The folder only makes the simulated org.
    Empty,
}
