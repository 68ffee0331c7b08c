//! An administrator's desk: the functions of links over a world, and calls as they come through API Gateway.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use aws_sdk_dynamodb::types::AttributeValue;
use dealbridge_aws::{
    Endpoint, Meter, SqsWrites, Store, item, keys, queue, sdk_config, transaction,
};
use dealbridge_core::{
    SalesforceId, SalesforceObject,
    change::Expected,
    claim::{Claim, ClaimState},
    counted::Counted,
    entry::Entry,
    link::{store::LinkStore, token::PreviewTokens},
    ports::Clock,
    record::{Link, LinkStatus, Record, RecordId, RecordKind},
    salesforce::{FieldPath, Row, Salesforce},
};
use dealbridge_lambda::{Function, access::Groups};
use dealbridge_tests::{
    OrgFolder, TestClock, World, opportunity,
    world::{UNLIMITED, WRITES},
};
use jiff::{SignedDuration, Timestamp};
use link::LinkFunction;
use push_worker::PushWorker;
use serde_json::{Map, Value, json};
use unlink::UnlinkFunction;

use crate::{caller::Caller, dump::Dump, reply::Reply};

/// A world with the functions of links.
pub(crate) struct Desk {
    /// The world.
    pub(crate) world: World,
    /// Preview and confirm.
    pub(crate) link: Arc<LinkFunction>,
    /// Unlink and allow import.
    pub(crate) unlink: Arc<UnlinkFunction>,
    /// Delivers writes.
    pub(crate) push: Arc<PushWorker>,
}

/// The world's clock, a microsecond later at each look: two acts never happen at the same instant.
#[derive(Debug)]
struct MovingClock(TestClock, AtomicI64);

impl Clock for MovingClock {
    fn now(&self) -> Timestamp {
        let looks = self.1.fetch_add(1, Ordering::Relaxed);
        self.0.now() + SignedDuration::from_micros(looks)
    }
}

/// The id of the Salesforce Lead of that number.
pub(crate) fn lead(number: usize) -> SalesforceId {
    SalesforceId::parse(&format!("00QdM{number:010}")).unwrap()
}

/// The id of a record.
pub(crate) fn record_id(kind: RecordKind, id: &str) -> RecordId {
    RecordId::new(kind, id).unwrap()
}

/// The id of a Deal.
pub(crate) fn deal(id: &str) -> RecordId {
    record_id(RecordKind::Deal, id)
}

/// A folder of that many importable Opportunities, and that many Leads, the first of which has the Sync Flag.
pub(crate) fn folder(opportunities: usize, leads: usize) -> OrgFolder {
    use std::fmt::Write as _;

    let mut folder = OrgFolder::importable(opportunities);
    let mut rows = "Id,IsDeleted,FirstName,LastName,Company,Status,Email,Phone,Title,Website,Description,Sync__c,SystemModstamp\n".to_owned();
    for number in 0..leads {
        let (id, flag) = (lead(number), number == 0);
        writeln!(rows, "{id},false,Leo,Kaur{number},Betasol {number},Open - Not Contacted,leo{number}@betasol.example,,Buyer,,met at the fair,{flag},2026-02-01T08:00:00.000+0000").unwrap();
    }
    if leads > 0 {
        folder.files.push(("Lead.csv", rows));
    }
    folder
}

/// The address at which a browser shows a Salesforce record.
pub(crate) fn url(id: SalesforceId) -> String {
    format!(
        "https://acme.lightning.force.com/lightning/r/{}/{id}/view",
        id.object().unwrap()
    )
}

/// An event of API Gateway: method, path, query and body.
pub(crate) fn event(method: &str, path: &str, query: &str, body: Option<&Value>) -> Value {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let (route, parameters) = match parts[..] {
        ["suppressions", id] => (
            "/suppressions/{salesforceId}".to_owned(),
            json!({ "salesforceId": id }),
        ),
        [kind, id, ref rest @ ..] => (
            format!("/{{kind}}/{{id}}/{}", rest.join("/")),
            json!({ "kind": kind, "id": id }),
        ),
        _ => (path.to_owned(), json!({})),
    };
    json!({
        "version": "2.0",
        "routeKey": format!("{method} {route}"),
        "rawPath": path,
        "rawQueryString": query,
        "headers": { "content-type": "application/json" },
        "requestContext": { "http": { "method": method, "path": path }, "stage": "$default" },
        "pathParameters": parameters,
        "body": body.map(ToString::to_string),
        "isBase64Encoded": false,
    })
}

