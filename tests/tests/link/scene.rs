//! Scenes: actors that import, link, unlink and allow imports of one Opportunity, with interleaved requests.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use dealbridge_aws::{Endpoint, Meter, Store, item, keys, sdk_config};
use dealbridge_core::{
    SalesforceId,
    link::store::LinkStore,
    message::{ImportRequest, Note},
    ports::Ids,
    record::{RecordId, RecordKind},
    run::RunId,
};
use dealbridge_lambda::Function;
use dealbridge_tests::{LinkFunctions, opportunity, test_app::UNLIMITED};
use import_worker::ImportWorker;
use link::LinkFunction;
use push_worker::PushWorker;
use rand::{Rng, rngs::StdRng};
use serde_json::{Value, json};
use unlink::UnlinkFunction;

use crate::{
    caller::Caller,
    checker::Checker,
    event::{allow_event, confirm_event, preview_event, unlink_event, url},
    harness::{LinkHarness, functions},
    model::Model,
    portal::{agreeing, deal, folder, lead, record_id},
    reply::Reply,
    scheduler::Scheduler,
};

/// Actors of a scene.
pub(crate) const ACTORS: usize = 3;
/// Scenes in one test app.
pub(crate) const SCENES: usize = 100;

/// An operation of an actor.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// The import worker receives messages.
    Import { run: u32, fresh: bool, of: Of },
    /// Confirms a preview that was made before, or makes one first.
    Link {
        record: RecordId,
        token: Option<String>,
    },
    /// Unlinks, possibly only the version that was read.
    Unlink {
        record: RecordId,
        version: Option<u64>,
    },
    /// Lifts the suppression.
    Allow,
    /// The push worker receives this message.
    Push(String),
}

/// The result of a scene.
#[derive(Clone, Debug)]
pub(crate) struct Played {
    /// The violations.
    pub(crate) wrong: Vec<String>,
    /// The operations that committed, in order.
    pub(crate) outcome: String,
    /// The whole history, as readable lines.
    pub(crate) story: String,
}

/// The records that the messages of a batch name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// The scene's Opportunity.
    Opportunity,
    /// Its Lead.
    Lead,
    /// Both.
    Both,
}

/// An operation with its answer, and the requests between which it took place.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    pub(crate) actor: usize,
    pub(crate) operation: Operation,
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) answer: Answer,
}

#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Batch(Value),
    Http(Box<Reply>),
}

/// Ids that are unique to an actor.
#[derive(Debug)]
pub(crate) struct ActorIds(usize, AtomicU64);

impl Ids for ActorIds {
    fn next(&self) -> String {
        format!(
            "ACTOR{}{:010}",
            self.0,
            self.1.fetch_add(1, Ordering::Relaxed)
        )
    }
}

pub(crate) struct Actor {
    link: Arc<LinkFunction>,
    unlink: Arc<UnlinkFunction>,
    worker: ImportWorker,
    push: PushWorker,
}

/// A test app with actors whose requests are scheduled.
pub(crate) struct SceneRunner {
    pub(crate) harness: LinkHarness,
    pub(crate) scheduler: Scheduler,
    actors: Vec<Actor>,
    /// The runs and records of all messages to the import worker.
    asked: Mutex<BTreeSet<(u32, SalesforceId)>>,
}

/// One Opportunity with a Deal and a Referral that could be linked to it.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) opportunity: SalesforceId,
    /// The Lead that becomes the Opportunity, if one does.
    pub(crate) lead: SalesforceId,
    pub(crate) records: [RecordId; 2],
    /// The side whose values win.
    pub(crate) master: &'static str,
}

