//! Everything that runs: database, queues, Salesforce, functions, pollers.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use aws_sdk_dynamodb::types::AttributeValue;
use dealbridge_aws::{
    DynamoPortal, Endpoint, Meter, SqsImports, SqsSyncRequests, Store, config::Sdk, keys, queue,
    sdk_config,
};
use dealbridge_core::{
    ports::Clock,
    run::{Run, RunId, RunStatus},
};
use dealbridge_lambda::{SystemClock, UlidIds};
use dealbridge_local_org::{OrgFolder, OrgHandle, OrgOptions, OrgServer};
use dealbridge_local_queue::{QueueHandle, QueueOptions, QueueServer};
use dealbridge_salesforce::{Connection, Credentials, SalesforceClient, Timeouts, http_client};
use fan_out::FanOutFunction;
use import_worker::ImportWorker;
use tokio::task::JoinSet;

use crate::{
    database,
    error::LocalError,
    folder::PortalFolder,
    functions::{Invocations, Invoker},
    poller::Poller,
    template::{QueueSetup, Template},
};

/// Where Salesforce is.
#[derive(Clone, Debug)]
pub enum SalesforceTarget {
    /// A simulated org, loaded from the org folder.
    Simulated,
    /// A real org.
    Real(Box<(Connection, Credentials)>),
}

/// How the local product is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// The org folder.
    pub org: PathBuf,
    /// Where everything is kept over restarts; in memory when absent.
    pub data: Option<PathBuf>,
    /// Where Salesforce is.
    pub salesforce: SalesforceTarget,
}

/// The running product. Everything stops when it is dropped.
pub struct World {
    /// The simulated org, if there is one.
    pub org: Option<OrgHandle>,
    /// The queue server.
    pub queues: QueueHandle,
    /// The store.
    pub store: Store,
    /// The portal.
    pub portal: DynamoPortal,
    /// The Salesforce client that all functions share, as one execution environment would.
    pub salesforce: SalesforceClient,
    /// The sync-requests queue.
    pub sync_requests: SqsSyncRequests,
    /// Counts AWS requests.
    pub meter: Meter,
    /// Counts invocations.
    pub invocations: Invocations,
    /// The template's numbers.
    pub template: Template,
    /// The database's address.
    pub dynamodb_url: String,
    /// The fan-out, for schedules.
    pub fan_out: Invoker,
    _tasks: JoinSet<()>,
    _lock: Option<std::fs::File>,
}

