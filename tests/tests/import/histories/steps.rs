//! One step of a history: an act of a person, a schedule, a queue, or an accident.

use std::time::Duration;

use dealbridge_core::{
    SalesforceId, SalesforceObject,
    portal::UserStatus,
    ports::Clock,
    salesforce::{FieldPath, Salesforce},
};
use dealbridge_tests::{
    Fault, OrgFolder, Role, TestApp, opportunity,
    people::address,
    role,
    test_app::{IMPORTS, SYNC_REQUESTS},
};
use jiff::Timestamp;
use rand::{Rng, rngs::StdRng};
use serde_json::json;
use sqs_server::Disorder;

use super::{
    harness::LinkHarness,
    model::{Known, Model},
    one_of, pick,
};

const PARTNERS: [&str; 5] = ["active", "second", "pending", "nobody", ""];
const PRODUCTS: [&str; 4] = ["Basic", "Pro", "", "Deluxe"];
const STAGES: [&str; 4] = ["Prospecting", "Closed Won", "", "Daydreaming"];
const SEATS: [&str; 4] = ["1", "12", "", "a dozen"];
/// Messages of one delivery.
const BATCHES: [usize; 6] = [1, 2, 3, 10, 57, 200];

/// The side on which a step did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Did {
    /// In the org, in time or in the queues: the store is as before.
    Outside,
    /// In runs and their messages.
    Work,
    /// At an administrator's harness, who may take links apart.
    ByHand,
}

/// A test app in the middle of its history.
pub(super) struct Stage {
    pub(super) app: TestApp,
    pub(super) harness: LinkHarness,
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
        let few = random.random_range(3..9);
        let many = random.random_range(9..40);
        for _ in 0..one_of(random, &[few, few, few, few, few, many]) {
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
                suppressed: false,
                seen: None,
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
        let mut app = TestApp::start(&folder).await;
        app.batch = one_of(random, &BATCHES);
        if random.random_bool(0.5) {
            app.queues.set_disorder(Some(Disorder {
                seed: random.random(),
                duplicates: 0.3,
                duplicates_within_seconds: 2_000,
                shuffle: true,
            }));
        }
        if random.random_bool(0.5) {
            app.admin("clock", json!({ "step": 0 })).await;
        }
        let page = one_of(random, &[1, 2, 5, 2_000]);
        app.admin("limit", json!({ "pageRows": page })).await;
        let told = format!("batches of {}, pages of {page}", app.batch);
        Self {
            harness: LinkHarness::over(&app),
            app,
            model: Model::new(rows),
            told: vec![told],
            bodies: Vec::new(),
        }
    }

    pub(super) fn tell(&mut self, what: impl Into<String>) {
        self.told.push(what.into());
    }