impl SceneRunner {
    pub(crate) async fn open() -> Self {
        let harness = LinkHarness::start(&folder(SCENES, SCENES + 1)).await;
        let scheduler = Scheduler::build(&harness.app.database, ACTORS).await;
        let mut actors = Vec::new();
        for (number, gate) in scheduler.gates.iter().enumerate() {
            let config = sdk_config(&Endpoint::Local { url: gate.clone() }).await;
            let store = Store::new(
                &config,
                harness.app.store.tables().clone(),
                Meter::default(),
                Arc::new(harness.app.clock.clone()),
                Arc::new(ActorIds(number, AtomicU64::new(0))),
            );
            let LinkFunctions { link, unlink } =
                functions(&harness.app, store.clone(), store.clone());
            let worker = ImportWorker {
                salesforce: harness.app.salesforce.clone(),
                portal: dealbridge_aws::DynamoPortal::new(store.clone()),
                store: store.clone(),
                writes: harness.app.writes_of("import-worker"),
                clock: Arc::new(harness.app.clock.clone()),
            };
            let push = PushWorker {
                salesforce: harness.app.salesforce.clone(),
                portal: dealbridge_aws::DynamoPortal::new(store.clone()),
                store,
                clock: Arc::new(harness.app.clock.clone()),
            };
            actors.push(Actor {
                link,
                unlink,
                worker,
                push,
            });
        }
        Self {
            harness,
            scheduler,
            actors,
            asked: Mutex::default(),
        }
    }

    /// Runs whose counts are wrong: each record counts once in each run, however often it was delivered, and whatever
    /// was linked, unlinked and allowed in between.
    pub(crate) async fn miscounted(&self) -> Vec<String> {
        let mut asked: BTreeMap<u32, u64> = BTreeMap::new();
        for (run, _) in self.asked.lock().unwrap().iter() {
            *asked.entry(*run).or_default() += 1;
        }
        let store = &self.harness.app.store;
        let mut wrong = Vec::new();
        for (run, asked) in asked {
            let mut counted = 0;
            for shard in 0..keys::COUNTER_SHARDS {
                let key = keys::counter(RunId::new(run), shard);
                let counts = store.get(&store.tables().log, key).await.unwrap();
                counted += counts.map_or(0, |counts| item::counts(&counts).settled());
            }
            if counted != asked {
                wrong.push(format!("run {run} counted {counted} of {asked}"));
            }
        }
        wrong
    }

    pub(crate) async fn scene(&self, number: usize) -> Scene {
        let scene = Scene {
            opportunity: opportunity(number),
            lead: lead(number),
            records: [
                deal(&format!("d{number}")),
                record_id(RecordKind::Referral, &format!("r{number}")),
            ],
            master: "salesforce",
        };
        for record in &scene.records {
            self.harness
                .put(record, Value::Object(agreeing(number)))
                .await;
        }
        scene
    }

    fn messages(&self, scene: &Scene, run: u32, fresh: bool, of: Of) -> Value {
        let ids = match of {
            Of::Opportunity => vec![scene.opportunity],
            Of::Lead => vec![scene.lead],
            Of::Both => vec![scene.opportunity, scene.lead],
        };
        let asked = ids.iter().map(|id| (run, *id));
        self.asked.lock().unwrap().extend(asked);
        let record = |id: &SalesforceId| {
            // A Lead is never listed as fresh.
            let fresh = fresh && *id == scene.opportunity;
            let request: ImportRequest = self.harness.app.request(RunId::new(run), *id, fresh);
            let body = serde_json::to_string(&request).unwrap();
            json!({ "messageId": id, "body": body, "attributes": { "ApproximateReceiveCount": "1" } })
        };
        json!({ "Records": ids.iter().map(record).collect::<Vec<_>>() })
    }

    /// Imports outside the schedule.
    pub(crate) async fn import(&self, scene: &Scene, run: u32, of: Of) {
        let event = self.messages(scene, run, false, of);
        let answer = self.harness.app.worker.handle(event, UNLIMITED).await;
        assert_eq!(answer.unwrap()["batchItemFailures"], json!([]));
    }

    /// The Deal that an import creates from the Opportunity in that epoch.
    pub(crate) fn imported(&self, scene: &Scene, epoch: u32) -> RecordId {
        RecordId::of_imported_deal(self.harness.app.organization(), scene.opportunity, epoch)
    }

