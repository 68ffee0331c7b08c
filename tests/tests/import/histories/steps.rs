//! One step of a history: an act of a person, a schedule, a queue, or an accident.

use std::time::Duration;

use dealbridge_core::portal::UserStatus;
use dealbridge_tests::{
    Fault, OrgFolder, Role, World, opportunity,
    people::address,
    role,
    world::{IMPORTS, SYNC_REQUESTS},
};
use rand::{Rng, rngs::StdRng};
use serde_json::json;
use sqs_server::Disorder;

use super::{
    model::{Known, Model},
    one_of, pick,
};

const PARTNERS: [&str; 5] = ["active", "second", "pending", "nobody", ""];
const PRODUCTS: [&str; 4] = ["Basic", "Pro", "", "Deluxe"];
const STAGES: [&str; 4] = ["Prospecting", "Closed Won", "", "Daydreaming"];
const SEATS: [&str; 4] = ["1", "12", "", "a dozen"];

/// A test app in the middle of its history.
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) model: Model,
    /// The steps so far.
    pub(super) told: Vec<String>,
    /// Bodies of messages that were once in the queue of imports.
    bodies: Vec<String>,
}

/// Mostly the first, which is the harmless one.
fn mostly<T: Copy>(random: &mut StdRng, all: &[T]) -> T {
    if random.random_bool(0.6) {
        all[0]
    } else {
        one_of(random, all)
    }
}

impl Stage {
    pub(super) async fn start(random: &mut StdRng) -> Self {
        let mut folder = OrgFolder::new();
        let mut rows = Vec::new();
        for _ in 0..random.random_range(3..9) {
            let row = Known {
                sync: random.random_bool(0.8),
                export: random.random_bool(0.8),
                account: random.random_bool(0.9),
                primary: random.random_bool(0.8),
                partner: mostly(random, &PARTNERS),
                product: mostly(random, &PRODUCTS),
                stage: mostly(random, &STAGES),
                seats: mostly(random, &SEATS),
                amount: random.random_range(0..1_000),
                deleted: false,
                hidden: false,
                purged: false,
            };
            // Some share a second.
            let stamp = random.random_range(0..20) * 60;
            folder.add(|opportunity| {
                let columns = row.fields();
                let text = |name: &str| {
                    columns[name]
                        .as_str()
                        .map_or_else(|| columns[name].to_string(), str::to_owned)
                };
                let names = [
                    "Sync__c",
                    "Export__c",
                    "AccountId",
                    "Partner__c",
                    "Product__c",
                    "Stage__c",
                    "Seats__c",
                    "Amount",
                ];
                let opportunity = names.into_iter().fold(opportunity, |opportunity, name| {
                    opportunity.with(name, text(name))
                });
                let roles = [
                    Role {
                        contact: 1,
                        primary: row.primary,
                    },
                    Role {
                        contact: 2,
                        primary: false,
                    },
                ];
                opportunity.with_roles(&roles).stamped(stamp)
            });
            rows.push(row);
        }
        let world = World::start(&folder).await;
        if random.random_bool(0.5) {
            world.queues.set_disorder(Some(Disorder {
                seed: random.random(),
                duplicates: 0.3,
                duplicates_within_seconds: 2_000,
                shuffle: true,
            }));
        }
        if random.random_bool(0.5) {
            world.admin("clock", json!({ "step": 0 })).await;
        }
        Self {
            world,
            model: Model::new(rows),
            told: Vec::new(),
            bodies: Vec::new(),
        }
    }

    fn tell(&mut self, what: impl Into<String>) {
        self.told.push(what.into());
    }

    /// Takes a step, and returns `true` if the store may have changed by it.
    pub(super) async fn step(&mut self, random: &mut StdRng) -> bool {
        let what = random.random_range(0..100);
        match what {
            0..3 => self.pace(random).await,
            3..25 => self.edit(random).await,
            25..31 => self.contact_role(random).await,
            31..39 => self.visibility(random).await,
            39..42 => self.activation().await,
            42..47 => self.time(random).await,
            47..53 => self.disturb(random).await,
            53..56 => self.late_duplicates(random).await,
            56..72 => self.run(random).await,
            72..90 => self.deliver(random).await,
            _ => self.crash(random).await,
        }
        what >= 56
    }

    /// Makes edits from here on carry the same system modstamp, or one each.
    async fn pace(&mut self, random: &mut StdRng) {
        let step = one_of(random, &[0, 0, 2]);
        self.world.admin("clock", json!({ "step": step })).await;
        self.tell(format!("{step} seconds a write"));
    }

    async fn edit(&mut self, random: &mut StdRng) {
        let number = pick(random, &self.model);
        let row = self.model.row(number);
        if row.deleted || row.purged {
            return;
        }
        match random.random_range(0..8) {
            0 => row.sync = !row.sync,
            1 => row.export = !row.export,
            2 => row.account = !row.account,
            3 => row.partner = mostly(random, &PARTNERS),
            4 => row.product = mostly(random, &PRODUCTS),
            5 => row.stage = mostly(random, &STAGES),
            6 => row.seats = mostly(random, &SEATS),
            _ => row.amount = random.random_range(0..1_000),
        }
        let (fields, row) = (row.fields(), row.clone());
        self.world.edit(opportunity(number), fields).await;
        self.tell(format!("edit {number}: {row:?}"));
    }

    /// Edits a Contact Role, which does not move the Opportunity's system modstamp.
    async fn contact_role(&mut self, random: &mut StdRng) {
        let number = pick(random, &self.model);
        let row = self.model.row(number);
        if row.deleted || row.purged {
            return;
        }
        row.primary = !row.primary;
        let primary = row.primary;
        let order = json!({ "object": "OpportunityContactRole", "id": role(number, 0), "fields": { "IsPrimary": primary } });
        self.world.admin("edit", order).await;
        self.tell(format!("contact role of {number} primary: {primary}"));
    }

