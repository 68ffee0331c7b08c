//! Building the adapters that a function works with, once per execution environment.

use std::sync::Arc;

use dealbridge_aws::dead_letters::DeadLetterQueue;
use dealbridge_aws::{
    DynamoPortal, Endpoint, Meter, SqsBacklog, SqsImports, SqsSyncRequests, SqsWrites, Store,
    Tables, queue, sdk_config,
};
use dealbridge_core::ports::Clock;
use dealbridge_salesforce::{SalesforceClient, Timeouts, http_client};

use crate::{
    clock::{SystemClock, UlidIds},
    settings::{DEAD_LETTER_QUEUES, InvalidVariable, Variables},
};

/// Why a function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum WiringError {
    /// A variable.
    #[error(transparent)]
    Variable(#[from] InvalidVariable),
    /// The HTTP client.
    #[error("could not build the HTTP client")]
    Http(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The Salesforce client.
    #[error("could not set up the connection to Salesforce")]
    Salesforce(#[source] dealbridge_core::salesforce::SalesforceError),
}

/// The adapters over real AWS, as far as a function asks for them.
#[derive(Debug)]
pub struct Wiring {
    variables: Variables,
    aws: dealbridge_aws::config::Sdk,
    meter: Meter,
}

impl Wiring {
    /// Reads the environment and starts logging.
    ///
    /// # Errors
    /// When a variable cannot be used.
    pub async fn from_env() -> Result<Self, WiringError> {
        let variables = Variables::from_env();
        crate::telemetry::init(&variables.log_level()?);
        Ok(Self {
            variables,
            aws: sdk_config(&Endpoint::Environment).await,
            meter: Meter::default(),
        })
    }

    /// The store.
    ///
    /// # Errors
    /// When a table's name is not set.
    pub fn store(&self) -> Result<Store, WiringError> {
        Ok(self.store_over(self.variables.tables()?))
    }

    /// The store over those tables whose variables are named, for a function that has no right to the others.
    ///
    /// # Errors
    /// When a table's name is not set.
    pub fn store_of(&self, variables: &[&str]) -> Result<Store, WiringError> {
        Ok(self.store_over(self.variables.tables_of(variables)?))
    }

    fn store_over(&self, tables: Tables) -> Store {
        Store::new(
            &self.aws,
            tables,
            self.meter.clone(),
            Arc::new(SystemClock),
            Arc::new(UlidIds),
        )
    }

    /// The portal.
    ///
    /// # Errors
    /// When a table's name is not set.
    pub fn portal(&self) -> Result<DynamoPortal, WiringError> {
        Ok(DynamoPortal::new(self.store()?))
    }

    /// The portal of a function that reads nothing but settings.
    ///
    /// # Errors
    /// When the table's name is not set.
    pub fn settings_portal(&self) -> Result<DynamoPortal, WiringError> {
        Ok(DynamoPortal::new(self.store_of(&["RECORDS_TABLE"])?))
    }

    /// Salesforce.
    ///
    /// # Errors
    /// When the connection is not set up.
    pub fn salesforce(&self) -> Result<SalesforceClient, WiringError> {
        let (connection, credentials) = self.variables.salesforce()?;
        let http =
            http_client(Timeouts::default()).map_err(|error| WiringError::Http(error.into()))?;
        SalesforceClient::new(
            connection,
            credentials,
            http,
            Arc::new(|| SystemClock.now()),
        )
        .map_err(WiringError::Salesforce)
    }

    /// A queue that messages are sent to, by the name of its variable.
    ///
    /// # Errors
    /// When its URL is not set.
    pub fn sender(&self, variable: &str) -> Result<queue::Sender, WiringError> {
        let client = queue::sqs_client(&self.aws, self.meter.clone());
        Ok(queue::Sender::new(
            client,
            self.variables.queue_url(variable)?,
        ))
    }

    /// The imports queue, with its dead-letter queue.
    ///
    /// # Errors
    /// When its URL is not set.
    pub fn imports(&self) -> Result<SqsImports, WiringError> {
        Ok(SqsImports(self.backlog("IMPORTS_QUEUE_URL")?))
    }

    /// What waits in the imports queue, whose URL that variable holds.
    ///
    /// # Errors
    /// When a URL is not set.
    pub fn backlog(&self, queue: &str) -> Result<SqsBacklog, WiringError> {
        Ok(SqsBacklog::new(
            self.sender(queue)?,
            self.sender("IMPORTS_DLQ_COUNT_URL")?,
        ))
    }

    /// The sync-requests queue.
    ///
    /// # Errors
    /// When its URL is not set.
    pub fn sync_requests(&self) -> Result<SqsSyncRequests, WiringError> {
        Ok(SqsSyncRequests(self.sender("SYNC_REQUESTS_QUEUE_URL")?))
    }

    /// The salesforce-writes queue.
    ///
    /// # Errors
    /// When its URL is not set.
    pub fn writes(&self) -> Result<SqsWrites, WiringError> {
        Ok(SqsWrites(self.sender("SALESFORCE_WRITES_QUEUE_URL")?))
    }

    /// The dead-letter queues, by the names of the queues that their messages come from.
    ///
    /// # Errors
    /// When a URL is not set.
    pub fn dead_letter_queues(&self) -> Result<Vec<(&'static str, DeadLetterQueue)>, WiringError> {
        let client = queue::sqs_client(&self.aws, self.meter.clone());
        DEAD_LETTER_QUEUES
            .into_iter()
            .map(|(name, variable)| {
                let url = self.variables.queue_url(variable)?;
                Ok((name, DeadLetterQueue::new(client.clone(), url)))
            })
            .collect()
    }

    /// The variables.
    #[must_use]
    pub fn variables(&self) -> &Variables {
        &self.variables
    }
}
