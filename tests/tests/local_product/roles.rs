//! Each function works with the permissions of its role in the template, and with no others.

use std::{collections::BTreeSet, time::Duration};

use dealbridge_aws::{keys, transaction};
use dealbridge_core::{
    SalesforceId,
    budget::{Calls, Purpose},
    ports::Clock,
    sync_request::Requested,
};
use dealbridge_lambda::{Function, Invocation};
use dealbridge_local::{gateway::ApiRequest, template::Template};
use dealbridge_tests::{
    Defect, OrgFolder, TestApp,
    test_app::{IMPORTS, SYNC_REQUESTS},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::product::{ADMIN, Product};

#[tokio::test]
async fn a_run_can_be_asked_for_again_after_one_has_ended() {
    let product = Product::start(None).await;

    for expected in [202, 202] {
        let body = json!({ "integration": "deal-registration" });
        let asked = product
            .call(ADMIN, Method::POST, "/sync-runs", Some(body))
            .await;
        assert_eq!(asked.status, expected, "{asked:?}");
        product.local(Method::POST, "settle", None).await.ok();
    }
}

/// An administrator's calls, with an idempotency key each if they write.
struct Office<'a> {
    product: &'a Product,
    token: String,
}

impl Office<'_> {
    async fn call(&self, method: &str, target: &str, body: Value, key: &str) -> Value {
        let mut request = ApiRequest::new(method, target).bearer(&self.token);
        if !body.is_null() {
            request = request.json(&body);
        }
        if !key.is_empty() {
            request = request.with("idempotency-key", key);
        }
        if target == "/settings" || method == "PATCH" {
            request = request.with("if-match", "*");
        }
        let answer = self.product.server.answer(&request, &self.product.address);
        let answer = answer.await;
        let (status, body) = (answer.status, answer.to_json());
        assert!(status < 300, "{method} {target}: {status} {body}");
        body
    }

    async fn get(&self, target: &str) -> Value {
        self.call("GET", target, Value::Null, "").await
    }

    async fn link(&self, record: &str, salesforce: &str, master: &str) {
        let mut body = json!({ "salesforceUrl": salesforce, "master": master });
        let target = format!("/{record}/link");
        let asked = format!("{target}/preview");
        let preview = self.call("POST", &asked, body.clone(), "").await;
        body["previewToken"] = preview["previewToken"].clone();
        body["confirm"] = json!(true);
        let token = body["previewToken"].as_str().unwrap();
        let key = token[token.len() - 40..].to_owned();
        self.call("PUT", &target, body.clone(), &key).await;
    }

    async fn unlink(&self, record: &str) {
        let target = format!("/{record}/link?confirm=true");
        let key = format!("unlink {record}");
        self.call("DELETE", &target, Value::Null, &key).await;
    }

    async fn settle(&self) {
        self.product.local(Method::POST, "settle", None).await.ok();
    }
}

async fn office(product: &Product) -> Office<'_> {
    let token = product.token(ADMIN).await;
    Office { product, token }
}

