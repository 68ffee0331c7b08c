//! Links against imports, unlinks and replays, in random interleavings of their requests to DynamoDB: after each request
//! the invariants hold, and the answers are truthful. `DEALBRIDGE_INTERLEAVINGS` says how many of each; each seed gives
//! the same interleaving again.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use aws_sdk_dynamodb::types::AttributeValue;
use dealbridge_aws::{Endpoint, Meter, Store, keys, sdk_config};
use dealbridge_core::{
    SalesforceId,
    message::ImportRequest,
    ports::Ids,
    record::{RecordId, RecordKind},
    run::RunId,
};
use dealbridge_lambda::Function;
use dealbridge_tests::{OrgFolder, opportunity, world::UNLIMITED};
use import_worker::ImportWorker;
use link::LinkFunction;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};
use unlink::UnlinkFunction;

use crate::{
    caller::Caller,
    desk::{
        Desk, agreeing, allow_event, confirm_event, deal, functions, preview_event, record_id,
        unlink_event, url,
    },
    model::{Act, Model, Role, key_of},
    reply::Reply,
    stage::{Stage, Step},
};

/// How many interleavings of each kind.
fn interleavings() -> usize {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where a test reads the environment"
    )]
    let asked = std::env::var("DEALBRIDGE_INTERLEAVINGS");
    asked.map_or(60, |asked| asked.parse().unwrap())
}

/// Actors of a play.
const ACTORS: usize = 3;
/// Plays in one world.
const PLAYS: usize = 100;

/// What an actor does.
#[derive(Clone, Debug)]
enum Deed {
    /// The import worker gets a message.
    Import { run: u32, fresh: bool },
    /// Confirms a preview: one made before, or by this actor.
    Link {
        record: RecordId,
        token: Option<String>,
    },
    /// Unlinks, perhaps only the version that was seen.
    Unlink {
        record: RecordId,
        version: Option<u64>,
    },
    /// Lifts the suppression.
    Allow,
}

/// A deed with its answer, and the requests between which it was done.
#[derive(Clone, Debug)]
struct Done {
    actor: usize,
    deed: Deed,
    from: usize,
    to: usize,
    answer: Answer,
}

#[derive(Clone, Debug)]
enum Answer {
    Batch(Value),
    Http(Box<Reply>),
}

/// Ids that no other actor has.
#[derive(Debug)]
struct ActorIds(usize, AtomicU64);

impl Ids for ActorIds {
    fn next(&self) -> String {
        format!(
            "ACTOR{}{:010}",
            self.0,
            self.1.fetch_add(1, Ordering::Relaxed)
        )
    }
}

struct Actor {
    link: LinkFunction,
    unlink: UnlinkFunction,
    worker: ImportWorker,
}

/// A desk with actors on a stage.
struct Theatre {
    desk: Desk,
    stage: Stage,
    actors: Vec<Actor>,
}

/// One Opportunity with a Deal and a Referral that could be linked to it.
#[derive(Clone, Debug)]
struct Scene {
    opportunity: SalesforceId,
    records: [RecordId; 2],
}

impl Theatre {
    async fn open() -> Self {
        let desk = Desk::start(&OrgFolder::importable(PLAYS)).await;
        let stage = Stage::build(&desk.world.database, ACTORS).await;
        let mut actors = Vec::new();
        for (number, gate) in stage.gates.iter().enumerate() {
            let config = sdk_config(&Endpoint::Local { url: gate.clone() }).await;
            let store = Store::new(
                &config,
                desk.world.store.tables().clone(),
                Meter::default(),
                Arc::new(desk.world.clock.clone()),
                Arc::new(ActorIds(number, AtomicU64::new(0))),
            );
            let (link, unlink) = functions(&desk.world, store.clone()).await;
            let worker = ImportWorker {
                salesforce: desk.world.salesforce.clone(),
                portal: dealbridge_aws::DynamoPortal::new(store.clone()),
                store,
                clock: Arc::new(desk.world.clock.clone()),
            };
            actors.push(Actor {
                link,
                unlink,
                worker,
            });
        }
        Self {
            desk,
            stage,
            actors,
        }
    }

    async fn scene(&self, number: usize) -> Scene {
        let scene = Scene {
            opportunity: opportunity(number),
            records: [
                deal(&format!("d{number}")),
                record_id(RecordKind::Referral, &format!("r{number}")),
            ],
        };
        for record in &scene.records {
            self.desk.put(record, Value::Object(agreeing(number))).await;
        }
        scene
    }