impl World {
    /// Starts everything. Nothing is imported yet.
    ///
    /// # Errors
    /// Whatever the folder, the data directory or a setting has wrong.
    pub async fn start(options: &Options) -> Result<Self, LocalError> {
        let template = Template::load().map_err(|error| LocalError::new(error.to_string()))?;
        let (folder, org) = load(options)?;
        let lock = options.data.as_deref().map(lock).transpose()?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let (connection, credentials, org) = match (&options.salesforce, org) {
            (SalesforceTarget::Real(target), _) => (target.0.clone(), target.1.clone(), None),
            (SalesforceTarget::Simulated, Some(org)) => {
                let org = OrgServer::start(org, OrgOptions::default())
                    .await
                    .map_err(|error| LocalError::new(error.to_string()))?;
                let connection = Connection::parse(org.instance_url())
                    .map_err(|error| LocalError::new(error.to_string()))?;
                let client = org.client();
                let credentials = Credentials::ClientCredentials {
                    client_id: client.id.clone(),
                    client_secret: client.secret.clone(),
                };
                (connection, credentials, Some(org))
            }
            (SalesforceTarget::Simulated, None) => {
                return Err(LocalError::new("the org folder holds no org"));
            }
        };
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
        let dynamodb_url = format!("http://{}", database::serve(options.data.as_deref()).await?);
        let dynamodb = sdk_config(&Endpoint::Local {
            url: dynamodb_url.clone(),
        })
        .await;
        let store = Store::new(
            &dynamodb,
            database::tables(),
            meter.clone(),
            Arc::clone(&clock),
            Arc::new(UlidIds),
        );
        database::create_tables(store.client()).await?;
        let portal = DynamoPortal::new(store.clone());
        seed(&store, &portal, &folder).await?;
        // The process that held the lease has ended: the data directory is locked by this one.
        store.expire_lease().await?;

        let queues = start_queues(options.data.as_deref(), &template).await?;
        let sqs = sdk_config(&Endpoint::Local {
            url: queues.endpoint_url(),
        })
        .await;
        let sender = |name: &str| {
            queue::Sender::new(
                queue::sqs_client(&sqs, meter.clone()),
                queues.queue_url(name),
            )
        };

        let invocations = Invocations::default();
        let fan_out = FanOutFunction {
            salesforce: salesforce.clone(),
            portal: portal.clone(),
            store: store.clone(),
            imports: SqsImports(sender("imports")),
            sync_requests: SqsSyncRequests(sender("sync-requests")),
            clock: Arc::clone(&clock),
        };
        let fan_out = Invoker::new("fan-out", fan_out, Arc::clone(&clock), invocations.clone());
        let worker = ImportWorker {
            salesforce: salesforce.clone(),
            portal: portal.clone(),
            store: store.clone(),
            clock: Arc::clone(&clock),
        };
        let worker = Invoker::new(
            "import-worker",
            worker,
            Arc::clone(&clock),
            invocations.clone(),
        );

        let sync_requests = SqsSyncRequests(sender("sync-requests"));
        let mut tasks = JoinSet::new();
        for (name, invoker) in [("sync-requests", &fan_out), ("imports", &worker)] {
            let setup = setup_of(&template, name)?;
            let poller = poller(&queues, &sqs, &meter, setup, invoker.clone());
            tasks.spawn(poller.run());
        }
        Ok(Self {
            org,
            queues,
            store,
            portal,
            salesforce,
            sync_requests,
            meter,
            invocations,
            template,
            dynamodb_url,
            fan_out,
            _tasks: tasks,
            _lock: lock,
        })
    }

    /// Waits until a run has come to its end and its messages are gone from the queues, or all that is left of it cannot move.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn settled(&self, run: RunId) -> Result<Run, LocalError> {
        use dealbridge_core::ports::RunStore;
        self.queues.drained(&["sync-requests", "imports"]).await;
        let unknown = || LocalError::new(format!("{run} is not in the log"));
        RunStore::run(&self.store, run).await?.ok_or_else(unknown)
    }

    /// The run as it is at this moment, with its status.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn status(&self, run: RunId) -> Result<(Run, RunStatus), LocalError> {
        use dealbridge_core::ports::RunStore;
        let run = RunStore::run(&self.store, run)
            .await?
            .ok_or_else(|| LocalError::new(format!("{run} is not in the log")))?;
        let status = run.status(SystemClock.now());
        Ok((run, status))
    }
}

fn setup_of<'a>(template: &'a Template, name: &str) -> Result<&'a QueueSetup, LocalError> {
    template
        .queues
        .iter()
        .find(|setup| setup.name == name)
        .ok_or_else(|| LocalError::new(format!("template.yaml has no queue {name}")))
}

fn poller(
    queues: &QueueHandle,
    sqs: &Sdk,
    meter: &Meter,
    setup: &QueueSetup,
    invoker: Invoker,
) -> Poller {
    Poller {
        client: queue::sqs_client(sqs, meter.clone()),
        url: queues.queue_url(setup.name),
        arn: queues.queue_arn(setup.name),
        setup: setup.clone(),
        invoker,
    }
}