fn collection(record: &RecordId) -> String {
    format!("/{}/{}", record.kind().collection(), record.id())
}

/// The request for a preview.
pub(crate) fn preview_event(record: &RecordId, body: &Value) -> Value {
    event(
        "POST",
        &format!("{}/link/preview", collection(record)),
        "",
        Some(body),
    )
}

/// The request for a link.
pub(crate) fn confirm_event(record: &RecordId, body: &Value) -> Value {
    event(
        "PUT",
        &format!("{}/link", collection(record)),
        "",
        Some(body),
    )
}

/// The request to unlink.
pub(crate) fn unlink_event(record: &RecordId) -> Value {
    event(
        "DELETE",
        &format!("{}/link", collection(record)),
        "confirm=true",
        None,
    )
}

/// The request to allow an import.
pub(crate) fn allow_event(id: SalesforceId) -> Value {
    event("DELETE", &format!("/suppressions/{id}"), "", None)
}

impl Desk {
    /// Starts a world and the functions.
    pub(crate) async fn start(folder: &OrgFolder) -> Self {
        Self::over(World::start(folder).await).await
    }

    /// The functions over a world.
    pub(crate) async fn over(world: World) -> Self {
        let store = world.store.clone();
        let (link, unlink) = functions(&world, store).await;
        let clock = clock(&world);
        let push = PushWorker {
            salesforce: world.salesforce.clone(),
            store: world.store.clone(),
            clock,
        };
        Self {
            link: Arc::new(link),
            unlink: Arc::new(unlink),
            push: Arc::new(push),
            world,
        }
    }

    /// Sends an event to the function behind its route.
    pub(crate) async fn call(&self, who: &Caller, mut event: Value) -> Reply {
        who.sign(&mut event);
        let answer = if event["requestContext"]["http"]["method"] == "DELETE" {
            self.unlink.handle(event, UNLIMITED).await
        } else {
            self.link.handle(event, UNLIMITED).await
        };
        Reply::read(&answer.unwrap())
    }

    /// Previews as an administrator.
    pub(crate) async fn preview(&self, record: &RecordId, id: SalesforceId, master: &str) -> Reply {
        let body = json!({ "salesforceUrl": url(id), "master": master });
        self.call(&Caller::admin(), preview_event(record, &body))
            .await
    }

    /// Confirms as an administrator.
    pub(crate) async fn confirm(
        &self,
        record: &RecordId,
        id: SalesforceId,
        master: &str,
        token: &str,
    ) -> Reply {
        let body = json!({ "salesforceUrl": url(id), "master": master, "previewToken": token, "confirm": true });
        self.call(&Caller::admin(), confirm_event(record, &body))
            .await
    }

    /// Previews and confirms as an administrator.
    pub(crate) async fn link(&self, record: &RecordId, id: SalesforceId, master: &str) -> Reply {
        let preview = self.preview(record, id, master).await;
        if preview.status != 200 {
            return preview;
        }
        self.confirm(record, id, master, &preview.token()).await
    }

    /// Unlinks as an administrator.
    pub(crate) async fn unlink(&self, record: &RecordId) -> Reply {
        self.call(&Caller::admin(), unlink_event(record)).await
    }

    /// Allows an import as an administrator.
    pub(crate) async fn allow(&self, id: SalesforceId) -> Reply {
        self.call(&Caller::admin(), allow_event(id)).await
    }

    /// Delivers what is visible in the queue of writes; answers how many messages were done and how many came back.
    pub(crate) async fn push(&self) -> (usize, usize) {
        let delivery = self.world.receive(WRITES, 100).await;
        if delivery.messages.is_empty() {
            return (0, 0);
        }
        let answer = self.push.handle(delivery.event(), UNLIMITED).await.unwrap();
        let done = delivery.done(&answer);
        self.world.delete(WRITES, &done).await;
        (
            done.messages.len(),
            delivery.messages.len() - done.messages.len(),
        )
    }

    /// Lets what came back be visible again, and delivers it.
    pub(crate) async fn push_again(&self) -> (usize, usize) {
        self.world.clock.advance(Duration::from_secs(900));
        self.push().await
    }