    fn message(&self, scene: &Scene, run: u32, fresh: bool) -> Value {
        let request: ImportRequest =
            self.desk
                .world
                .request(RunId::new(run), scene.opportunity, fresh);
        let body = serde_json::to_string(&request).unwrap();
        json!({ "Records": [{ "messageId": "m", "body": body, "attributes": { "ApproximateReceiveCount": "1" } }] })
    }

    /// Imports outside the play.
    async fn import(&self, scene: &Scene, run: u32) {
        let answer = self
            .desk
            .world
            .worker
            .handle(self.message(scene, run, false), UNLIMITED)
            .await;
        assert_eq!(answer.unwrap()["batchItemFailures"], json!([]));
    }

    /// The Deal that an import makes of the Opportunity in that epoch.
    fn imported(&self, scene: &Scene, epoch: u32) -> RecordId {
        RecordId::of_imported_deal(self.desk.world.organization(), scene.opportunity, epoch)
    }

    /// Claim and records of a scene as the store has them.
    async fn model(&self, scene: &Scene) -> Model {
        let store = &self.desk.world.store;
        let tables = store.tables();
        let mut model = Model::default();
        let imported = (0..4).map(|epoch| self.imported(scene, epoch));
        let records = scene.records.iter().cloned().chain(imported);
        let mut wanted: Vec<_> = records
            .map(|id| (&tables.records, keys::record(&id)))
            .collect();
        wanted.push((
            &tables.links,
            keys::claim(self.desk.world.organization(), scene.opportunity),
        ));
        for (table, key) in wanted {
            if let Some(item) = store.get(table, key).await.unwrap() {
                let wire = item.iter().filter_map(|(name, value)| match value {
                    AttributeValue::S(text) => Some((name.clone(), json!({ "S": text }))),
                    AttributeValue::N(number) => Some((name.clone(), json!({ "N": number }))),
                    _ => None,
                });
                model.know(&Value::Object(wire.collect()));
            }
        }
        model
    }

    async fn perform(&self, actor: usize, scene: &Scene, deeds: Vec<Deed>) -> Vec<Done> {
        let mut done = Vec::new();
        for deed in deeds {
            let from = self.stage.now();
            let answer = self.act(&self.actors[actor], scene, &deed).await;
            let to = self.stage.now();
            done.push(Done {
                actor,
                deed,
                from,
                to,
                answer,
            });
        }
        done
    }

