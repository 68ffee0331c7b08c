//! The acts of a history: those of the portal's people as the real use cases, those of the queue's workers, and those
//! of Salesforce's users.

use std::{collections::BTreeSet, future::Future, pin::Pin};

use rand::Rng;
use serde_json::{Map, Value, json};

use super::{
    set_up::{END_USER, FIELDS},
    world::{Handle, Message, World},
};
use crate::{
    SalesforceId,
    claim::ClaimState,
    import::{Import, Imported},
    link::{
        Links, Master, Unlinks,
        confirm::Confirm,
        push::{Push, enqueue, send_outbox},
        token::PreviewTokens,
    },
    message::{Disposition, ImportRequest, PushRequest, VERSION},
    record::{RecordId, RecordKind},
    run::{Mode, RunId},
    send::{AskSync, Create, SyncNow, send_refused},
    submit::{Author, Seen, Submission, Submissions, delete::Linked},
};

/// An act that is under way.
pub(super) type Act = Pin<Box<dyn Future<Output = ()>>>;

const USER: &str = "ada@vendor.example";
const INSTANCE: &str = "https://acme.my.salesforce.com";

/// Returns the records that the portal's people submit.
fn records() -> [RecordId; 3] {
    [
        (RecordKind::Deal, "d-1"),
        (RecordKind::Deal, "d-1"),
        (RecordKind::Referral, "r-1"),
    ]
    .map(|(kind, id)| RecordId::new(kind, id).unwrap())
}

fn author() -> Author {
    Author {
        by: USER.to_owned(),
        party: None,
    }
}

/// Returns the submission of a record with these fields and everything else that it needs.
pub(super) fn whole(fields: &Value) -> Submission {
    let mut fields = fields.as_object().unwrap().clone();
    fields.insert("stage".to_owned(), json!("new"));
    let end_user = json!({ "company": "Acme", "lastName": "Kaur", "email": END_USER });
    Submission {
        fields,
        end_user: Some(end_user),
        ..Submission::default()
    }
}

impl World {
    /// Returns a record of the portal, in most cases one that exists.
    fn record(&mut self) -> RecordId {
        let all: Vec<RecordId> = self.items.records.keys().cloned().collect();
        match self.one_of(&all) {
            Some(id) if self.seed.random_bool(0.9) => id,
            _ => self.one_of(&records()).unwrap(),
        }
    }

    /// Returns the values that a user of the portal enters.
    fn submission(&mut self, names: &[&str]) -> Submission {
        let mut fields = Map::new();
        for name in names {
            fields.insert((*name).to_owned(), self.value("here"));
        }
        Submission {
            fields,
            ..Submission::default()
        }
    }
}

impl Handle {
    /// Begins an act; none if it is done at once.
    pub(super) fn begin(&self) -> Option<Act> {
        let mut world = self.world();
        let handle = self.clone();
        let record = world.record();
        let act = world.below(100);
        let master = if world.seed.random_bool(0.5) {
            Master::Salesforce
        } else {
            Master::Channeltivity
        };
        Some(match act {
            0..28 => {
                world.act_there();
                return None;
            }
            28..36 => {
                let values = world.submission(&["name", "amount", "close_date"]);
                let values = whole(&Value::Object(values.fields));
                let id = world.one_of(&records()).unwrap();
                world.tell(|| format!("submit {id}: {values:?}"));
                drop(world);
                Box::pin(async move { handle.submit(&id, values).await })
            }
            36..52 => {
                let field = FIELDS[world.below(FIELDS.len())].name;
                let mut values = world.submission(&[field]);
                if world.seed.random_bool(0.25) {
                    let status = if world.seed.random_bool(0.7) {
                        "Approved"
                    } else {
                        "Submitted"
                    };
                    values.registration_status = Some(json!(status));
                }
                world.tell(|| format!("edit {record}: {values:?}"));
                drop(world);
                Box::pin(async move { handle.edit(&record, values).await })
            }
            52..55 => {
                world.tell(|| format!("delete {record}"));
                drop(world);
                Box::pin(async move { handle.delete(&record).await })
            }
            55..61 => {
                let id = world.row(|_| true)?;
                world.tell(|| format!("link {record} to {id}, master {master:?}"));
                drop(world);
                Box::pin(async move { handle.link(&record, id, master).await })
            }
            61..65 => {
                world.tell(|| format!("unlink {record}"));
                drop(world);
                Box::pin(async move { handle.unlink(&record).await })
            }
            65..67 => {
                let claims = world.items.claims.values();
                let suppressed = claims.filter(|claim| claim.state == ClaimState::Suppressed);
                let suppressed: Vec<SalesforceId> =
                    suppressed.map(|claim| claim.salesforce).collect();
                let id = world.one_of(&suppressed)?;
                world.tell(|| format!("allow {id}"));
                drop(world);
                Box::pin(async move { handle.allow(id).await })
            }
            67..72 => {
                world.tell(|| format!("Sync Now of {record}"));
                drop(world);
                Box::pin(async move { handle.sync_now(&record).await })
            }
            72..79 => {
                drop(world);
                Box::pin(async move { handle.run().await })
            }
            _ => {
                let messages = world.receive()?;
                drop(world);
                Box::pin(async move { handle.deliver(messages).await })
            }
        })
    }

