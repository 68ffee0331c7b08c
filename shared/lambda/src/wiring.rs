//! Building a function's adapters, once per execution environment.

use std::sync::Arc;

use dealbridge_aws::{
    DynamoPortal, Endpoint, Meter, SqsBacklog, Store, Tables, dead_letters::DeadLetterQueue, queue,
    sdk_config,
};
use dealbridge_core::{Queue, ports::Clock};
use dealbridge_salesforce::{SalesforceClient, Timeouts, http_client};

use crate::{
    access::{AdminGroup, Rights},
    clock::{SystemClock, UlidIds},
    environment::{
        DeadLetterUrls, Environment, ImportsDlqCountUrl, InvalidVariable, LogLevel,
        SalesforceLogin, Setting, Variables,
    },
};

/// The reason why a function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum WiringError {
    /// A variable is missing or cannot be used.
    #[error(transparent)]
    Variable(#[from] InvalidVariable),
    /// The HTTP client cannot be built.
    #[error("could not build the HTTP client")]
    Http(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The Salesforce client cannot be built.
    #[error("could not set up the connection to Salesforce")]
    Salesforce(#[source] dealbridge_core::salesforce::SalesforceError),
}

/// The AWS adapters, as far as a function asks for them.
#[derive(Debug)]
pub struct Wiring {
    aws: dealbridge_aws::config::Sdk,
    meter: Meter,
}

impl Wiring {
    /// Reads the function's environment and starts logging.
    ///
    /// # Errors
    /// Returns an error if a variable cannot be used.
    pub async fn start<E: Environment>() -> Result<(Self, E), WiringError> {
        let variables = Variables::from_env();
        crate::telemetry::init(&LogLevel::read(&variables)?);
        let environment = E::read(&variables)?;
        let wiring = Self {
            aws: sdk_config(&Endpoint::Environment).await,
            meter: Meter::default(),
        };
        Ok((wiring, environment))
    }

    /// The store over those tables that the function may access.
    #[must_use]
    pub fn store(&self, tables: impl Into<Tables>) -> Store {
        Store::new(
            &self.aws,
            tables.into(),
            self.meter.clone(),
            Arc::new(SystemClock),
            Arc::new(UlidIds),
        )
    }

    /// The rights of callers, by the people in the Records table.
    #[must_use]
    pub fn rights(&self, tables: impl Into<Tables>, admins: AdminGroup) -> Rights {
        let people = DynamoPortal::new(self.store(tables));
        Rights::new(people, Arc::new(SystemClock), admins)
    }

    /// The Salesforce client.
    ///
    /// # Errors
    /// Returns an error if the credentials cannot be used.
    pub fn salesforce(&self, login: SalesforceLogin) -> Result<SalesforceClient, WiringError> {
        let http =
            http_client(Timeouts::default()).map_err(|error| WiringError::Http(error.into()))?;
        SalesforceClient::new(
            login.connection,
            login.credentials,
            http,
            Arc::new(|| SystemClock.now()),
        )
        .map_err(WiringError::Salesforce)
    }

    /// A queue to send messages to or to count.
    #[must_use]
    pub fn sender(&self, url: String) -> queue::Sender {
        queue::Sender::new(queue::sqs_client(&self.aws, self.meter.clone()), url)
    }

    /// The imports queue and its dead-letter queue, for counting their messages.
    #[must_use]
    pub fn backlog(&self, imports: String, dead_letters: ImportsDlqCountUrl) -> SqsBacklog {
        SqsBacklog::new(self.sender(imports), self.sender(dead_letters.0))
    }

    /// The dead-letter queues, each with its source queue.
    #[must_use]
    pub fn dead_letter_queues(&self, urls: DeadLetterUrls) -> Vec<(Queue, DeadLetterQueue)> {
        let client = queue::sqs_client(&self.aws, self.meter.clone());
        let queues = urls.0.into_iter();
        queues
            .map(|(queue, url)| (queue, DeadLetterQueue::new(client.clone(), url)))
            .collect()
    }
}