    async fn act(&self, actor: &Actor, scene: &Scene, deed: &Deed) -> Answer {
        let signed = |mut event: Value| {
            Caller::admin().sign(&mut event);
            event
        };
        let reply = |answer: Value| Answer::Http(Box::new(Reply::read(&answer)));
        match deed {
            Deed::Import { run, fresh } => {
                let event = self.message(scene, *run, *fresh);
                Answer::Batch(actor.worker.handle(event, UNLIMITED).await.unwrap())
            }
            Deed::Link { record, token } => {
                let mut body =
                    json!({ "salesforceUrl": url(scene.opportunity), "master": "salesforce" });
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
            Deed::Unlink { record, version } => {
                let mut event = unlink_event(record);
                if let Some(version) = version {
                    event["headers"]["if-match"] = format!("\"{version}\"").into();
                }
                reply(actor.unlink.handle(signed(event), UNLIMITED).await.unwrap())
            }
            Deed::Allow => reply(
                actor
                    .unlink
                    .handle(signed(allow_event(scene.opportunity)), UNLIMITED)
                    .await
                    .unwrap(),
            ),
        }
    }

    /// Plays the parts in the order of the seed and judges what came of it.
    async fn play(&self, seed: &mut StdRng, scene: &Scene, parts: Vec<Vec<Deed>>) {
        let before = self.model(scene).await;
        let acts = parts
            .into_iter()
            .enumerate()
            .map(|(actor, deeds)| {
                let act: crate::stage::Act<'_, Vec<Done>> =
                    Box::pin(self.perform(actor, scene, deeds));
                act
            })
            .collect();
        let (results, history) = self.stage.play(seed, acts).await;
        let done: Vec<Done> = results.into_iter().flatten().collect();
        let judged = Judged::of(before, done, history, scene, self.desk.world.organization());
        let mut wrong = judged.wrong();
        for d in &judged.done {
            eprintln!(
                "OUTCOME {} {}",
                format!("{:?}", d.deed).split([' ', '{']).next().unwrap(),
                match &d.answer {
                    Answer::Http(r) => format!("{:?}", r.verdict()),
                    Answer::Batch(_) => format!(
                        "{:?}",
                        judged
                            .acts
                            .iter()
                            .zip(&judged.history)
                            .filter(|(a, s)| s.actor == d.actor && **a != Act::Other)
                            .map(|(a, _)| a)
                            .collect::<Vec<_>>()
                    ),
                }
            );
        }
        let after = self.model(scene).await;
        if after.records != judged.last().records {
            wrong.push(format!("the store holds {:?}", after.records));
        }
        // The next run makes whole what is still to be imported.
        self.import(scene, 9).await;
        let claim = self.model(scene).await.claims[&scene.opportunity.to_string()].clone();
        if !matches!(claim.state.as_str(), "live" | "suppressed") {
            wrong.push(format!("nothing became of it: {claim:?}"));
        }
        assert!(wrong.is_empty(), "{wrong:#?}\n{}", judged.story());
    }
}

/// A play with the model before each of its requests and after the last.
struct Judged {
    done: Vec<Done>,
    history: Vec<Step>,
    scene: Scene,
    models: Vec<Model>,
    acts: Vec<Act>,
    broken: Vec<String>,
}

impl Judged {
    fn of(
        before: Model,
        done: Vec<Done>,
        history: Vec<Step>,
        scene: &Scene,
        org: SalesforceId,
    ) -> Self {
        let mut models = vec![before];
        let (mut acts, mut broken) = (Vec::new(), Vec::new());
        for (at, step) in history.iter().enumerate() {
            let mut model = models[at].clone();
            let mut act = Act::Other;
            if step.done && step.action == "TransactWriteItems" {
                let deed = done
                    .iter()
                    .find(|done| done.actor == step.actor && (done.from..done.to).contains(&at));
                let role = match deed.map(|done| &done.deed) {
                    Some(Deed::Import { .. }) => Role::Import,
                    _ => Role::Administrator,
                };
                let (done, wrong) = model.follow(step, role, org);
                act = done;
                broken.extend(
                    wrong
                        .into_iter()
                        .map(|wrong| format!("request {at}: {wrong}")),
                );
            }
            acts.push(act);
            models.push(model);
        }
        Self {
            done,
            history,
            scene: scene.clone(),
            models,
            acts,
            broken,
        }
    }

    fn last(&self) -> &Model {
        &self.models[self.models.len() - 1]
    }

    fn wrong(&self) -> Vec<String> {
        let mut wrong = self.broken.clone();
        for done in &self.done {
            if let Some(lie) = self.lie(done) {
                wrong.push(format!(
                    "{:?} was answered {:?}: {lie}",
                    done.deed, done.answer
                ));
            }
        }
        wrong
    }

    /// Whether it was so at some time while the deed was done.
    fn was(&self, done: &Done, so: impl Fn(&Model) -> bool) -> bool {
        self.models[done.from..=done.to].iter().any(so)
    }

    /// What is not true of an answer.
    fn lie(&self, done: &Done) -> Option<String> {
        let own = (done.from..done.to).filter(|at| self.history[*at].actor == done.actor);
        let committed: Vec<usize> = own
            .filter(|at| self.history[*at].done && self.history[*at].action == "TransactWriteItems")
            .collect();
        let reply = match &done.answer {
            Answer::Batch(answer) => {
                return (answer["batchItemFailures"] != json!([]))
                    .then(|| "it came back".to_owned());
            }
            Answer::Http(reply) => reply,
        };
        let acts: Vec<&Act> = committed.iter().map(|at| &self.acts[*at]).collect();
        let is_true = match (&done.deed, reply.verdict()) {
            (Deed::Link { .. }, (201, "")) => acts == [&Act::Linked],
            (Deed::Unlink { record, version }, (200, "")) => {
                let read = self.first_read(done, record);
                let seen = |model: &Model| model.claims[&self.id()].link;
                acts == [&Act::Unlinked(seen(&self.models[read]))]
                    && version.is_none_or(|version| {
                        self.models[committed[0]].records[&key(record)].1 == version
                    })
            }
            (Deed::Allow, (200, "")) => acts == [&Act::Allowed],
            _ if !acts.is_empty() => return Some(format!("it wrote {acts:?}")),
            (deed, verdict) => self.is_true_refusal(done, deed, verdict, &reply.body),
        };
        (!is_true).then(|| "it was never so".to_owned())
    }

