//! The functions over their adapters, as their mains would wire them on Lambda.

mod api;

use std::{collections::BTreeMap, sync::Arc};

use console::{Issuer, SessionKeys};
use dealbridge_aws::{
    DynamoPortal, Meter, SqsBacklog, SqsImports, SqsSyncRequests, SqsWrites, Store,
    config::{Sdk, with_access_key},
    queue::{Sender, sqs_client},
};
use dealbridge_core::{Queue, link::token::PreviewTokens, ports::Clock};
use dealbridge_lambda::{
    Function, UlidIds,
    access::{AdminGroup, Rights},
};
use dealbridge_salesforce::SalesforceClient;
use fan_out::FanOutFunction;
use import_worker::ImportWorker;
use push_worker::PushWorker;
use rsa::rand_core::{OsRng, RngCore};
use sqs_server::QueueHandle;

use crate::{
    data::{self, DataDirectory},
    database,
    error::LocalError,
    functions::{Invocations, Invoker},
};

/// The adapters that functions work with. All share one session at Salesforce; the store and the queues know each by its own name.
pub(crate) struct Adapters {
    pub(crate) salesforce: SalesforceClient,
    pub(crate) portal: DynamoPortal,
    pub(crate) store: Store,
    pub(crate) dynamodb: Sdk,
    pub(crate) queues: QueueHandle,
    pub(crate) sqs: Sdk,
    pub(crate) meter: Meter,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) instance_url: String,
    pub(crate) admins: AdminGroup,
    pub(crate) tokens: Arc<PreviewTokens>,
    pub(crate) session_keys: SessionKeys,
    pub(crate) issuer: Issuer,
}

impl Adapters {
    /// A queue that messages are sent to, for the operator.
    pub(crate) fn sender(&self, queue: Queue) -> Sender {
        Sender::new(
            sqs_client(&self.sqs, self.meter.clone()),
            self.queues.queue_url(queue.name()),
        )
    }

    /// The adapters that one function works with.
    fn of(&self, function: &'static str) -> Own<'_> {
        let sdk = with_access_key(&self.dynamodb, function);
        let (clock, ids) = (Arc::clone(&self.clock), Arc::new(UlidIds));
        let store = Store::new(&sdk, database::tables(), self.meter.clone(), clock, ids);
        Own {
            portal: DynamoPortal::new(store.clone()),
            store,
            sqs: sqs_client(&with_access_key(&self.sqs, function), self.meter.clone()),
            queues: &self.queues,
        }
    }

    /// The rights of a function's callers, looked up with the function's own role.
    fn rights(&self, own: &Own<'_>) -> Rights {
        let people = own.portal.clone();
        Rights::new(people, Arc::clone(&self.clock), self.admins.clone())
    }

    /// The messages in the imports queue, for the operator.
    pub(crate) fn backlog(&self) -> SqsBacklog {
        let client = sqs_client(&self.sqs, self.meter.clone());
        backlog(&client, &self.queues)
    }

    /// Every function, by its name in the template.
    ///
    /// # Errors
    /// When the HTTP client of the console cannot be built.
    pub(crate) fn functions(
        &self,
        invocations: &Invocations,
    ) -> Result<BTreeMap<&'static str, Invoker>, LocalError> {
        let mut functions = Functions {
            by_name: BTreeMap::new(),
            clock: Arc::clone(&self.clock),
            invocations: invocations.clone(),
        };
        let own = self.of("fan-out");
        functions.add(
            "fan-out",
            FanOutFunction {
                salesforce: self.salesforce.clone(),
                portal: own.portal.clone(),
                store: own.store.clone(),
                imports: SqsImports(own.backlog()),
                sync_requests: SqsSyncRequests(own.sender(Queue::SyncRequests)),
                writes: SqsWrites(own.sender(Queue::SalesforceWrites)),
                clock: Arc::clone(&self.clock),
            },
        );
        let own = self.of("import-worker");
        functions.add(
            "import-worker",
            ImportWorker {
                salesforce: self.salesforce.clone(),
                portal: own.portal.clone(),
                store: own.store.clone(),
                writes: SqsWrites(own.sender(Queue::SalesforceWrites)),
                clock: Arc::clone(&self.clock),
            },
        );
        let own = self.of("push-worker");
        functions.add(
            "push-worker",
            PushWorker {
                salesforce: self.salesforce.clone(),
                portal: own.portal.clone(),
                store: own.store.clone(),
                clock: Arc::clone(&self.clock),
            },
        );
        self.add_api(&mut functions)?;
        Ok(functions.by_name)
    }
}

/// The key of preview tokens: the directory's, or one that ends with this process.
pub(crate) fn preview_tokens(
    directory: Option<&DataDirectory>,
) -> Result<PreviewTokens, LocalError> {
    let key = key(directory, "preview-token-key")?;
    PreviewTokens::new(key.as_bytes())
        .ok_or_else(|| LocalError::new("preview-token-key in the data directory is not a key"))
}

/// The key of the console's sessions: the directory's, or one that ends with this process.
pub(crate) fn session_keys(directory: Option<&DataDirectory>) -> Result<SessionKeys, LocalError> {
    let key = key(directory, "session-key")?;
    SessionKeys::parse(&key)
        .ok_or_else(|| LocalError::new("session-key in the data directory is not a key"))
}

/// 256 random bits, in hexadecimal digits.
fn key(directory: Option<&DataDirectory>, file: &str) -> Result<String, LocalError> {
    data::secret(directory, file, || {
        let mut key = [0; 32];
        OsRng.fill_bytes(&mut key);
        Ok(key.iter().map(|byte| format!("{byte:02x}")).collect())
    })
}

/// The adapters of one function, which sign in its name.
struct Own<'a> {
    store: Store,
    portal: DynamoPortal,
    sqs: aws_sdk_sqs::Client,
    queues: &'a QueueHandle,
}

impl Own<'_> {
    fn sender(&self, queue: Queue) -> Sender {
        Sender::new(self.sqs.clone(), self.queues.queue_url(queue.name()))
    }

    fn backlog(&self) -> SqsBacklog {
        backlog(&self.sqs, self.queues)
    }
}

/// The messages in the imports queue and its dead-letter queue.
fn backlog(client: &aws_sdk_sqs::Client, queues: &QueueHandle) -> SqsBacklog {
    let sender = |name: &str| Sender::new(client.clone(), queues.queue_url(name));
    SqsBacklog::new(
        sender(Queue::Imports.name()),
        sender(Queue::Imports.dead_letter_queue()),
    )
}

struct Functions {
    by_name: BTreeMap<&'static str, Invoker>,
    clock: Arc<dyn Clock>,
    invocations: Invocations,
}

impl Functions {
    fn add<F: Function + 'static>(&mut self, name: &'static str, function: F) {
        let (clock, invocations) = (Arc::clone(&self.clock), self.invocations.clone());
        let invoker = Invoker::new(name, function, clock, invocations);
        self.by_name.insert(name, invoker);
    }
}