/// Makes every call of the API, fires every schedule, and takes an Opportunity through its whole life.
async fn everything_there_is_to_do(product: &Product) {
    let office = office(product).await;
    let run = json!({ "integration": "deal-registration" });
    for key in ["first", "second"] {
        office.call("POST", "/sync-runs", run.clone(), key).await;
        office.settle().await;
    }
    for target in [
        "/sync-runs",
        "/sync-runs/run-00000001",
        "/integration-log",
        "/integration-log?run=run-00000001",
        "/problems",
        "/explanations?opportunity=006aP00000008G0QAI",
        "/explanations?opportunity=006aP00000008IJQAY",
        "/dead-letters",
        "/usage",
        "/leads/lead-quayside",
    ] {
        office.get(target).await;
    }
    let deals = office.get("/deals").await;
    let deal = &deals["items"][0];
    office
        .get(&format!("/deals/{}", deal["id"].as_str().unwrap()))
        .await;
    let settings = office.get("/settings").await;
    office.call("POST", "/settings/test", json!({}), "").await;
    for target in ["/settings/check", "/settings/trial"] {
        office.call("POST", target, settings.clone(), "").await;
    }
    office.call("PUT", "/settings", settings, "settings").await;
    for target in ["/settings/fields", "/settings/versions"] {
        office.get(target).await;
    }
    let una = json!({
        "name": "Una Dahl", "email": "una@fjordpartners.example", "type": "partner",
        "organization": "org-fjord", "groups": [], "status": "active",
    });
    office.call("PUT", "/users/usr-una", una, "una").await;
    office.get("/users?limit=1").await;
    office
        .call("DELETE", "/users/usr-una", Value::Null, "")
        .await;

    // An Opportunity is edited, one that failed is mended, one is deleted.
    for (call, id, fields) in [
        ("edit", "006aP00000008G0QAI", json!({ "Amount": 18500 })),
        (
            "edit",
            "006aP00000008IJQAY",
            json!({ "AccountId": "001aP00000003rUQAQ" }),
        ),
        ("delete", "006aP00000008GBQAY", Value::Null),
    ] {
        let mut body = json!({ "object": "Opportunity", "id": id });
        if !fields.is_null() {
            body["fields"] = fields;
        }
        product.org(call, body).await;
    }
    product.run("hourly").await;
    product.run("daily").await;

    // Open problems are acknowledged, and one is closed by a link.
    let named = json!({ "opportunities": ["006aP00000008IUQAY"] });
    office.call("POST", "/problems/clear", named, "one").await;
    let all = json!({ "all": true });
    office.call("POST", "/problems/clear", all, "all").await;
    office
        .link(
            "deals/deal-office-move",
            "006aP00000008J1QAI",
            "channeltivity",
        )
        .await;
    office.settle().await;

    // Links are made, pushed, ended, and made again; the import is allowed.
    office
        .link("leads/lead-zelenka", "00QaP0000000349UAA", "channeltivity")
        .await;
    office.settle().await;
    office
        .link("leads/lead-quayside", "00QaP000000033wUAA", "salesforce")
        .await;
    office.settle().await;
    office.unlink("leads/lead-quayside").await;
    office
        .link("leads/lead-quayside", "00QaP000000033wUAA", "salesforce")
        .await;
    office.settle().await;
    let asked = office
        .call("POST", "/deals/deal-office-move/sync", Value::Null, "sync")
        .await;
    office.settle().await;
    let task = format!("/tasks/{}", asked["id"].as_str().unwrap());
    office.get(&task).await;
    office.unlink("deals/deal-office-move").await;
    office.get("/suppressions").await;
    let lifted = "/suppressions/006aP00000008J1QAI";
    office.call("DELETE", lifted, Value::Null, "lift").await;

    records_come_and_go(&office).await;

    // A linked Lead is converted.
    let lead = "00QaP0000000349UAA";
    product
        .org("convert", json!({ "lead": lead, "opportunity": true }))
        .await;
    product.run("hourly").await;

    // A record is unlinked whose claim is gone, and the org is replaced, forth and back.
    let settings = office.get("/settings").await;
    let org = settings["organization_id"].as_str().unwrap();
    office
        .link("leads/lead-quayside", "00QaP000000033wUAA", "salesforce")
        .await;
    office.settle().await;
    let own = SalesforceId::parse(org).unwrap();
    let claim = keys::claim(own, SalesforceId::parse("00QaP000000033wUAA").unwrap());
    let store = &product.app.store;
    let gone = transaction::delete_unconditional(&store.tables().links, claim).unwrap();
    store.transact("gone", vec![gone]).await.unwrap();
    let stray = "/leads/lead-quayside/link?confirm=true";
    office.call("DELETE", stray, Value::Null, "stray").await;
    let other = "00DdM0000000002UAA";
    for (from, to, action) in [(org, other, "move"), (other, org, "clear")] {
        product
            .org("refresh", json!({ "organization_id": to }))
            .await;
        let change = json!({ "from": from, "to": to, "action": action, "confirm": true });
        office
            .call("POST", "/settings/organization", change, "")
            .await;
    }

    // A worker that has made enough calls writes them down.
    let mut calls = Calls::default();
    calls.add(Purpose::Push, 20);
    product.app.salesforce.give_back(calls);
    let nothing = json!({ "Records": [] });
    let worker = product.app.invoker("push-worker").unwrap();
    worker.call(nothing, Duration::from_secs(60)).await.unwrap();

    // Dead letters are looked at, discarded and replayed.
    for queue in ["imports", "sync-requests", "salesforce-writes"] {
        product.dead_letter(queue).await;
    }
    let shown = office.get("/dead-letters").await;
    for queue in shown["items"].as_array().unwrap() {
        let (name, id) = (&queue["queue"], &queue["letters"][0]["messageId"]);
        let target = format!(
            "/dead-letters/{}/{}",
            name.as_str().unwrap(),
            id.as_str().unwrap()
        );
        office.call("DELETE", &target, Value::Null, "").await;
    }
    for queue in ["imports", "sync-requests", "salesforce-writes"] {
        product.dead_letter(queue).await;
    }
    office
        .call("POST", "/dead-letters/replay", json!({}), "replay")
        .await;
}