    /// Claim and records of a scene, as stored.
    async fn model(&self, scene: &Scene) -> Model {
        let store = &self.harness.app.store;
        let tables = store.tables();
        let mut model = Model::default();
        let imported = (0..4).map(|epoch| self.imported(scene, epoch));
        let records = scene.records.iter().cloned().chain(imported);
        let records = records.map(|id| keys::record(&id)).collect();
        let org = self.harness.app.organization();
        let claims = [scene.opportunity, scene.lead].map(|id| keys::claim(org, id));
        let mut request = store.client().batch_get_item();
        for (table, keys) in [(&tables.records, records), (&tables.links, claims.to_vec())] {
            let keys = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(true);
            request = request.request_items(table, keys.build().unwrap());
        }
        let found = request.send().await.unwrap().responses.unwrap();
        for item in found.values().flatten() {
            model.know(&wire(item));
        }
        model
    }

    async fn perform(&self, actor: usize, scene: &Scene, operations: Vec<Operation>) -> Vec<Done> {
        let mut done = Vec::new();
        for operation in operations {
            let from = self.scheduler.now();
            let answer = self.act(&self.actors[actor], scene, &operation).await;
            let to = self.scheduler.now();
            done.push(Done {
                actor,
                operation,
                from,
                to,
                answer,
            });
        }
        done
    }

    async fn act(&self, actor: &Actor, scene: &Scene, operation: &Operation) -> Answer {
        let signed = |mut event: Value| {
            Caller::admin().sign(&mut event);
            event
        };
        let reply = |answer: Value| Answer::Http(Box::new(Reply::read(&answer)));
        match operation {
            Operation::Import { run, fresh, of } => {
                let event = self.messages(scene, *run, *fresh, *of);
                Answer::Batch(actor.worker.handle(event, UNLIMITED).await.unwrap())
            }
            Operation::Link { record, token } => {
                let mut body =
                    json!({ "salesforceUrl": url(scene.opportunity), "master": scene.master });
                let token = match token {
                    Some(token) => token.clone(),
                    None => {
                        let event = signed(preview_event(record, &body));
                        let preview =
                            Reply::read(&actor.link.handle(event, UNLIMITED).await.unwrap());
                        if preview.status != 200 {
                            return Answer::Http(Box::new(preview));
                        }
                        preview.token()
                    }
                };
                body["previewToken"] = token.into();
                body["confirm"] = true.into();
                reply(
                    actor
                        .link
                        .handle(signed(confirm_event(record, &body)), UNLIMITED)
                        .await
                        .unwrap(),
                )
            }
            Operation::Unlink { record, version } => {
                let mut event = unlink_event(record);
                if let Some(version) = version {
                    event["headers"]["if-match"] = format!("\"{version}\"").into();
                }
                reply(actor.unlink.handle(signed(event), UNLIMITED).await.unwrap())
            }
            Operation::Push(body) => {
                let event = pushes(std::slice::from_ref(body));
                Answer::Batch(actor.push.handle(event, UNLIMITED).await.unwrap())
            }
            Operation::Allow => reply(
                actor
                    .unlink
                    .handle(signed(allow_event(scene.opportunity)), UNLIMITED)
                    .await
                    .unwrap(),
            ),
        }
    }

    /// Delivers the pending writes to Salesforce. Returns a disagreement about them, if there is one.
    async fn deliver(&self, scene: &Scene) -> Option<String> {
        let notes = async || -> Vec<String> {
            let notes = self.harness.app.store.outbox().await.unwrap();
            notes
                .requests
                .into_iter()
                .filter(|note| note.note() == Note::Write(scene.opportunity))
                .map(|note| serde_json::to_string(&note).unwrap())
                .collect()
        };
        let pending = async || -> Option<String> {
            let claim = self.harness.claim(scene.opportunity).await?;
            claim.pending.map(|pending| pending.id)
        };
        let (noted, due) = (notes().await, pending().await);
        if due.is_some_and(|id| !noted.iter().any(|note| note.contains(&id))) {
            return Some(format!("a write is due, and the notes are {noted:?}"));
        }
        if !noted.is_empty() {
            let event = pushes(&noted);
            self.harness.push.handle(event, UNLIMITED).await.unwrap();
        }
        let (noted, due) = (notes().await, pending().await);
        (!noted.is_empty() || due.is_some())
            .then(|| format!("after the push {noted:?} and {due:?} are left"))
    }