    /// Takes a step.
    pub(super) async fn step(&mut self, random: &mut StdRng) -> Did {
        let what = random.random_range(0..112);
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
            90..100 => self.crash(random).await,
            _ => self.by_hand(random).await,
        }
        match what {
            0..56 => Did::Outside,
            56..100 => Did::Work,
            _ => Did::ByHand,
        }
    }

    /// Makes edits from here on carry one stamp, which may be of the second in which runs read them, or one each.
    async fn pace(&mut self, random: &mut StdRng) {
        let step = one_of(random, &[0, 0, 2]);
        let mut order = json!({ "step": step });
        let here = self.app.clock.now();
        let there = self.app.admin("clock", order.clone()).await;
        let there: Timestamp = there["now"].as_str().unwrap().parse().unwrap();
        if random.random_bool(0.5) && there < here {
            order["now"] = here.to_string().into();
            self.app.admin("clock", order).await;
        }
        self.tell(format!("{step} seconds a write, at {there} of {here}"));
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
        self.app.edit(opportunity(number), fields).await;
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
        self.app.admin("edit", order).await;
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
        self.app.on_opportunity(call, opportunity(number)).await;
        self.tell(format!("{call} {number}"));
    }

    async fn activation(&mut self) {
        self.model.activated = !self.model.activated;
        let status = if self.model.activated {
            UserStatus::Active
        } else {
            UserStatus::Pending
        };
        self.app.set_user("usr-partner-pending", status).await;
        self.tell(format!("{} is {status:?}", address("partner", "pending")));
    }

    async fn time(&mut self, random: &mut StdRng) {
        let seconds = one_of(random, &[60, 400, 1_000, 3_600, 90_000]);
        self.app.clock.advance(Duration::from_secs(seconds));
        if random.random_bool(0.5) {
            self.app.admin("tick", json!({ "seconds": seconds })).await;
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
        self.app.disturb(order).await;
    }

    async fn late_duplicates(&mut self, random: &mut StdRng) {
        if self.bodies.is_empty() {
            return;
        }
        let bodies: Vec<String> = (0..random.random_range(1..4))
            .map(|_| self.bodies[random.random_range(0..self.bodies.len())].clone())
            .collect();
        self.app.send(IMPORTS, &bodies).await;
        self.tell(format!("again {bodies:?}"));
    }

    async fn run(&mut self, random: &mut StdRng) {
        let what = one_of(random, &["hourly", "hourly", "daily", "manual"]);
        let answer = if what == "manual" {
            format!("{:?}", self.app.request_run().await)
        } else {
            self.app.tick(what).await.to_string()
        };
        self.tell(format!("{what}: {answer}"));
    }

    async fn deliver(&mut self, random: &mut StdRng) {
        let queue = one_of(random, &[SYNC_REQUESTS, IMPORTS, IMPORTS]);
        let most = one_of(random, &BATCHES);
        let delivery = self.app.receive(queue, most).await;
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
                let _ = self.app.answer(queue, event).await;
            }
            // Delivered twice at once.
            2 => {
                let twice = async |event| self.app.answer(queue, event).await;
                let _ = tokio::join!(twice(delivery.event()), twice(delivery.event()));
                self.app.delete(queue, &delivery).await;
            }
            _ => {
                self.app.work(queue, &delivery).await;
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
            (&self.app.dynamodb, "dynamodb")
        } else {
            (&self.app.sqs, "sqs")
        };
        proxy.order_at("", nth, fault.clone());
        let schedule = one_of(random, &["hourly", "daily", ""]);
        let died = tokio::select! {
            biased;
            () = proxy.stopped() => true,
            () = async {
                if schedule.is_empty() {
                    self.app.request_run().await;
                } else {
                    self.app.tick(schedule).await;
                }
                self.app.deliver_all().await;
            } => false,
        };
        proxy.order("", []);
        self.tell(format!(
            "run {schedule:?} with {fault:?} at request {nth} of {name}: died {died}"
        ));
    }

    /// Ends all faults, and lets everything in progress come to its end.
    pub(super) async fn calm(&mut self) {
        self.app.queues.set_disorder(None);
        self.app.dynamodb.order("", []);
        self.app.sqs.order("", []);
        self.app.calm().await;
        self.app.clock.advance(Duration::from_secs(3_600));
        self.drain().await;
        self.tell("calm");
    }

    /// Takes the Sync Flags over from the org, where a link by hand has ticked them.
    pub(super) async fn look_at_the_org(&mut self) {
        let ids: Vec<SalesforceId> = (1..=self.model.len()).map(opportunity).collect();
        let fields = [FieldPath::parse("Sync__c").unwrap()];
        let object = SalesforceObject::Opportunity;
        let rows = self.app.salesforce.records(object, &ids, &fields).await;
        for row in rows.unwrap() {
            let number = ids.iter().position(|id| Some(*id) == row.id()).unwrap() + 1;
            self.model.row(number).sync = row.is_checked("Sync__c");
        }
    }

    pub(super) async fn drain(&self) {
        for _ in 0..6 {
            self.app.deliver_again().await;
            while self.harness.push(&self.app).await > 0 {}
            self.app.clock.advance(Duration::from_secs(6_000));
        }
    }
}
