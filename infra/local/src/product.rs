//! Everything that runs: database, queues, Salesforce, functions, pollers.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use console::Issuer;
use dealbridge_aws::{
    DynamoPortal, Endpoint, Meter, SqsBacklog, SqsSyncRequests, Store,
    config::{Sdk, for_long_polls, with_access_key},
    queue, sdk_config,
};
use dealbridge_core::{
    Queue,
    ports::{Clock, RunStore},
    run::{Run, RunId, RunStatus},
};
use dealbridge_lambda::{SystemClock, UlidIds};
use dealbridge_salesforce::{SalesforceClient, Timeouts, http_client};
use salesforce_simulator::OrgHandle;
use serde_json::Value;
use sqs_server::QueueHandle;
use tokio::task::JoinSet;

use crate::{
    check,
    data::{DataDirectory, Owner},
    database,
    error::LocalError,
    functions::{Invocations, InvokeError, Invoker},
    options::{Options, PortalSide},
    poller::Poller,
    queues,
    roles::{self, Roles},
    seed,
    sources::{connect, load},
    template::{Schedule, Template},
    wiring::{self, Adapters},
};

/// The time between two looks at the data directory while everything runs.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// The running product. Everything stops when it is dropped.
pub struct LocalProduct {
    /// The simulated org, if there is one.
    pub org: Option<OrgHandle>,
    /// The queue server.
    pub queues: QueueHandle,
    /// The store.
    pub store: Store,
    /// The same store, counting for itself: for whoever looks on without being part of a run's usage.
    pub onlooker: Store,
    /// The portal.
    pub portal: DynamoPortal,
    /// The Salesforce client that all functions share, as one execution environment would.
    pub salesforce: SalesforceClient,
    /// The sync-requests queue.
    pub sync_requests: SqsSyncRequests,
    /// The messages in the queue of import requests.
    pub backlog: SqsBacklog,
    /// Counts AWS requests.
    pub meter: Meter,
    /// Counts invocations.
    pub invocations: Invocations,
    /// The template.
    pub template: Template,
    /// The functions' roles.
    pub roles: Roles,
    /// The database's address.
    pub dynamodb_url: String,
    /// The console's OpenID Connect provider, known once the API listens.
    pub issuer: Issuer,
    instance_url: String,
    functions: BTreeMap<&'static str, Invoker>,
    data: Option<DataDirectory>,
    sqs: Sdk,
    tasks: Mutex<JoinSet<()>>,
}

impl LocalProduct {
    /// Starts everything. Nothing is imported yet, but what an earlier process left in the queues.
    ///
    /// # Errors
    /// Whatever the folder, the data directory or a setting has wrong; then nothing was changed.
    pub async fn start(options: &Options) -> Result<Self, LocalError> {
        Self::start_with(options, PortalSide::Folder).await
    }

    /// As [`LocalProduct::start`], with the portal's side from there.
    ///
    /// # Errors
    /// As [`LocalProduct::start`].
    pub async fn start_with(options: &Options, portal: PortalSide) -> Result<Self, LocalError> {
        let product = Self::prepare_with(options, portal).await?;
        // The process that held the lease has ended: the data directory is this one's alone.
        product.store.expire_lease().await?;
        product.start_pollers();
        Ok(product)
    }

    /// Starts the servers and wires the functions; nothing takes messages from the queues.
    ///
    /// # Errors
    /// As [`LocalProduct::start`].
    pub async fn prepare(options: &Options) -> Result<Self, LocalError> {
        Self::prepare_with(options, PortalSide::Folder).await
    }

    async fn prepare_with(options: &Options, side: PortalSide) -> Result<Self, LocalError> {
        let template = Template::load().map_err(|error| LocalError::new(error.to_string()))?;
        let (folder, org) = load(options)?;
        let owner = Owner {
            organization: folder.settings.organization_id,
            folder: std::fs::canonicalize(&options.org).unwrap_or_else(|_| options.org.clone()),
        };
        let data = options.data.as_deref();
        let data = data
            .map(|path| DataDirectory::open(path, &owner))
            .transpose()?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let (connection, credentials, org) =
            connect(&options.salesforce, org, data.as_ref()).await?;
        check::settings(&connection, &credentials, org.as_ref(), &folder.settings).await?;
        let instance_url = connection.login_url();
        let http =
            http_client(Timeouts::default()).map_err(|error| LocalError::new(error.to_string()))?;
        let salesforce = SalesforceClient::new(
            connection,
            credentials,
            http,
            Arc::new(|| SystemClock.now()),
        )
        .map_err(|error| LocalError::new(error.to_string()))?;

        let meter = Meter::default();
        let directory = data.as_ref().map(DataDirectory::path);
        let roles = Roles::new(template.grants.clone());
        let database = database::serve(directory).await?;
        let dynamodb_url = format!("http://{}", roles::serve(database, roles.clone()).await?);
        let endpoint = Endpoint::Local {
            url: dynamodb_url.clone(),
        };
        let dynamodb = sdk_config(&endpoint).await;
        let store = |meter: Meter| {
            let (clock, ids) = (Arc::clone(&clock), Arc::new(UlidIds));
            Store::new(&dynamodb, database::tables(), meter, clock, ids)
        };
        let (store, onlooker) = (store(meter.clone()), store(Meter::default()));
        let portal = DynamoPortal::new(store.clone());
        let filled = async {
            database::create_tables(store.client()).await?;
            match side {
                PortalSide::Folder => seed::seed(&store, &portal, &folder).await,
                PortalSide::Empty => Ok(()),
            }
        };
        if let Err(error) = filled.await {
            let fault = seed::probe(&onlooker, seed::PEOPLE_AT_ONCE).await.err();
            return Err(match (&data, fault) {
                (Some(data), Some(fault)) => unwritable(data, &fault),
                _ => error,
            });
        }

        let queues = queues::start(data.as_ref(), &template.queues, &roles).await?;
        let endpoint = Endpoint::Local {
            url: queues.endpoint_url(),
        };
        let adapters = Adapters {
            salesforce,
            portal,
            store,
            dynamodb,
            queues,
            sqs: sdk_config(&endpoint).await,
            meter,
            clock,
            instance_url,
            admins: template.admins.clone(),
            tokens: Arc::new(wiring::preview_tokens(data.as_ref())?),
            session_keys: wiring::session_keys(data.as_ref())?,
            issuer: Issuer::default(),
        };
        let invocations = Invocations::default();
        let functions = adapters.functions(&invocations)?;
        let sync_requests = SqsSyncRequests(adapters.sender(Queue::SyncRequests));
        let backlog = adapters.backlog();
        if let Some(data) = &data {
            data.complete()?;
        }
        Ok(Self {
            org,
            queues: adapters.queues,
            store: adapters.store,
            onlooker,
            portal: adapters.portal,
            salesforce: adapters.salesforce,
            sync_requests,
            backlog,
            meter: adapters.meter,
            invocations,
            template,
            roles,
            dynamodb_url,
            issuer: adapters.issuer,
            instance_url: adapters.instance_url,
            functions,
            data,
            sqs: adapters.sqs,
            tasks: Mutex::default(),
        })
    }

