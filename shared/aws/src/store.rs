//! The store: three tables behind one client.

use std::sync::{Arc, atomic::AtomicBool};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::{Client, error::DisplayErrorContext};
use dealbridge_core::ports::{Clock, Ids, PortError};

use crate::meter::Meter;

/// The names of the tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// Deals, Leads, Referrals, people, settings.
    pub records: String,
    /// Claims.
    pub links: String,
    /// Runs, entries, open problems, receipts.
    pub log: String,
}

/// The adapter of everything in DynamoDB. Clones share client, meter and clock.
#[derive(Clone)]
pub struct Store {
    pub(crate) dynamodb: Client,
    pub(crate) tables: Tables,
    pub(crate) meter: Meter,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    /// `true` once the note of Lead links was seen; it is never removed.
    pub(crate) lead_links: Arc<AtomicBool>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("tables", &self.tables)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// A store over these tables.
    #[must_use]
    pub fn new(
        config: &SdkConfig,
        tables: Tables,
        meter: Meter,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Self {
        let config = aws_sdk_dynamodb::config::Builder::from(config)
            .interceptor(meter.clone())
            .build();
        Self {
            dynamodb: Client::from_conf(config),
            tables,
            meter,
            clock,
            ids,
            lead_links: Arc::default(),
        }
    }

    /// The DynamoDB client, for what only the local product does: creating tables.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.dynamodb
    }

    /// The names of the tables.
    #[must_use]
    pub fn tables(&self) -> &Tables {
        &self.tables
    }
}

/// An SDK error as a port error: the whole chain of causes, without the request.
pub(crate) fn port_error(operation: &str, error: impl std::error::Error) -> PortError {
    PortError {
        operation: operation.to_owned(),
        detail: DisplayErrorContext(&error).to_string(),
    }
}
