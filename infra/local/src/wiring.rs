//! The functions over their adapters, as their mains would wire them on Lambda.

use std::{collections::BTreeMap, sync::Arc};

use dealbridge_aws::{
    DynamoPortal, Meter, SqsImports, SqsSyncRequests, Store,
    config::Sdk,
    queue::{Sender, sqs_client},
};
use dealbridge_core::ports::Clock;
use dealbridge_lambda::Function;
use dealbridge_local_queue::QueueHandle;
use dealbridge_salesforce::SalesforceClient;
use fan_out::FanOutFunction;
use import_worker::ImportWorker;

use crate::functions::{Invocations, Invoker};

/// What functions work with. All share one Salesforce client and one portal, as one execution environment would.
pub(crate) struct Adapters {
    pub(crate) salesforce: SalesforceClient,
    pub(crate) portal: DynamoPortal,
    pub(crate) store: Store,
    pub(crate) queues: QueueHandle,
    pub(crate) sqs: Sdk,
    pub(crate) meter: Meter,
    pub(crate) clock: Arc<dyn Clock>,
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
        functions.by_name
    }
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