/// Records are submitted, edited and deleted: an unlinked one, a linked one, and one whose claim is gone.
async fn records_come_and_go(office: &Office<'_>) {
    let fields = json!({ "name": "Roof", "stage": "Proposal", "close_date": "2027-03-31", "product": "Gateway S" });
    let body = json!({ "id": "D-1", "owner": "usr-rosa", "fields": fields });
    office.call("POST", "/deals", body, "submit").await;
    let amount = json!({ "fields": { "amount": 7 } });
    office.call("PATCH", "/deals/D-1", amount, "edit").await;
    office
        .call("DELETE", "/deals/D-1", Value::Null, "gone")
        .await;
    let linked = office.get("/deals?linked=true").await;
    for (at, is_stray) in [(0, false), (1, true)] {
        let deal = &linked["items"][at];
        if is_stray {
            let settings = office.get("/settings").await;
            let id = |value: &Value| SalesforceId::parse(value.as_str().unwrap()).unwrap();
            let claim = keys::claim(
                id(&settings["organization_id"]),
                id(&deal["link"]["salesforce"]["id"]),
            );
            let store = &office.product.app.store;
            let gone = transaction::delete_unconditional(&store.tables().links, claim).unwrap();
            store.transact("claim of a deal", vec![gone]).await.unwrap();
        }
        let target = format!("/deals/{}?unlink=true", deal["id"].as_str().unwrap());
        let key = format!("delete {at}");
        office.call("DELETE", &target, Value::Null, &key).await;
    }
}

/// Cases that only occur without workers on the queues: a waiting write is sent again, and forgotten.
async fn what_waits(product: &Product) {
    let office = office(product).await;
    office
        .link(
            "deals/deal-office-move",
            "006aP00000008J1QAI",
            "channeltivity",
        )
        .await;
    let tick = json!({ "schedule": "hourly" });
    product.local(Method::POST, "tick", Some(tick)).await.ok();
    office.unlink("deals/deal-office-move").await;
    office
        .link(
            "deals/deal-office-move",
            "006aP00000008J1QAI",
            "channeltivity",
        )
        .await;
    let deleted = "/deals/deal-office-move?unlink=true";
    office.call("DELETE", deleted, Value::Null, "").await;
}