    fn is_true_refusal(
        &self,
        done: &Done,
        deed: &Deed,
        verdict: (u64, &str),
        body: &Value,
    ) -> bool {
        let id = self.id();
        let state = |model: &Model| {
            model
                .claims
                .get(&id)
                .map(|claim| (claim.state.clone(), claim.record.clone()))
        };
        let link_of = |model: &Model, record: &RecordId| model.records[&key(record)].0.clone();
        match (deed, verdict) {
            (Deed::Link { record, .. }, (200, "")) => {
                self.was(done, |model| link_of(model, record).as_ref() == Some(&id))
            }
            (Deed::Link { record, .. }, (409, "ALREADY_LINKED_HERE")) => {
                let named = body["salesforce"]["id"].as_str().map(str::to_owned);
                self.was(done, |model| link_of(model, record) == named)
            }
            (Deed::Link { .. }, (409, "ALREADY_LINKED_OTHER")) => {
                let named = format!(
                    "{}/{}",
                    body["record"]["kind"].as_str().unwrap(),
                    body["record"]["id"].as_str().unwrap()
                );
                self.was(done, |model| {
                    state(model) == Some(("live".to_owned(), named.clone()))
                })
            }
            (Deed::Link { record, token }, (409, "PREVIEW_STALE")) => {
                let from = if token.is_some() { 0 } else { done.from };
                let sides = |model: &Model| {
                    (
                        model.claims.get(&id).map(|claim| claim.epoch),
                        model.records[&key(record)].1,
                    )
                };
                let seen: Vec<_> = self.models[from..=done.to].iter().map(sides).collect();
                seen.iter().any(|sides| *sides != seen[0])
            }
            (Deed::Unlink { record, .. }, (409, "NOT_LINKED")) => {
                self.was(done, |model| link_of(model, record).is_none())
            }
            (
                Deed::Unlink {
                    record,
                    version: Some(version),
                },
                (409, "PREVIEW_STALE"),
            ) => self.was(done, |model| model.records[&key(record)].1 != *version),
            (Deed::Unlink { .. }, (409, "PREVIEW_STALE")) => {
                let links: Vec<_> = self.models[done.from..=done.to]
                    .iter()
                    .map(|model| model.claims[&id].link)
                    .collect();
                links.iter().any(|link| *link != links[0])
            }
            (Deed::Allow, (404, "NOT_SUPPRESSED")) => self.was(done, |model| {
                state(model).is_none_or(|(state, _)| state != "suppressed")
            }),
            _ => false,
        }
    }

    /// The request with which a deed first read a record.
    fn first_read(&self, done: &Done, record: &RecordId) -> usize {
        let reads = |step: &Step| {
            step.action == "GetItem" && step.request["Key"]["pk"]["S"] == key(record).as_str()
        };
        (done.from..done.to)
            .find(|at| self.history[*at].actor == done.actor && reads(&self.history[*at]))
            .unwrap()
    }

    fn id(&self) -> String {
        self.scene.opportunity.to_string()
    }

    /// The play as lines to read.
    fn story(&self) -> String {
        let mut lines = vec![format!("{:?}", self.models[0])];
        for (at, step) in self.history.iter().enumerate() {
            let outcome = if step.done { "" } else { " refused" };
            lines.push(format!(
                "{at}: actor {} {}{outcome} {:?}",
                step.actor, step.action, self.acts[at]
            ));
        }
        for done in &self.done {
            lines.push(format!(
                "actor {} {}..{} {:?} {:?}",
                done.actor, done.from, done.to, done.deed, done.answer
            ));
        }
        lines.join("\n")
    }
}

fn key(record: &RecordId) -> String {
    key_of(&format!("{}/{}", record.kind().as_str(), record.id()))
}

/// Plays so many scenes, each set up and cast by its seed.
async fn play_all(direct: impl AsyncFn(&Theatre, &Scene, &mut StdRng) -> Vec<Vec<Deed>>) {
    let mut theatre = Theatre::open().await;
    for number in 0..interleavings() {
        let scene_number = number % PLAYS + 1;
        if number > 0 && scene_number == 1 {
            theatre = Theatre::open().await;
        }
        let mut seed = StdRng::seed_from_u64(number as u64);
        let scene = theatre.scene(scene_number).await;
        let parts = direct(&theatre, &scene, &mut seed).await;
        theatre.play(&mut seed, &scene, parts).await;
    }
    assert_eq!(
        theatre.desk.world.ledger().await.broken(),
        Vec::<String>::new()
    );
}

impl Theatre {
    /// A token of a preview that an administrator made before the play, or none where the actor previews by itself.
    async fn token(&self, seed: &mut StdRng, record: &RecordId, scene: &Scene) -> Option<String> {
        if seed.random_bool(0.5) {
            return None;
        }
        let preview = self
            .desk
            .preview(record, scene.opportunity, "salesforce")
            .await;
        (preview.status == 200).then(|| preview.token())
    }

