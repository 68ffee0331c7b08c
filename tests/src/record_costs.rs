//! The cost of the portal's submissions and edits in counted units, from the API's call to its effect in Salesforce.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use dealbridge_local::{LocalProduct, gateway::ApiRequest, server::ApiServer};
use dealbridge_salesforce::{Timeouts, http_client};
use serde_json::{Value, json};

use crate::people;

/// The address of a Contact of a generated folder, whose Account can be read.
const MATCHED: &str = "c1@acme.example";

/// The edits of each record, so that the acts which one audit row takes along are paid for.
const EDITS: u32 = 4;

/// The last read of a Deal's Salesforce record before an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    /// A run has read it since it was written last.
    ByARun,
    /// Nothing has.
    No,
}

/// The mean cost of an act.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cost {
    /// DynamoDB write units, without those of the ledger of calls, which adds up what many acts have cost.
    pub write_units: f64,
    /// Salesforce calls by kind, without logins and descriptions.
    pub calls: BTreeMap<String, f64>,
    /// Logins and descriptions of all these acts together: a process makes them once.
    pub once: BTreeMap<String, u64>,
}

/// The costs of the acts on a Deal.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordCosts {
    /// A submission that is not sent.
    pub kept: Cost,
    /// An edit of an unlinked Deal.
    pub unlinked_edit: Cost,
    /// The first submission that becomes a Lead, with what is written once for all.
    pub first: Cost,
    /// A further one, until it is linked.
    pub lead: Cost,
    /// A submission that becomes an Opportunity of the one matching Contact, until it is linked.
    pub matching: Cost,
    /// An edit of a linked Deal that a run has read since it was written last, until Salesforce has it.
    pub edit: Cost,
    /// An edit of one that no run has read since, so that its values are looked at first.
    pub early_edit: Cost,
}

impl Cost {
    /// Returns the number of calls of all kinds.
    #[must_use]
    pub fn all_calls(&self) -> f64 {
        self.calls.values().sum()
    }

    /// Adds one of some parts of equal weight.
    fn add(&mut self, part: Self, parts: u32) {
        self.write_units += part.write_units / f64::from(parts);
        for (kind, calls) in part.calls {
            *self.calls.entry(kind).or_default() += calls / f64::from(parts);
        }
        for (kind, calls) in part.once {
            *self.once.entry(kind).or_default() += calls;
        }
    }
}

/// Measures the acts on that many Deals each, in a product on a generated folder.
///
/// # Panics
/// Panics if the product refuses a call, or if a Deal is not linked and Synced in the end.
pub async fn measure(app: &Arc<LocalProduct>, deals: u32) -> RecordCosts {
    let office = Office::open(app).await;
    let kept = office.submit("kept", deals, "ann@ilex.example").await;
    let unlinked_edit = office.edit("kept", deals, Read::No).await;
    office.send_as("lead").await;
    let first = office.submit("first", 1, "ann@ilex.example").await;
    let lead = office.submit("lead", deals, "ann@ilex.example").await;
    office.send_as("match_contact").await;
    let matching = office.submit("matching", deals, MATCHED).await;
    let edit = office.edit("matching", deals, Read::ByARun).await;
    let early_edit = office.edit("matching", deals, Read::No).await;
    for name in ["lead", "matching"] {
        office.assert_synced(name, deals).await;
    }
    RecordCosts {
        kept,
        unlinked_edit,
        first,
        lead,
        matching,
        edit,
        early_edit,
    }
}

/// The API, with the tokens of its callers.
struct Office<'a> {
    app: &'a Arc<LocalProduct>,
    server: ApiServer,
    portal: String,
    admin: String,
    /// The number of edits so far: each brings another value.
    edits: AtomicU32,
}

impl<'a> Office<'a> {
    async fn open(app: &'a Arc<LocalProduct>) -> Self {
        let server = ApiServer::new(Arc::clone(app)).unwrap();
        let token = async |who: String| {
            let request = ApiRequest::new("GET", &format!("/local/token?{who}"));
            let answer = server.answer(&request, "").await.to_json();
            answer["token"].as_str().unwrap().to_owned()
        };
        let portal = token("client=portal".to_owned()).await;
        let admin = token(format!("user={}", people::address("internal", "admin"))).await;
        Self {
            app,
            server,
            portal,
            admin,
            edits: AtomicU32::new(1),
        }
    }

