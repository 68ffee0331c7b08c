//! The folder's settings held against the connected org, before anything runs.

use std::sync::Arc;

use dealbridge_core::{ports::Clock, settings::Settings};
use dealbridge_lambda::SystemClock;
use dealbridge_salesforce::{Connection, Credentials, SalesforceClient, Timeouts, http_client};
use salesforce_simulator::OrgHandle;
use tracing::warn;

use crate::{error::LocalError, folder};

/// Refuses settings that the org can never serve, and tells what else is to be looked at in a real org: the simulated one
/// takes its types from these very settings. It asks through a client of its own: what it costs is no run's usage.
///
/// # Errors
/// Everything that is refused, each with its place.
pub(crate) async fn settings(
    connection: &Connection,
    credentials: &Credentials,
    org: Option<&OrgHandle>,
    settings: &Settings,
) -> Result<(), LocalError> {
    let http =
        http_client(Timeouts::default()).map_err(|error| LocalError::new(error.to_string()))?;
    let clock = Arc::new(|| SystemClock.now());
    let client = SalesforceClient::new(connection.clone(), credentials.clone(), http, clock)
        .map_err(|error| LocalError::new(error.to_string()))?;
    // A run that cannot reach the org says so, and in its log: nothing can be compared, and nothing is wrong so far.
    let Ok(findings) = settings.check_against(&client, Some(settings)).await else {
        return Ok(());
    };
    for warning in findings.warnings.iter().filter(|_| org.is_none()) {
        warn!("{}: settings.{warning}", folder::FILE);
    }
    if findings.refused.is_empty() {
        return Ok(());
    }
    let refused = findings.refused.iter();
    let place = |wrong| format!("{}: settings.{wrong}", folder::FILE);
    Err(LocalError::all(refused.map(place)))
}