    async fn visibility(&mut self, random: &mut StdRng) {
        let number = pick(random, &self.model);
        let row = self.model.row(number);
        if row.purged {
            return;
        }
        let call = match random.random_range(0..20) {
            0 => {
                row.purged = true;
                "purge"
            }
            1..10 => {
                row.deleted = !row.deleted;
                if row.deleted { "delete" } else { "undelete" }
            }
            _ => {
                row.hidden = !row.hidden;
                if row.hidden { "hide" } else { "unhide" }
            }
        };
        self.world.on_opportunity(call, opportunity(number)).await;
        self.tell(format!("{call} {number}"));
    }

    async fn activation(&mut self) {
        self.model.activated = !self.model.activated;
        let status = if self.model.activated {
            UserStatus::Active
        } else {
            UserStatus::Pending
        };
        self.world.set_user("usr-partner-pending", status).await;
        self.tell(format!("{} is {status:?}", address("partner", "pending")));
    }

    async fn time(&mut self, random: &mut StdRng) {
        let seconds = one_of(random, &[60, 400, 1_000, 3_600, 90_000]);
        self.world.clock.advance(Duration::from_secs(seconds));
        if random.random_bool(0.5) {
            self.world
                .admin("tick", json!({ "seconds": seconds }))
                .await;
        }
        self.tell(format!("{seconds} s pass"));
    }

    /// Makes Salesforce or DynamoDB unavailable for some calls.
    async fn disturb(&mut self, random: &mut StdRng) {
        let times = one_of(random, &[1, 3, 5, 9]);
        let skip = random.random_range(0..3);
        let order = match random.random_range(0..4) {
            0 => json!({ "match": "/query", "status": 500, "times": times, "skip": skip }),
            1 => json!({ "match": "/query", "mode": "cut", "times": times, "skip": skip }),
            2 => json!({ "match": "/query", "status": 401, "times": times, "skip": skip }),
            _ => json!({ "match": "/composite", "status": 503, "times": times }),
        };
        self.tell(format!("disturb {order}"));
        self.world.disturb(order).await;
    }

    async fn late_duplicates(&mut self, random: &mut StdRng) {
        if self.bodies.is_empty() {
            return;
        }
        let bodies: Vec<String> = (0..random.random_range(1..4))
            .map(|_| self.bodies[random.random_range(0..self.bodies.len())].clone())
            .collect();
        self.world.send(IMPORTS, &bodies).await;
        self.tell(format!("again {bodies:?}"));
    }

    async fn run(&mut self, random: &mut StdRng) {
        let what = one_of(random, &["hourly", "hourly", "daily", "manual"]);
        let answer = if what == "manual" {
            format!("{:?}", self.world.request_run().await)
        } else {
            self.world.tick(what).await.to_string()
        };
        self.tell(format!("{what}: {answer}"));
    }

    async fn deliver(&mut self, random: &mut StdRng) {
        let queue = one_of(random, &[SYNC_REQUESTS, IMPORTS, IMPORTS]);
        let most = one_of(random, &[1, 2, 200]);
        let delivery = self.world.receive(queue, most).await;
        if delivery.messages.is_empty() {
            return;
        }
        if queue == IMPORTS {
            let bodies = delivery
                .messages
                .iter()
                .filter_map(|message| message.body());
            self.bodies.extend(bodies.map(str::to_owned));
        }
        let how = random.random_range(0..10);
        match how {
            // Received and abandoned.
            0 => {}
            // Processed, and the deletion is lost.
            1 => {
                let event = delivery.event();
                let _ = self.world.answer(queue, event).await;
            }
            // Delivered twice at once.
            2 => {
                let twice = async |event| self.world.answer(queue, event).await;
                let _ = tokio::join!(twice(delivery.event()), twice(delivery.event()));
                self.world.delete(queue, &delivery).await;
            }
            _ => {
                self.world.work(queue, &delivery).await;
            }
        }
        self.tell(format!(
            "{} of {queue} delivered, way {how}",
            delivery.messages.len()
        ));
    }

    /// Some process dies at some request.
    async fn crash(&mut self, random: &mut StdRng) {
        let nth = random.random_range(0..25);
        let fault = if random.random_bool(0.5) {
            Fault::Stop
        } else {
            Fault::StopAfter
        };
        let (proxy, name) = if random.random_bool(0.8) {
            (&self.world.dynamodb, "dynamodb")
        } else {
            (&self.world.sqs, "sqs")
        };
        proxy.order_at("", nth, fault.clone());
        let schedule = one_of(random, &["hourly", "daily", ""]);
        let died = tokio::select! {
            biased;
            () = proxy.stopped() => true,
            () = async {
                if schedule.is_empty() {
                    self.world.request_run().await;
                } else {
                    self.world.tick(schedule).await;
                }
                self.world.deliver_all().await;
            } => false,
        };
        proxy.order("", []);
        self.tell(format!(
            "run {schedule:?} with {fault:?} at request {nth} of {name}: died {died}"
        ));
    }

    /// Ends all faults, and lets everything in progress come to its end.
    pub(super) async fn calm(&mut self) {
        self.world.queues.set_disorder(None);
        self.world.dynamodb.order("", []);
        self.world.sqs.order("", []);
        self.world.calm().await;
        self.world.clock.advance(Duration::from_secs(3_600));
        self.drain().await;
        self.tell("calm");
    }

    pub(super) async fn drain(&self) {
        for _ in 0..6 {
            self.world.deliver_again().await;
            self.world.clock.advance(Duration::from_secs(6_000));
        }
    }
}
