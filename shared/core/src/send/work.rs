//! The use case of creating a record in Salesforce, and what its parts share.

use sha2::{Digest, Sha256};

use crate::{ports::PortError, salesforce::SalesforceError, settings::Settings};

/// The use case, over its ports.
pub struct Create<'a, F, P, S, U, C: ?Sized> {
    /// Salesforce.
    pub salesforce: &'a F,
    /// Settings.
    pub portal: &'a P,
    /// Records, claims, send problems.
    pub store: &'a S,
    /// The portal's people.
    pub people: &'a U,
    /// The time.
    pub clock: &'a C,
}

/// The reason why a delivery has to be repeated.
#[derive(Debug, thiserror::Error)]
pub(super) enum Again {
    #[error(transparent)]
    Port(#[from] PortError),
    #[error(transparent)]
    Salesforce(#[from] SalesforceError),
    #[error("a Salesforce record is locked by another transaction")]
    Locked,
    #[error("the record kept changing")]
    Busy,
}

/// Returns the digest of the settings by which an attempt is made: with others, it is worth another one.
pub(super) fn digest(settings: &Settings) -> String {
    let json = serde_json::to_vec(settings).unwrap_or_default();
    Sha256::digest(json)[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