    /// The connected org's address.
    #[must_use]
    pub fn instance_url(&self) -> &str {
        &self.instance_url
    }

    /// Where everything is kept over restarts.
    #[must_use]
    pub fn data_directory(&self) -> Option<&DataDirectory> {
        self.data.as_ref()
    }

    /// Resolves, with what to do, once the data directory can no longer be written; never where everything is in memory.
    pub async fn unwritable(&self) -> LocalError {
        let Some(data) = &self.data else {
            return std::future::pending().await;
        };
        loop {
            tokio::time::sleep(PROBE_INTERVAL).await;
            // Through the database, for that is what has to be written; it logs every write before it answers.
            if let Err(error) = seed::probe(&self.onlooker, seed::A_DEAL).await {
                return unwritable(data, &error);
            }
        }
    }

    /// A function, by its name in the template.
    #[must_use]
    pub fn invoker(&self, name: &str) -> Option<&Invoker> {
        self.functions.get(name)
    }

    /// Fires a schedule at once, with the event and the time that the template gives it.
    ///
    /// # Errors
    /// The failure of the fan-out.
    pub async fn tick(&self, schedule: &Schedule) -> Result<Value, InvokeError> {
        let failed = |detail: String| InvokeError::Failed {
            function: "fan-out",
            detail,
        };
        let event = serde_json::from_str(&schedule.input)
            .map_err(|error| failed(format!("the schedule's input is not JSON: {error}")))?;
        let fan_out = self
            .invoker("fan-out")
            .ok_or_else(|| failed("it is not there".to_owned()))?;
        fan_out.call(event, self.template.timeout("fan-out")).await
    }

    /// Waits until a run has come to its end and its messages are gone from the queues, or all that is left of it cannot move.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn settled(&self, run: RunId) -> Result<Run, LocalError> {
        self.queues
            .drained(&[Queue::SyncRequests.name(), Queue::Imports.name()])
            .await;
        self.nothing_on_its_way();
        self.run(run).await
    }

    /// A run as it is at this moment.
    ///
    /// # Errors
    /// When the store cannot be read or has no such run.
    pub async fn run(&self, run: RunId) -> Result<Run, LocalError> {
        let unknown = || LocalError::new(format!("{run} is not in the log"));
        RunStore::run(&self.onlooker, run)
            .await?
            .ok_or_else(unknown)
    }

    /// The run as it is at this moment, with its status.
    ///
    /// # Errors
    /// When the store cannot be read or has no such run.
    pub async fn status(&self, run: RunId) -> Result<(Run, RunStatus), LocalError> {
        let run = self.run(run).await?;
        let status = run.status(SystemClock.now());
        Ok((run, status))
    }

    /// Stops in order: nothing is on its way any more when this returns, and the data directory is free once this is dropped.
    pub async fn shutdown(&self) {
        let mut tasks = {
            let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *tasks)
        };
        tasks.shutdown().await;
        self.nothing_on_its_way();
        self.queues.shutdown().await;
        if let Some(data) = &self.data {
            data.ends();
        }
    }

    /// Consumes every queue by the function that the template names.
    fn start_pollers(&self) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        for setup in &self.template.queues {
            let Some(invoker) = self.invoker(setup.function) else {
                continue;
            };
            let poller = Poller {
                // Lambda takes messages in the name of the function that it takes them for.
                client: queue::sqs_client(
                    &for_long_polls(&with_access_key(&self.sqs, setup.function)),
                    self.meter.clone(),
                ),
                url: self.queues.queue_url(setup.queue.name()),
                arn: self.queues.queue_arn(setup.queue.name()),
                setup: setup.clone(),
                invoker: invoker.clone(),
            };
            tasks.spawn(poller.run());
        }
    }

    /// Earlier interruptions are of no more concern once no message remembers them.
    fn nothing_on_its_way(&self) {
        if let Some(data) = &self.data
            && queues::are_empty(&self.queues, &self.template.queues)
        {
            data.settled();
        }
    }
}

fn unwritable(data: &DataDirectory, error: &LocalError) -> LocalError {
    LocalError::new(format!(
        "the data directory {} cannot be written ({error}): free space on its disk, then run again. Nothing that was imported is lost",
        data.path().display()
    ))
}