    async fn link_deed(&self, seed: &mut StdRng, record: &RecordId, scene: &Scene) -> Deed {
        let token = self.token(seed, record, scene).await;
        Deed::Link {
            record: record.clone(),
            token,
        }
    }
}

fn import_deed(seed: &mut StdRng, runs: &[u32]) -> Deed {
    Deed::Import {
        run: *runs.choose(seed).unwrap(),
        fresh: seed.random_bool(0.5),
    }
}

#[tokio::test]
async fn links_against_imports() {
    play_all(async |theatre, scene, seed| {
        if seed.random_bool(0.3) {
            // Once imported, unlinked and allowed again.
            theatre.import(scene, 1).await;
            assert_eq!(
                theatre
                    .desk
                    .unlink(&theatre.imported(scene, 0))
                    .await
                    .status,
                200
            );
            assert_eq!(theatre.desk.allow(scene.opportunity).await.status, 200);
        }
        let mut parts = vec![
            vec![import_deed(seed, &[2])],
            vec![theatre.link_deed(seed, &scene.records[0], scene).await],
        ];
        parts.push(match seed.random_range(0..3) {
            0 => vec![import_deed(seed, &[2, 3])],
            1 => vec![theatre.link_deed(seed, &scene.records[1], scene).await],
            _ => vec![],
        });
        parts
    })
    .await;
}

#[tokio::test]
async fn links_against_unlinks() {
    play_all(async |theatre, scene, seed| {
        let held = if seed.random_bool(0.5) {
            assert_eq!(
                theatre
                    .desk
                    .link(&scene.records[0], scene.opportunity, "salesforce")
                    .await
                    .status,
                201
            );
            scene.records[0].clone()
        } else {
            theatre.import(scene, 1).await;
            theatre.imported(scene, 0)
        };
        let seen = theatre.desk.record(&held).await.version;
        let version = seed.random_bool(0.4).then_some(seen);
        let unlink = |version| Deed::Unlink {
            record: held.clone(),
            version,
        };
        let again = Deed::Link {
            record: held.clone(),
            token: None,
        };
        let other = Deed::Link {
            record: scene.records[1].clone(),
            token: None,
        };
        let second = match seed.random_range(0..3) {
            0 => vec![unlink(None), again],
            1 => vec![other.clone(), other.clone()],
            _ => vec![unlink(Some(seen)), other.clone()],
        };
        let third = match seed.random_range(0..4) {
            0 => vec![import_deed(seed, &[1, 2])],
            1 => vec![other],
            2 => vec![Deed::Allow, import_deed(seed, &[2])],
            _ => vec![],
        };
        vec![vec![unlink(version)], second, third]
    })
    .await;
}

#[tokio::test]
async fn links_against_replayed_imports() {
    play_all(async |theatre, scene, seed| {
        theatre.import(scene, 1).await;
        let former = theatre.imported(scene, 0);
        assert_eq!(theatre.desk.unlink(&former).await.status, 200);
        let record = if seed.random_bool(0.5) {
            former
        } else {
            scene.records[0].clone()
        };
        let mut second = vec![theatre.link_deed(seed, &record, scene).await];
        if seed.random_bool(0.3) {
            second.push(Deed::Unlink {
                record,
                version: None,
            });
        }
        let third = match seed.random_range(0..3) {
            0 => vec![import_deed(seed, &[1, 2])],
            1 => vec![Deed::Allow],
            _ => vec![theatre.link_deed(seed, &scene.records[1], scene).await],
        };
        vec![vec![import_deed(seed, &[1, 2])], second, third]
    })
    .await;
}