    /// The message of the pending write.
    pub(crate) async fn push_operation(&self, scene: &Scene) -> Operation {
        let notes = self.harness.app.store.outbox().await.unwrap();
        let mut notes = notes
            .requests
            .iter()
            .filter(|note| note.note() == Note::Write(scene.opportunity));
        Operation::Push(serde_json::to_string(notes.next().unwrap()).unwrap())
    }

    /// Runs the operations in the order that the seed determines.
    pub(crate) async fn play(
        &self,
        seed: &mut StdRng,
        scene: &Scene,
        parts: Vec<Vec<Operation>>,
    ) -> Played {
        let before = self.model(scene).await;
        let acts = parts
            .into_iter()
            .enumerate()
            .map(|(actor, operations)| {
                let act: crate::scheduler::Act<'_, Vec<Done>> =
                    Box::pin(self.perform(actor, scene, operations));
                act
            })
            .collect();
        let (results, history) = self.scheduler.play(seed, acts).await;
        let done: Vec<Done> = results.into_iter().flatten().collect();
        let checked = Checker::of(
            before,
            done,
            history,
            scene,
            self.harness.app.organization(),
        );
        let mut wrong = checked.wrong();
        let after = self.model(scene).await;
        if after.records != checked.last().records {
            wrong.push(format!("the store holds {:?}", after.records));
        }
        wrong.extend(self.deliver(scene).await);
        // The next run completes what is left to import.
        self.import(scene, 9, Of::Both).await;
        let claim = self.model(scene).await.claims[&scene.opportunity.to_string()].clone();
        if !matches!(claim.state.as_str(), "live" | "suppressed") {
            wrong.push(format!("nothing became of it: {claim:?}"));
        }
        Played {
            wrong,
            outcome: checked.outcome(),
            story: checked.story(),
        }
    }
}

impl SceneRunner {
    /// The token of a preview that an administrator made before the scene, or none if the actor previews by itself.
    async fn token(&self, seed: &mut StdRng, record: &RecordId, scene: &Scene) -> Option<String> {
        if seed.random_bool(0.5) {
            return None;
        }
        let preview = self
            .harness
            .preview(record, scene.opportunity, "salesforce")
            .await;
        (preview.status == 200).then(|| preview.token())
    }

    pub(crate) async fn link_operation(
        &self,
        seed: &mut StdRng,
        record: &RecordId,
        scene: &Scene,
    ) -> Operation {
        let token = self.token(seed, record, scene).await;
        Operation::Link {
            record: record.clone(),
            token,
        }
    }
}

/// The event of these messages for the push worker.
fn pushes(bodies: &[String]) -> Value {
    let record = |body: &String| json!({ "messageId": body, "body": body, "attributes": { "ApproximateReceiveCount": "1" } });
    json!({ "Records": bodies.iter().map(record).collect::<Vec<_>>() })
}

/// An item in DynamoDB's JSON, as far as the model reads it.
fn wire(item: &keys::Attributes) -> Value {
    let values = item.iter().filter_map(|(name, value)| {
        let value = match value {
            AttributeValue::S(text) => json!({ "S": text }),
            AttributeValue::N(number) => json!({ "N": number }),
            AttributeValue::M(map) => json!({ "M": wire(map) }),
            _ => return None,
        };
        Some((name.clone(), value))
    });
    Value::Object(values.collect())
}