    /// Stores a record of the portal with these fields.
    pub(crate) async fn put(&self, id: &RecordId, fields: Value) {
        let Value::Object(fields) = fields else {
            unreachable!("fields are an object")
        };
        let record = record(id, fields);
        self.put_record(&record, Expected::Absent).await;
    }

    /// Stores Deals that are linked to the first so many Opportunities, as links of earlier days have left them.
    pub(crate) async fn put_links(&self, count: usize) {
        let store = &self.world.store;
        let tables = store.tables();
        let numbers: Vec<usize> = (1..=count).collect();
        for chunk in numbers.chunks(40) {
            let ids: Vec<SalesforceId> = chunk.iter().map(|number| opportunity(*number)).collect();
            let stamps = self
                .world
                .salesforce
                .stamps(SalesforceObject::Opportunity, &ids)
                .await;
            let mut puts = Vec::new();
            for ((number, id), stamp) in chunk.iter().zip(&ids).zip(stamps.unwrap()) {
                let (id, stamp) = (*id, stamp.unwrap());
                let mut record = record(&deal(&format!("d{number}")), agreeing(*number));
                record.link = Some(Link {
                    salesforce_id: id,
                    object: SalesforceObject::Opportunity,
                    status: LinkStatus::Synced,
                    reason: None,
                    name: None,
                    linked_at: self.world.clock.now(),
                    linked_by: "usr-admin".to_owned(),
                    stamp,
                });
                let claim = Claim {
                    salesforce: id,
                    state: ClaimState::Live,
                    record: record.id.clone(),
                    epoch: 0,
                    stamp,
                    version: 1,
                    counted: Counted::default(),
                    pending: None,
                    disconnected: false,
                    import_flag_was_off: false,
                };
                let record = item::encode(&record, keys::record(&record.id)).unwrap();
                puts.push(transaction::put_anyway(&tables.records, record).unwrap());
                let key = keys::claim(self.world.organization(), id);
                puts.push(
                    transaction::put_anyway(&tables.links, item::encode(&claim, key).unwrap())
                        .unwrap(),
                );
            }
            store
                .transact(&format!("links|{}", chunk[0]), puts)
                .await
                .unwrap();
        }
    }

    /// Edits a record in the portal, as Channeltivity's own screens do.
    pub(crate) async fn edit(&self, id: &RecordId, fields: Value) {
        let mut record = self.record(id).await;
        let seen = Expected::Version(record.version);
        record.version += 1;
        for (name, value) in fields.as_object().unwrap() {
            record.fields.insert(name.clone(), value.clone());
        }
        self.put_record(&record, seen).await;
    }

    async fn put_record(&self, record: &Record, expected: Expected) {
        let store = &self.world.store;
        let put = transaction::put(
            &store.tables().records,
            item::encode(record, keys::record(&record.id)).unwrap(),
            expected,
        )
        .unwrap();
        let token = format!("{}|{}", record.id, record.version);
        let committed = store.transact(&token, vec![put]).await.unwrap();
        assert!(matches!(committed, transaction::Committed::Yes));
    }

    /// Deletes a record in the portal.
    pub(crate) async fn delete_record(&self, id: &RecordId) {
        let store = &self.world.store;
        let delete = transaction::delete_anyway(&store.tables().records, keys::record(id)).unwrap();
        let token = format!("delete|{id}");
        store.transact(&token, vec![delete]).await.unwrap();
    }

    /// A record.
    pub(crate) async fn record(&self, id: &RecordId) -> Record {
        LinkStore::record(&self.world.store, id)
            .await
            .unwrap()
            .unwrap()
    }

    /// A link's status.
    pub(crate) async fn status(&self, id: &RecordId) -> Option<LinkStatus> {
        self.record(id).await.link.map(|link| link.status)
    }

    /// A claim.
    pub(crate) async fn claim(&self, id: SalesforceId) -> Option<Claim> {
        let org = self.world.organization();
        self.world.store.claim(org, id).await.unwrap()
    }

    /// A Salesforce record with these fields, as it is.
    pub(crate) async fn row(&self, id: SalesforceId, fields: &[&str]) -> Row {
        let fields: Vec<FieldPath> = fields
            .iter()
            .map(|field| FieldPath::parse(field).unwrap())
            .collect();
        let object: SalesforceObject = id.object().unwrap();
        let rows = self.world.salesforce.records(object, &[id], &fields).await;
        rows.unwrap().pop().unwrap()
    }

