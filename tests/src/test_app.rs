//! The product driven step by step: the handlers over embedded servers.

mod links;
mod queues;

use std::{sync::Arc, time::Duration};

use dealbridge_aws::{
    DynamoPortal, Endpoint, Meter, SqsBacklog, SqsImports, SqsSyncRequests, SqsWrites, Store,
    config::{LOCAL_ACCESS_KEY, Sdk, with_access_key},
    queue, sdk_config,
};
use dealbridge_core::{
    Queue, SalesforceId,
    message::ImportRequest,
    people::{Condition, People, member::Member},
    portal::{User, UserStatus},
    ports::{Clock, PortError, RunStore},
    run::{Run, RunId, RunStatus},
    sync_request::{Requested, RunRequests},
};
use dealbridge_lambda::{
    Function, Invocation,
    access::{AdminGroup, Rights},
};
use dealbridge_local::{
    database, folder::PortalFolder, org_fields::declared, roles::Roles, template::Template,
};
use dealbridge_salesforce::{
    Connection, Credentials, RetryPolicy, SalesforceClient, Timeouts, http_client,
};
use fan_out::FanOutFunction;
use import_worker::ImportWorker;
use salesforce_simulator::{OrgHandle, OrgOptions, OrgServer};
use serde_json::{Value, json};
use sqs_server::QueueHandle;

pub use self::queues::{Delivery, event_of};
use crate::{
    clock::{NumberedIds, TestClock},
    folder::{OrgFolder, account, contact},
    ledger::Ledger,
    people,
    proxy::Proxy,
};

/// The queue of import requests.
pub const IMPORTS: &str = Queue::Imports.name();
/// The queue of sync requests.
pub const SYNC_REQUESTS: &str = Queue::SyncRequests.name();
/// The queue of writes to Salesforce.
pub const WRITES: &str = Queue::SalesforceWrites.name();
const FAN_OUT: &str = "fan-out";
const WORKER: &str = "import-worker";
const FULL_SYNC: &str = "full-sync";
/// The visibility timeout of imports in template.yaml.
const VISIBILITY: Duration = Duration::from_secs(390);

/// The product, in which nothing happens by itself.
pub struct TestApp {
    /// The simulated org.
    pub org: OrgHandle,
    /// The queue server.
    pub queues: QueueHandle,
    /// The clock.
    pub clock: TestClock,
    /// The store, over the network and through [`TestApp::dynamodb`].
    pub store: Store,
    /// The portal.
    pub portal: DynamoPortal,
    /// The Salesforce client of all functions.
    pub salesforce: SalesforceClient,
    /// Counts AWS requests.
    pub meter: Meter,
    /// The URL of DynamoDB itself.
    pub database: String,
    /// The proxy between the store and DynamoDB.
    pub dynamodb: Proxy,
    /// The proxy between the senders and SQS.
    pub sqs: Proxy,
    /// The fan-out.
    pub fan_out: Arc<FanOutFunction>,
    /// The import worker.
    pub worker: Arc<ImportWorker>,
    /// The functions' roles, which both proxies enforce.
    pub roles: Roles,
    /// The largest batch of import requests that is delivered.
    pub batch: usize,
    sync_requests: SqsSyncRequests,
    backlog: SqsBacklog,
    ids: Arc<NumberedIds>,
    to_dynamodb: Sdk,
    to_sqs: Sdk,
    /// The test's own store, which bypasses the proxy and the meter.
    eyes: Store,
    /// The test's own SQS client, which bypasses the proxy and the meter.
    hands: aws_sdk_sqs::Client,
    http: reqwest::Client,
}

