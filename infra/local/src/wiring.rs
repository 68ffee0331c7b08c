//! The functions over their adapters, as their mains would wire them on Lambda.

use std::{collections::BTreeMap, sync::Arc};

use dead_letters::DeadLettersFunction;
use dealbridge_aws::{
    DynamoPortal, Meter, SqsImports, SqsSyncRequests, SqsWrites, Store,
    config::Sdk,
    dead_letters::DeadLetterQueue,
    queue::{Sender, sqs_client},
};
use dealbridge_core::{link::token::PreviewTokens, ports::Clock};
use dealbridge_lambda::{Function, access::Groups};
use dealbridge_local_queue::QueueHandle;
use dealbridge_salesforce::SalesforceClient;
use fan_out::FanOutFunction;
use full_sync::FullSync;
use import_worker::ImportWorker;
use integration_log::IntegrationLog;
use link::LinkFunction;
use push_worker::PushWorker;
use records::Records;
use rsa::rand_core::{OsRng, RngCore};
use settings::SettingsFunction;
use unlink::UnlinkFunction;

use crate::{
    data::{self, DataDirectory},
    error::LocalError,
    functions::{Invocations, Invoker},
    queues::dead_letters_of,
};

/// The queues that functions consume.
const QUEUES: [&str; 3] = ["imports", "sync-requests", "salesforce-writes"];

/// What functions work with. All share one Salesforce client and one portal, as one execution environment would.
pub(crate) struct Adapters {
    pub(crate) salesforce: SalesforceClient,
    pub(crate) portal: DynamoPortal,
    pub(crate) store: Store,
    pub(crate) queues: QueueHandle,
    pub(crate) sqs: Sdk,
    pub(crate) meter: Meter,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) instance_url: String,
    pub(crate) groups: Groups,
    pub(crate) tokens: Arc<PreviewTokens>,
}

impl Adapters {
    /// A queue that messages are sent to.
    pub(crate) fn sender(&self, queue: &str) -> Sender {
        Sender::new(
            sqs_client(&self.sqs, self.meter.clone()),
            self.queues.queue_url(queue),
        )
    }

    /// Every function, by its name in the template.
    pub(crate) fn functions(&self, invocations: &Invocations) -> BTreeMap<&'static str, Invoker> {
        let mut functions = Functions {
            by_name: BTreeMap::new(),
            clock: Arc::clone(&self.clock),
            invocations: invocations.clone(),
        };
        functions.add(
            "fan-out",
            FanOutFunction {
                salesforce: self.salesforce.clone(),
                portal: self.portal.clone(),
                store: self.store.clone(),
                imports: SqsImports(self.sender("imports")),
                sync_requests: SqsSyncRequests(self.sender("sync-requests")),
                writes: SqsWrites(self.sender("salesforce-writes")),
                clock: Arc::clone(&self.clock),
            },
        );
        functions.add(
            "import-worker",
            ImportWorker {
                salesforce: self.salesforce.clone(),
                portal: self.portal.clone(),
                store: self.store.clone(),
                clock: Arc::clone(&self.clock),
            },
        );
        functions.add(
            "push-worker",
            PushWorker {
                salesforce: self.salesforce.clone(),
                store: self.store.clone(),
                clock: Arc::clone(&self.clock),
            },
        );
        self.add_office(&mut functions);
        self.add_api(&mut functions);
        functions.by_name
    }

    /// The functions behind the HTTP API that only read or keep what administrators set.
    fn add_office(&self, functions: &mut Functions) {
        functions.add(
            "integration-log",
            IntegrationLog {
                salesforce: self.salesforce.clone(),
                salesforce_url: self.instance_url.clone(),
                portal: self.portal.clone(),
                store: self.store.clone(),
                groups: self.groups.clone(),
                clock: Arc::clone(&self.clock),
            },
        );
        functions.add(
            "records",
            Records {
                store: self.store.clone(),
                portal: self.portal.clone(),
                salesforce_url: self.instance_url.clone(),
                groups: self.groups.clone(),
            },
        );
        functions.add(
            "settings",
            SettingsFunction {
                store: self.store.clone(),
                groups: self.groups.clone(),
            },
        );
        let client = sqs_client(&self.sqs, self.meter.clone());
        let dead_letters = |queue: &'static str| {
            let url = self.queues.queue_url(&dead_letters_of(queue));
            (queue, DeadLetterQueue::new(client.clone(), url))
        };
        functions.add(
            "dead-letters",
            DeadLettersFunction {
                queues: QUEUES.map(dead_letters).to_vec(),
                store: self.store.clone(),
                groups: self.groups.clone(),
            },
        );
    }

    /// The functions behind the HTTP API that start runs, link and unlink.
    fn add_api(&self, functions: &mut Functions) {
        functions.add(
            "full-sync",
            FullSync {
                store: self.store.clone(),
                sync_requests: SqsSyncRequests(self.sender("sync-requests")),
                groups: self.groups.clone(),
                clock: Arc::clone(&self.clock),
            },
        );
        functions.add(
            "link",
            LinkFunction {
                salesforce: self.salesforce.clone(),
                portal: self.portal.clone(),
                store: self.store.clone(),
                writes: SqsWrites(self.sender("salesforce-writes")),
                clock: Arc::clone(&self.clock),
                tokens: Arc::clone(&self.tokens),
                instance_url: self.instance_url.clone(),
                groups: self.groups.clone(),
            },
        );
        functions.add(
            "unlink",
            UnlinkFunction {
                portal: self.portal.clone(),
                store: self.store.clone(),
                clock: Arc::clone(&self.clock),
                instance_url: self.instance_url.clone(),
                groups: self.groups.clone(),
            },
        );
    }
}

/// The key of preview tokens: the directory's, or one that ends with this process.
pub(crate) fn preview_tokens(
    directory: Option<&DataDirectory>,
) -> Result<PreviewTokens, LocalError> {
    let key = data::secret(directory, "preview-token-key", || {
        let mut key = [0; 32];
        OsRng.fill_bytes(&mut key);
        Ok(key.iter().map(|byte| format!("{byte:02x}")).collect())
    })?;
    PreviewTokens::new(key.as_bytes())
        .ok_or_else(|| LocalError::new("preview-token-key in the data directory is no key"))
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