    /// What was done to a record, oldest first: action and by whom.
    pub(crate) async fn audit(&self, id: &RecordId) -> Vec<(String, String)> {
        let store = &self.world.store;
        let answer = store
            .client()
            .query()
            .table_name(&store.tables().log)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(keys::audit_partition(id)))
            .send()
            .await
            .unwrap();
        let of = |item: &keys::Attributes, name| item::text(item, name).unwrap().to_owned();
        let items = answer.items.unwrap_or_default();
        items
            .iter()
            .map(|item| (of(item, "action"), of(item, "by")))
            .collect()
    }

    /// Everything in the three tables.
    pub(crate) async fn dump(&self) -> Dump {
        Dump::of(&self.world.store).await
    }

    /// Fails when anything in the tables differs from an earlier dump.
    pub(crate) async fn assert_untouched_since(&self, before: &Dump) {
        let differences = before.differences(&self.dump().await);
        assert_eq!(differences, Vec::<String>::new());
    }

    /// What administrators and the push worker did, oldest first: code and Salesforce record.
    pub(crate) async fn actions(&self) -> Vec<(String, String)> {
        let entries = self.entries().await.into_iter();
        entries
            .map(|entry| {
                let id = entry
                    .salesforce
                    .map_or_else(String::new, |(id, _)| id.to_string());
                (entry.code.as_str().to_owned(), id)
            })
            .collect()
    }

    /// The same as code and message.
    pub(crate) async fn messages(&self) -> Vec<(String, String)> {
        let entries = self.entries().await.into_iter();
        entries
            .map(|entry| (entry.code.as_str().to_owned(), entry.message))
            .collect()
    }

    async fn entries(&self) -> Vec<Entry> {
        let store = &self.world.store;
        let partition = keys::actions(self.world.clock.now());
        let answer = store
            .client()
            .query()
            .table_name(&store.tables().log)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(partition))
            .send()
            .await
            .unwrap();
        let items = answer.items.unwrap_or_default();
        items
            .iter()
            .flat_map(|item| item::unpack(item).unwrap().unpack("actions"))
            .collect()
    }
}

/// A record of the portal without a link.
fn record(id: &RecordId, fields: Map<String, Value>) -> Record {
    Record {
        id: id.clone(),
        version: 1,
        fields,
        owner: Some("usr-partner-active".to_owned()),
        organization: Some("org-partner".to_owned()),
        partner: None,
        distributor: None,
        account: None,
        contact: None,
        registration_status: None,
        link: None,
    }
}

fn clock(world: &World) -> Arc<dyn Clock> {
    Arc::new(MovingClock(world.clock.clone(), AtomicI64::new(0)))
}

/// Link and unlink over a store of their own.
pub(crate) async fn functions(world: &World, store: Store) -> (LinkFunction, UnlinkFunction) {
    let through = sdk_config(&Endpoint::Local {
        url: world.sqs.url(),
    })
    .await;
    let client = queue::sqs_client(&through, Meter::default());
    let writes = SqsWrites(queue::Sender::new(client, world.queues.queue_url(WRITES)));
    let clock = clock(world);
    let link = LinkFunction {
        salesforce: world.salesforce.clone(),
        portal: dealbridge_aws::DynamoPortal::new(store.clone()),
        store: store.clone(),
        writes,
        clock: Arc::clone(&clock),
        tokens: Arc::new(PreviewTokens::new(b"a key of thirty-two random bytes").unwrap()),
        instance_url: world.org.instance_url().to_owned(),
        groups: Groups::default(),
    };
    let unlink = UnlinkFunction {
        portal: dealbridge_aws::DynamoPortal::new(store.clone()),
        store,
        clock,
        instance_url: world.org.instance_url().to_owned(),
        groups: Groups::default(),
    };
    (link, unlink)
}

/// The fields of a record that agree with the Opportunity of that number in everything.
pub(crate) fn agreeing(number: usize) -> Map<String, Value> {
    let fields = json!({
        "name": format!("Deal {number}"), "stage": "Prospecting", "amount": 1_000 + number, "close_date": "2026-09-30",
        "product": "Pro", "seats": 12, "notes": "met at the fair",
    });
    fields.as_object().unwrap().clone()
}