impl TestApp {
    /// Starts everything over an org folder. Nothing has run at first.
    pub async fn start(folder: &OrgFolder) -> Self {
        let place = folder.write();
        let clock = TestClock::new();
        let portal = PortalFolder::load(place.path()).unwrap();
        let declared = declared(&portal.settings);
        let data = salesforce_simulator::OrgFolder::load(place.path(), &declared).unwrap();
        let org = OrgServer::start(data, OrgOptions::with_own_clock())
            .await
            .unwrap();
        let salesforce = client(&org, &clock);

        let meter = Meter::default();
        let database = format!("http://{}", database::serve(None).await.unwrap());
        let roles = Roles::new(Template::load().unwrap().grants);
        let dynamodb = Proxy::start(&database, roles.clone()).await;
        // One for all stores: a transaction's token must not repeat that of another one.
        let ids = Arc::new(NumberedIds::default());
        let eyes = {
            let url = database.clone();
            let config = sdk_config(&Endpoint::Local { url }).await;
            let (clock, ids) = (Arc::new(clock.clone()), Arc::clone(&ids));
            Store::new(&config, database::tables(), Meter::default(), clock, ids)
        };
        seed(&eyes, &portal).await;
        let url = dynamodb.url();
        let to_dynamodb = sdk_config(&Endpoint::Local { url }).await;
        let store_of = |key: &str| store(key, &to_dynamodb, &meter, &clock, &ids);
        let store = store_of(LOCAL_ACCESS_KEY);
        let portal = DynamoPortal::new(store.clone());

        let queues = queues::start(&clock).await;
        let sqs = Proxy::start(&queues.endpoint_url(), roles.clone()).await;
        let to_sqs = sdk_config(&Endpoint::Local { url: sqs.url() }).await;
        let sender = |key: &str, name: &str| {
            let client = queue::sqs_client(&with_access_key(&to_sqs, key), meter.clone());
            queue::Sender::new(client, queues.queue_url(name))
        };
        let direct = sdk_config(&Endpoint::Local {
            url: queues.endpoint_url(),
        })
        .await;
        let fan_out = FanOutFunction {
            salesforce: salesforce.clone(),
            portal: DynamoPortal::new(store_of(FAN_OUT)),
            store: store_of(FAN_OUT),
            imports: SqsImports(SqsBacklog::new(
                sender(FAN_OUT, IMPORTS),
                sender(FAN_OUT, Queue::Imports.dead_letter_queue()),
            )),
            sync_requests: SqsSyncRequests(sender(FAN_OUT, SYNC_REQUESTS)),
            writes: SqsWrites(sender(FAN_OUT, WRITES)),
            clock: Arc::new(clock.clone()),
        };
        let worker = ImportWorker {
            salesforce: salesforce.clone(),
            portal: DynamoPortal::new(store_of(WORKER)),
            store: store_of(WORKER),
            writes: SqsWrites(sender(WORKER, WRITES)),
            clock: Arc::new(clock.clone()),
        };
        let app = Self {
            sync_requests: SqsSyncRequests(sender(FULL_SYNC, SYNC_REQUESTS)),
            backlog: SqsBacklog::new(
                sender(FULL_SYNC, IMPORTS),
                sender(FULL_SYNC, Queue::Imports.dead_letter_queue()),
            ),
            roles,
            batch: queues::BATCH,
            ids,
            to_dynamodb,
            to_sqs,
            eyes,
            hands: aws_sdk_sqs::Client::new(&direct),
            http: http_client(Timeouts::default()).unwrap(),
            org,
            queues,
            clock,
            store,
            portal,
            salesforce,
            meter,
            database,
            dynamodb,
            sqs,
            fan_out: Arc::new(fan_out),
            worker: Arc::new(worker),
        };
        for (object, id) in [("Account", account(2)), ("Contact", contact(3))] {
            app.admin("hide", json!({ "object": object, "id": id }))
                .await;
        }
        app
    }

    /// The id of the connected org.
    #[must_use]
    pub fn organization(&self) -> SalesforceId {
        SalesforceId::parse(people::ORGANIZATION).unwrap()
    }