    async fn call(&self, token: &str, method: &str, target: &str, body: &Value) -> Value {
        let request = ApiRequest::new(method, target).bearer(token);
        let request = request.with("if-match", "*");
        let request = if body.is_null() {
            request
        } else {
            request.json(body)
        };
        let answer = self.server.answer(&request, "").await;
        let (status, said) = (answer.status, answer.to_json());
        assert!(status < 300, "{method} {target}: {status} {said}");
        said
    }

    /// Has Deals created in Salesforce as they are submitted.
    async fn send_as(&self, target: &str) {
        let url = format!("{}/_org/field", self.app.instance_url());
        let http = http_client(Timeouts::default()).unwrap();
        for object in ["Lead", "Opportunity"] {
            let field = json!({
                "object": object, "name": "Channeltivity_Id__c", "type": "string", "externalId": true, "unique": true,
                "caseSensitive": true,
            });
            let call = http.post(&url).body(field.to_string());
            let answer = call.header("content-type", "application/json").send().await;
            assert!(answer.unwrap().status().is_success(), "{object}");
        }
        let mut settings = self
            .call(&self.admin, "GET", "/settings", &Value::Null)
            .await;
        // Without a product, the run that reads the Opportunity would have a problem with it.
        for row in settings["mappings"].as_array_mut().unwrap() {
            if row["channeltivity"] == "product" {
                row["on_create"] = "both".into();
            }
        }
        settings["send"] = json!({ "deal": { "mode": "on_submit", "target": target } });
        self.call(&self.admin, "PUT", "/settings", &settings).await;
    }

    /// Submits Deals of an end user with that address.
    async fn submit(&self, name: &str, deals: u32, email: &str) -> Cost {
        let fields = json!({ "name": "Roof", "stage": "Prospecting", "close_date": "2027-03-31", "product": "Basic" });
        let end_user =
            json!({ "company": "Ilex", "firstName": "Ann", "lastName": "Lee", "email": email });
        let submit = async || {
            for number in 0..deals {
                let id = format!("{name}-{number}");
                let body = json!({ "id": id, "fields": fields, "endUser": end_user });
                self.call(&self.portal, "POST", "/deals", &body).await;
                self.settle().await;
            }
        };
        self.cost(deals, submit).await
    }

    /// Edits each Deal some times, in rounds.
    async fn edit(&self, name: &str, deals: u32, read: Read) -> Cost {
        let mut total = Cost::default();
        for _ in 0..EDITS {
            if read == Read::ByARun {
                let hourly = json!({ "schedule": "hourly" });
                for (call, body) in [("tick", &hourly), ("settle", &Value::Null)] {
                    let target = format!("/local/{call}");
                    self.call(&self.admin, "POST", &target, body).await;
                }
            }
            let edit = async || {
                for number in 0..deals {
                    let target = format!("/deals/{name}-{number}");
                    let body = json!({ "fields": { "amount": self.edits.fetch_add(1, Ordering::Relaxed) } });
                    self.call(&self.portal, "PATCH", &target, &body).await;
                    self.settle().await;
                }
            };
            total.add(self.cost(deals, edit).await, EDITS);
        }
        total
    }

    /// Waits until Salesforce has everything that is on its way there.
    async fn settle(&self) {
        self.app.queues.drained(&["salesforce-writes"]).await;
    }

    async fn cost(&self, acts: u32, act: impl AsyncFnOnce()) -> Cost {
        let before = self.app.used();
        act().await;
        let used = self.app.used().since(&before);
        // Whatever else is written is put, or is part of a transaction.
        let of_the_ledger = used["dynamodb"]["UpdateItem"].as_f64().unwrap_or_default();
        let units = used["dynamodbWriteUnits"].as_f64().unwrap() - of_the_ledger;
        let mut cost = Cost {
            write_units: units / f64::from(acts),
            calls: BTreeMap::new(),
            once: BTreeMap::new(),
        };
        for (kind, count) in used["salesforce"].as_object().unwrap() {
            if matches!(kind.as_str(), "token" | "describe") {
                cost.once.insert(kind.clone(), count.as_u64().unwrap());
            } else if let Some(count) = count.as_f64().filter(|count| *count > 0.0) {
                cost.calls.insert(kind.clone(), count / f64::from(acts));
            }
        }
        cost
    }

    async fn assert_synced(&self, name: &str, deals: u32) {
        for number in 0..deals {
            let target = format!("/deals/{name}-{number}");
            let deal = self.call(&self.portal, "GET", &target, &Value::Null).await;
            assert_eq!(deal["link"]["status"], "synced", "{deal}");
        }
    }
}