/// Reads both sides of the org folder, and reports all that is wrong with either together.
fn load(
    options: &Options,
) -> Result<(PortalFolder, Option<dealbridge_local_org::OrgData>), LocalError> {
    if !options.org.is_dir() {
        let problem = "is not a folder: give --org a folder with Opportunity.csv, Account.csv, Contact.csv, OpportunityContactRole.csv and channeltivity.json";
        return Err(LocalError::new(format!(
            "{} {problem}",
            options.org.display()
        )));
    }
    let portal = PortalFolder::load(&options.org);
    let org = match options.salesforce {
        SalesforceTarget::Real(_) => Ok(None),
        SalesforceTarget::Simulated => OrgFolder::load(&options.org).map(Some),
    };
    match (portal, org) {
        (Ok(portal), Ok(org)) => Ok((portal, org)),
        (portal, org) => {
            let mut lines: Vec<String> = portal
                .err()
                .into_iter()
                .flatten()
                .map(|error| error.to_string())
                .collect();
            for error in org
                .err()
                .into_iter()
                .flatten()
                .map(|error| error.to_string())
            {
                if !lines.contains(&error) {
                    lines.push(error);
                }
            }
            Err(LocalError::all(lines))
        }
    }
}

/// Makes the data directory and keeps others out of it.
fn lock(folder: &Path) -> Result<std::fs::File, LocalError> {
    let refused = |detail: String| {
        LocalError::new(format!(
            "the data directory {} cannot be used: {detail}",
            folder.display()
        ))
    };
    std::fs::create_dir_all(folder).map_err(|error| refused(error.to_string()))?;
    let file =
        std::fs::File::create(folder.join("lock")).map_err(|error| refused(error.to_string()))?;
    file.try_lock().map_err(|_| {
        refused(
            "another dealbridge is running on it; stop that one, or choose another --data-dir"
                .to_owned(),
        )
    })?;
    Ok(file)
}

async fn start_queues(data: Option<&Path>, template: &Template) -> Result<QueueHandle, LocalError> {
    let options = QueueOptions {
        directory: data.map(|data| data.join("queues")),
        ..QueueOptions::default()
    };
    let chain = |error: &dyn std::error::Error| {
        let source = error
            .source()
            .map(|source| format!(": {source}"))
            .unwrap_or_default();
        LocalError::new(format!("{error}{source}"))
    };
    let queues = QueueServer::start(options)
        .await
        .map_err(|error| chain(&error))?;
    for setup in &template.queues {
        let dead_letters = format!("{}-dlq", setup.name);
        let made = queues
            .ensure_queue(
                &dead_letters,
                &[(
                    "MessageRetentionPeriod",
                    &setup.dead_letter_retention_seconds.to_string(),
                )],
            )
            .and_then(|_| {
                let redrive = format!(
                    r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":{}}}"#,
                    queues.queue_arn(&dead_letters),
                    setup.max_receive_count
                );
                queues.ensure_queue(
                    setup.name,
                    &[
                        ("VisibilityTimeout", &setup.visibility_seconds.to_string()),
                        (
                            "MessageRetentionPeriod",
                            &setup.retention_seconds.to_string(),
                        ),
                        ("RedrivePolicy", &redrive),
                    ],
                )
            });
        made.map_err(|error| chain(&error))?;
    }
    Ok(queues)
}

/// Fills the store from the folder, once per content of the folder's file: what was changed through the portal's screens stays.
async fn seed(
    store: &Store,
    portal: &DynamoPortal,
    folder: &PortalFolder,
) -> Result<(), LocalError> {
    let key = std::collections::HashMap::from([(
        keys::PK.to_owned(),
        AttributeValue::S("LOCAL#SEED".to_owned()),
    )]);
    let table = &store.tables().records;
    let seeded = store.get(table, key.clone()).await?;
    if seeded
        .as_ref()
        .and_then(|item| dealbridge_aws::item::text(item, "digest"))
        == Some(&folder.digest)
    {
        return Ok(());
    }
    portal.put_settings(&folder.settings, None).await?;
    portal.seed(&folder.people).await?;
    for record in &folder.records {
        store.put_new_record(record).await?;
    }
    let mut item = key;
    item.insert(
        "digest".to_owned(),
        AttributeValue::S(folder.digest.clone()),
    );
    let put = store
        .client()
        .put_item()
        .table_name(table)
        .set_item(Some(item))
        .send()
        .await;
    put.map(|_| ()).map_err(|error| {
        LocalError::new(aws_sdk_dynamodb::error::DisplayErrorContext(&error).to_string())
    })
}

/// How long a command waits before it looks at a run's progress again.
pub const LOOK_AGAIN: Duration = Duration::from_millis(200);
