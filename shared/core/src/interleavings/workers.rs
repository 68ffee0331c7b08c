//! The acts of a run and of the queues' workers, as the real use cases.

use std::collections::BTreeSet;

use rand::Rng;
use serde_json::json;

use super::world::{Handle, Message, World};
use crate::{
    SalesforceId,
    import::{Import, Imported},
    link::push::{Push, enqueue, send_outbox},
    message::{Disposition, ImportRequest, PushRequest, VERSION},
    run::{Mode, RunId},
    send::{Create, SyncNow, send_refused},
};

impl Handle {
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