    /// Calls the admin API of the org over HTTP.
    pub async fn admin(&self, name: &str, body: Value) -> Value {
        let url = format!("{}/_org/{name}", self.org.instance_url());
        let call = self.http.post(url).body(body.to_string());
        let answer = call
            .header("content-type", "application/json")
            .send()
            .await
            .unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{name} {body}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Edits an Opportunity as a user would.
    pub async fn edit(&self, opportunity: SalesforceId, fields: Value) {
        let body = json!({ "object": "Opportunity", "id": opportunity, "fields": fields });
        self.admin("edit", body).await;
    }

    /// Deletes, undeletes, purges, hides or unhides an Opportunity.
    pub async fn on_opportunity(&self, name: &str, opportunity: SalesforceId) {
        self.admin(name, json!({ "object": "Opportunity", "id": opportunity }))
            .await;
    }

    /// Injects faults into the org's responses.
    pub async fn disturb(&self, fault: Value) {
        self.admin("fail", fault).await;
    }

    /// Ends all faults of the org.
    pub async fn calm(&self) {
        self.admin("fail", json!({ "times": 0 })).await;
        self.admin("limit", json!({ "remaining": null })).await;
    }

    /// Gives a portal user another status.
    pub async fn set_user(&self, id: &str, status: UserStatus) {
        let user: User = self.portal.user(id).await.unwrap().unwrap();
        let user = Member::User(User { status, ..user });
        let people = People { store: &self.store };
        people.put(&user, Condition::Always).await.unwrap();
    }

    /// Changes the integration's settings.
    pub async fn set(&self, change: impl FnOnce(&mut dealbridge_core::settings::Settings) + Send) {
        let (_, settings) = self.portal.versioned_settings().await.unwrap();
        let mut settings = (*settings).clone();
        change(&mut settings);
        self.portal.put_settings(&settings, None).await.unwrap();
    }

    /// Fires a schedule and returns the fan-out's answer.
    pub async fn tick(&self, schedule: &str) -> Value {
        let event = json!({ "schedule": schedule });
        self.fan_out.handle(event, UNLIMITED).await.unwrap()
    }

    /// Requests a full run, as `POST /sync-runs` does.
    pub async fn request_run(&self) -> Requested {
        self.try_request_run().await.unwrap()
    }

    /// Requests a full run, as [`TestApp::request_run`] does, and returns faults.
    ///
    /// # Errors
    /// Returns an error if the store or a queue cannot be reached.
    pub async fn try_request_run(&self) -> Result<Requested, PortError> {
        let requests = RunRequests {
            portal: &DynamoPortal::new(self.store_of(FULL_SYNC)),
            store: &self.store_of(FULL_SYNC),
            backlog: &self.backlog,
            sync_requests: &self.sync_requests,
            clock: &self.clock,
        };
        requests.ask().await
    }

    /// The store as a function has it: through [`TestApp::dynamodb`], with the permissions of its role.
    #[must_use]
    pub fn store_of(&self, function: &str) -> Store {
        store(
            function,
            &self.to_dynamodb,
            &self.meter,
            &self.clock,
            &self.ids,
        )
    }

    /// The rights of a function's callers, looked up in its own store.
    #[must_use]
    pub fn rights(&self, store: &Store) -> Rights {
        let (people, clock) = (DynamoPortal::new(store.clone()), self.clock.clone());
        Rights::new(people, Arc::new(clock), AdminGroup::default())
    }

    /// The queue of writes to Salesforce as a function has it: through [`TestApp::sqs`], with the permissions of its
    /// role.
    #[must_use]
    pub fn writes_of(&self, function: &str) -> SqsWrites {
        let sdk = with_access_key(&self.to_sqs, function);
        let client = queue::sqs_client(&sdk, Meter::default());
        SqsWrites(queue::Sender::new(client, self.queues.queue_url(WRITES)))
    }

    /// Runs a full run to its end.
    pub async fn full(&self) -> Run {
        let (Requested::Started(run) | Requested::Active(run)) = self.request_run().await else {
            unreachable!("the integration is switched off");
        };
        self.deliver_all().await;
        self.run(run.id).await
    }

    /// Runs a scheduled run to its end.
    pub async fn scheduled(&self, schedule: &str) -> Run {
        let answer = self.tick(schedule).await;
        let run = RunId::parse(answer["run"].as_str().unwrap()).unwrap();
        self.deliver_all().await;
        self.run(run).await
    }

    /// Runs an hourly run to its end.
    pub async fn hourly(&self) -> Run {
        self.clock.advance(Duration::from_secs(3_600));
        self.scheduled("hourly").await
    }

    /// Returns a run.
    pub async fn run(&self, run: RunId) -> Run {
        RunStore::run(&self.store, run).await.unwrap().unwrap()
    }

    /// Returns the status of a run.
    pub async fn status(&self, run: RunId) -> RunStatus {
        self.run(run).await.status(self.clock.now())
    }

    /// Reads everything in the store.
    pub async fn ledger(&self) -> Ledger {
        Ledger::read(&self.eyes, self.organization()).await
    }

    /// An import request of a run.
    #[must_use]
    pub fn request(&self, run: RunId, opportunity: SalesforceId, fresh: bool) -> ImportRequest {
        ImportRequest {
            version: dealbridge_core::message::VERSION,
            run,
            org: self.organization(),
            opportunity,
            fresh,
            by_hand: false,
        }
    }
}

/// An invocation without a deadline.
pub const UNLIMITED: Invocation = Invocation { deadline: None };

/// A store that signs with that access key.
fn store(key: &str, sdk: &Sdk, meter: &Meter, clock: &TestClock, ids: &Arc<NumberedIds>) -> Store {
    let sdk = with_access_key(sdk, key);
    let (clock, ids) = (Arc::new(clock.clone()), Arc::clone(ids));
    Store::new(&sdk, database::tables(), meter.clone(), clock, ids)
}

/// Fills an empty database, bypassing the proxy.
async fn seed(store: &Store, folder: &PortalFolder) {
    database::create_tables(store.client()).await.unwrap();
    let portal = DynamoPortal::new(store.clone());
    portal.put_settings(&folder.settings, None).await.unwrap();
    let people = People { store };
    people.replace_all(&folder.people).await.unwrap();
}

fn client(org: &OrgHandle, clock: &TestClock) -> SalesforceClient {
    let credentials = Credentials::ClientCredentials {
        client_id: org.client().id.clone(),
        client_secret: org.client().secret.clone(),
    };
    let connection = Connection::parse(org.instance_url()).unwrap();
    let http = http_client(Timeouts::default()).unwrap();
    let clock = clock.clone();
    let client =
        SalesforceClient::new(connection, credentials, http, Arc::new(move || clock.now()))
            .unwrap();
    // Retries as usual, without the pauses.
    client.with_retry_policy(RetryPolicy {
        first_pause: Duration::ZERO,
        longest_pause: Duration::ZERO,
        ..RetryPolicy::default()
    })
}