/// Cases that only occur with time: a listing that exceeds its function's timeout, and a run that nothing continued.
async fn what_takes_long() -> TestApp {
    let mut folder = OrgFolder::new();
    for _ in 0..2_001 {
        folder.add(|opportunity| Defect::NoProduct.apply(&opportunity));
    }
    let app = TestApp::start(&folder).await;
    let soon = jiff::SignedDuration::from_secs(30);
    let deadline = app.clock.now().checked_add(soon).ok();
    let tick = json!({ "schedule": "daily" });
    let answer = app.fan_out.handle(tick, Invocation { deadline }).await;
    assert_eq!(answer.unwrap()["outcome"], "continued");
    app.clock.advance(Duration::from_secs(24 * 3_600));
    let asked = app.request_run().await;
    assert!(matches!(asked, Requested::Started(_)), "{asked:?}");
    app
}

/// Cases that only occur after messages were lost: the request for the next run counts the messages of the queues.
async fn what_is_lost() -> [TestApp; 2] {
    let lost = async || {
        let app = TestApp::start(&OrgFolder::importable(2)).await;
        let asked = app.request_run().await;
        assert!(matches!(asked, Requested::Started(_)), "{asked:?}");
        let request = app.receive(SYNC_REQUESTS, 1).await;
        app.work(SYNC_REQUESTS, &request).await;
        let messages = app.receive(IMPORTS, 2).await;
        app.delete(IMPORTS, &messages).await;
        app.clock.advance(Duration::from_secs(180));
        app
    };
    let (by_clock, by_button) = (lost().await, lost().await);
    by_clock.scheduled("hourly").await;
    by_button.full().await;
    [by_clock, by_button]
}

#[tokio::test]
async fn every_right_of_a_role_is_needed() {
    let product = Product::start(None).await;
    everything_there_is_to_do(&product).await;
    let still = Product::standing_still().await;
    what_waits(&still).await;

    let mut unused = product.app.roles.unused();
    let [by_clock, by_button] = what_is_lost().await;
    let long = what_takes_long().await;
    for roles in [
        &still.app.roles,
        &long.roles,
        &by_clock.roles,
        &by_button.roles,
    ] {
        let unused_there = roles.unused();
        unused.retain(|right| unused_there.contains(right));
    }
    let consumed = |function: &str, queue: &str| {
        let setups = &product.app.template.queues;
        setups
            .iter()
            .any(|setup| (setup.function, setup.queue.name()) == (function, queue))
    };
    // The console's role is held to the others' below.
    unused.retain(|(function, _)| function != "console");
    unused.retain(|(function, right)| match right.action.as_str() {
        // Lambda writes the log with the function's role.
        "logs:CreateLogStream" | "logs:PutLogEvents" => false,
        // Lambda reads a queue's attributes before it receives from it, with the function's role.
        "sqs:GetQueueAttributes" => !consumed(function, &right.resource),
        // Lambda sends failed asynchronous invocations there.
        _ => right.resource != "schedules-dlq",
    });
    let unused: BTreeSet<String> = unused
        .into_iter()
        .map(|(function, right)| format!("{function}: {} {}", right.action, right.resource))
        .collect();

    assert_eq!(unused, BTreeSet::new());
}

/// The functions whose handlers the console calls, and whose rights it therefore has. It shows people, and changes none:
/// the right to read them comes with the records.
const IN_THE_CONSOLE: [&str; 7] = [
    "dead-letters",
    "full-sync",
    "integration-log",
    "link",
    "records",
    "settings",
    "unlink",
];

#[test]
fn the_console_may_do_what_the_functions_in_it_may_and_no_more() {
    let grants = Template::load().unwrap().grants;
    let of = |function: &str| -> BTreeSet<(String, String)> {
        let is_log = |action: &str| action.starts_with("logs:");
        let own = grants[function]
            .iter()
            .filter(|grant| !is_log(&grant.action));
        own.map(|grant| (grant.action.clone(), grant.resource.clone()))
            .collect()
    };
    let together: BTreeSet<_> = IN_THE_CONSOLE.into_iter().flat_map(of).collect();
    let differences: BTreeSet<_> = of("console")
        .symmetric_difference(&together)
        .cloned()
        .collect();

    assert_eq!(differences, BTreeSet::new());
}