    fn submissions(&self) -> Submissions<'_, Self, Self, Self, Self> {
        Submissions {
            portal: self,
            store: self,
            owners: self,
            clock: self,
            instance_url: INSTANCE,
        }
    }

    pub(super) async fn submit(&self, id: &RecordId, values: Submission) {
        let created = self
            .submissions()
            .create((id.kind(), id.id()), &values, &author(), |_| None)
            .await;
        if let Ok(created) = created {
            enqueue(self, created.request.as_slice()).await;
        }
    }

    pub(super) async fn edit(&self, id: &RecordId, values: Submission) {
        let edited = self
            .submissions()
            .edit(id, Seen::Any, &values, &author(), |_| None)
            .await;
        if let Ok(edited) = edited {
            enqueue(self, edited.request.as_slice()).await;
        }
    }

    pub(super) async fn delete(&self, id: &RecordId) {
        let _ = self
            .submissions()
            .delete(id, Seen::Any, Linked::Unlink, &author(), |_| None)
            .await;
    }

    fn unlinks(&self) -> Unlinks<'_, Self, Self, Self> {
        Unlinks {
            portal: self,
            store: self,
            clock: self,
            instance_url: INSTANCE,
        }
    }

    async fn unlink(&self, id: &RecordId) {
        let _ = self.unlinks().unlink(id, None, USER, |_| None).await;
    }

    async fn allow(&self, id: SalesforceId) {
        let _ = self.unlinks().allow_import(id, USER, |_| None).await;
    }

    pub(super) async fn link(&self, record: &RecordId, id: SalesforceId, master: Master) {
        let tokens = PreviewTokens::new(b"key").unwrap();
        let links = Links {
            salesforce: self,
            portal: self,
            store: self,
            writes: self,
            clock: self,
            tokens: &tokens,
            instance_url: INSTANCE,
        };
        let Ok(preview) = links.preview(record, id.as_str(), master, USER).await else {
            return;
        };
        let ask = Confirm {
            record,
            url: id.as_str(),
            master,
            token: &preview.preview_token,
            user: USER,
            by: USER,
        };
        let _ = links.confirm(&ask, |_| None).await;
    }

    async fn sync_now(&self, id: &RecordId) {
        let ask = AskSync {
            portal: self,
            store: self,
            writes: self,
            clock: self,
        };
        let _ = ask.ask(id, USER, |_| None).await;
    }

    /// A run: what waits in the outbox is sent again, and everything that is flagged, linked or a problem is listed.
    pub(super) async fn run(&self) {
        self.world().tell(|| "a run".to_owned());
        let _ = send_outbox(self, self).await;
        let is_full = {
            let mut world = self.world();
            world.is_calm || world.seed.random_bool(0.5)
        };
        let mode = if is_full {
            Mode::Full
        } else {
            Mode::Incremental
        };
        let _ = send_refused(self, self, self, mode).await;
        self.pause().await;
        let mut world = self.world();
        world.runs += 1;
        let run = RunId::new(world.runs);
        let problems = world
            .items
            .problems
            .values()
            .filter(|problem| !problem.closed);
        let problems = problems.map(|problem| problem.opportunity);
        let flagged = world
            .org
            .ids(|stored| stored.fields.get("Import__c") == Some(&json!(true)));
        let ids: BTreeSet<SalesforceId> = problems
            .chain(flagged)
            .chain(world.items.claims.keys().copied())
            .collect();
        for id in ids {
            let is_known =
                world.items.claims.contains_key(&id) || world.items.problems.contains_key(&id);
            let request = ImportRequest {
                version: VERSION,
                run,
                org: world.settings.organization_id,
                opportunity: id,
                fresh: !is_known,
                by_hand: false,
            };
            world.send(Message::Import(request));
        }
    }

    /// A run, and all that it sends to the import worker.
    pub(super) async fn list_and_import(&self) {
        self.run().await;
        let waiting = self.world().waiting.clone();
        let is_import = |message: &Message| matches!(message, Message::Import(_));
        let imports = waiting.into_iter().filter(is_import).collect();
        self.deliver(imports).await;
    }

    /// A worker handles messages.
    pub(super) async fn deliver(&self, messages: Vec<Message>) {
        let mut imports = Vec::new();
        for message in &messages {
            match message {
                Message::Push(request) => {
                    let disposition = self.push(request).await;
                    self.world()
                        .tell(|| format!("done with {request:?}: {disposition:?}"));
                    if disposition == Disposition::Done {
                        self.world().acknowledge(message);
                    }
                }
                Message::Import(request) => imports.push(request.clone()),
            }
        }
        if imports.is_empty() {
            return;
        }
        let import = Import {
            salesforce: self,
            portal: self,
            store: self,
            clock: self,
        };
        let Imported {
            dispositions,
            requests,
        } = import.batch(imports.clone(), None).await;
        enqueue(self, &requests).await;
        for (request, disposition) in imports.into_iter().zip(dispositions) {
            if disposition == Disposition::Done {
                self.world().acknowledge(&Message::Import(request));
            }
        }
    }

    async fn push(&self, request: &PushRequest) -> Disposition {
        match request {
            PushRequest::Create(request) => {
                let create = Create {
                    salesforce: self,
                    portal: self,
                    store: self,
                    people: self,
                    clock: self,
                };
                create.deliver(request).await
            }
            PushRequest::Sync(request) => {
                let sync = SyncNow {
                    salesforce: self,
                    portal: self,
                    store: self,
                    clock: self,
                };
                sync.deliver(request).await
            }
            PushRequest::Write(request) => {
                let push = Push {
                    salesforce: self,
                    portal: self,
                    store: self,
                    clock: self,
                };
                push.deliver(request).await
            }
        }
    }
}

impl World {
    /// Returns messages for a worker: in most cases ones that wait, now and then one that came before.
    pub(super) fn receive(&mut self) -> Option<Vec<Message>> {
        let is_replay = !self.is_calm && self.seed.random_bool(0.2);
        let from = if is_replay {
            self.sent.clone()
        } else {
            self.waiting.clone()
        };
        let first = self.one_of(&from)?;
        let mut messages = vec![first];
        if matches!(messages[0], Message::Import(_)) {
            let others = from
                .into_iter()
                .filter(|message| matches!(message, Message::Import(_)) && *message != messages[0]);
            let others: Vec<Message> = others.take(4).collect();
            let count = if self.is_calm { 4 } else { self.below(4) };
            messages.extend(others.into_iter().take(count));
        }
        self.tell(|| format!("deliver {messages:?}"));
        Some(messages)
    }

    fn acknowledge(&mut self, message: &Message) {
        if let Some(at) = self.waiting.iter().position(|waiting| waiting == message) {
            self.waiting.swap_remove(at);
        }
    }
}
