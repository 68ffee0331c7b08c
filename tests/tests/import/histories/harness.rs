//! An administrator who links, unlinks and allows imports while runs are under way.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dealbridge_aws::DynamoPortal;
use dealbridge_core::{SalesforceId, link::token::PreviewTokens, record::RecordId};
use dealbridge_lambda::Function;
use dealbridge_tests::{
    TestApp,
    test_app::{UNLIMITED, WRITES},
};
use link::LinkFunction;
use push_worker::PushWorker;
use serde_json::{Value, json};
use unlink::UnlinkFunction;

/// The functions of links over a app.
pub(super) struct LinkHarness {
    link: LinkFunction,
    unlink: UnlinkFunction,
    push: PushWorker,
}

impl LinkHarness {
    pub(super) fn over(app: &TestApp) -> Self {
        let clock = Arc::new(app.clock.clone());
        let [of_link, of_unlink, of_push] =
            ["link", "unlink", "push-worker"].map(|function| app.store_of(function));
        let instance_url = app.org.instance_url();
        let [link_s_callers, unlink_s_callers] =
            [&of_link, &of_unlink].map(|store| app.rights(store));
        Self {
            link: LinkFunction {
                salesforce: app.salesforce.clone(),
                portal: DynamoPortal::new(of_link.clone()),
                store: of_link,
                writes: app.writes_of("link"),
                clock: clock.clone(),
                tokens: Arc::new(PreviewTokens::new(b"a key of thirty-two random bytes").unwrap()),
                instance_url: instance_url.to_owned(),
                rights: link_s_callers,
            },
            push: PushWorker {
                salesforce: app.salesforce.clone(),
                portal: DynamoPortal::new(of_push.clone()),
                store: of_push,
                clock: clock.clone(),
            },
            unlink: UnlinkFunction {
                portal: DynamoPortal::new(of_unlink.clone()),
                store: of_unlink,
                clock,
                instance_url: instance_url.to_owned(),
                rights: unlink_s_callers,
            },
        }
    }

    /// Previews and confirms with Salesforce's values. Returns the last status.
    pub(super) async fn link(&self, record: &RecordId, id: SalesforceId) -> u64 {
        let url = format!("https://acme.lightning.force.com/lightning/r/Opportunity/{id}/view");
        let mut body = json!({ "salesforceUrl": url, "master": "salesforce" });
        let path = format!("/deals/{}/link", record.id());
        let preview = event("POST", &format!("{path}/preview"), "", Some(&body));
        let (status, preview) = answer(&self.link, preview).await;
        if status != 200 {
            return status;
        }
        body["previewToken"] = preview["previewToken"].clone();
        body["confirm"] = true.into();
        let confirm = event("PUT", &path, "", Some(&body));
        answer(&self.link, confirm).await.0
    }

    /// Unlinks a record. Returns the status.
    pub(super) async fn unlink(&self, record: &RecordId) -> u64 {
        let path = format!("/deals/{}/link", record.id());
        let unlink = event("DELETE", &path, "confirm=true", None);
        answer(&self.unlink, unlink).await.0
    }

    /// Allows an import again. Returns the status.
    pub(super) async fn allow(&self, id: SalesforceId) -> u64 {
        let allow = event("DELETE", &format!("/suppressions/{id}"), "", None);
        answer(&self.unlink, allow).await.0
    }
}

impl LinkHarness {
    /// Delivers waiting writes to Salesforce. Returns the number of messages.
    pub(super) async fn push(&self, app: &TestApp) -> usize {
        let delivery = app.receive(WRITES, 10).await;
        if !delivery.messages.is_empty() {
            let answer = self.push.handle(delivery.event(), UNLIMITED).await.unwrap();
            app.delete(WRITES, &delivery.done(&answer)).await;
        }
        delivery.messages.len()
    }
}

async fn answer(function: &impl Function, event: Value) -> (u64, Value) {
    let answer = function.handle(event, UNLIMITED).await.unwrap();
    let body = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    (answer["statusCode"].as_u64().unwrap(), body)
}

/// An administrator's request as API Gateway hands it over.
fn event(method: &str, path: &str, query: &str, body: Option<&Value>) -> Value {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let (route, parameters) = match parts[..] {
        ["suppressions", id] => (
            "/suppressions/{salesforceId}".to_owned(),
            json!({ "salesforceId": id }),
        ),
        _ => (
            format!("/{{kind}}/{{id}}/{}", parts[2..].join("/")),
            json!({ "kind": parts[0], "id": parts[1] }),
        ),
    };
    let claims = json!({ "sub": "usr-admin", "username": "admin@internal.example", "cognito:groups": ["administrators"] });
    let token = URL_SAFE_NO_PAD.encode(claims.to_string());
    json!({
        "version": "2.0",
        "routeKey": format!("{method} {route}"),
        "rawPath": path,
        "rawQueryString": query,
        "headers": { "content-type": "application/json", "authorization": format!("Bearer e30.{token}.c2ln") },
        "requestContext": {
            "http": { "method": method, "path": path },
            "authorizer": { "jwt": { "claims": { "sub": "usr-admin" } } },
            "stage": "$default",
        },
        "pathParameters": parameters,
        "body": body.map(ToString::to_string),
        "isBase64Encoded": false,
    })
}
