//! Records as the portal, the vendor's people, partners and distributors submit, edit, delete and see them.

mod create;
mod delete;
mod edit;
mod lists;
mod partner;
mod shown;

use dealbridge_local::gateway::{ApiAnswer, ApiRequest};
use serde_json::{Value, json};

use crate::product::{ADMIN, Product};

/// A partner of the same Organization as [`PARTNER`](crate::product::PARTNER).
const COLLEAGUE: &str = "ben.okafor@fjordpartners.example";
/// A partner of another Organization.
const OTHER_PARTNER: &str = "mila.petrov@meridianworks.example";
/// A partner without the module.
const WITHOUT_MODULE: &str = "noor.haddad@fjordpartners.example";

/// One caller of the API.
struct Client<'a> {
    product: &'a Product,
    token: String,
}

impl<'a> Client<'a> {
    /// The portal user with that address.
    async fn of(product: &'a Product, user: &str) -> Self {
        let token = product.token(user).await;
        Self { product, token }
    }

    /// The portal's machine client.
    async fn portal(product: &'a Product) -> Self {
        let answer = product.local(reqwest::Method::GET, "token?client=portal", None);
        let token = answer.await.ok()["token"].as_str().unwrap().to_owned();
        Self { product, token }
    }

    async fn send(&self, request: ApiRequest) -> Reply {
        let request = request.bearer(&self.token);
        let answer = self.product.server.answer(&request, &self.product.address);
        Reply(answer.await)
    }

    async fn post(&self, target: &str, body: &Value) -> Reply {
        self.send(ApiRequest::new("POST", target).json(body)).await
    }

    async fn patch(&self, target: &str, version: u64, body: &Value) -> Reply {
        let request = ApiRequest::new("PATCH", target).json(body);
        let tag = format!("\"{version}\"");
        self.send(request.with("if-match", tag)).await
    }

    async fn get(&self, target: &str) -> Reply {
        self.send(ApiRequest::new("GET", target)).await
    }

    async fn delete(&self, target: &str) -> Reply {
        self.send(ApiRequest::new("DELETE", target)).await
    }

    /// The ids of a list, over all of its pages.
    async fn ids(&self, target: &str) -> Vec<String> {
        let join = if target.contains('?') { '&' } else { '?' };
        let (mut ids, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{target}{cursor}")).await.ok();
            let items = page["items"].as_array().unwrap();
            ids.extend(items.iter().map(|item| text(&item["id"])));
            match page["cursor"].as_str() {
                Some(next) => cursor = format!("{join}cursor={next}"),
                None => break,
            }
        }
        ids.sort();
        ids
    }
}

/// A response.
#[derive(Debug)]
struct Reply(ApiAnswer);

impl Reply {
    fn refusal(&self) -> (u16, String) {
        (self.0.status, text(&self.0.to_json()["code"]))
    }

    fn ok(&self) -> Value {
        let body = self.0.to_json();
        assert!(
            (200..300).contains(&self.0.status),
            "{} {body}",
            self.0.status
        );
        body
    }

    fn status(&self) -> u16 {
        self.0.status
    }

    fn body(&self) -> Value {
        self.0.to_json()
    }

    fn header(&self, name: &str) -> &str {
        self.0.header(name).unwrap_or_default()
    }

    /// The wrong fields that the refusal names, each with its code.
    fn errors(&self) -> Vec<(String, String)> {
        let body = self.0.to_json();
        assert_eq!(self.refusal(), (422, "FIELDS_INVALID".to_owned()), "{body}");
        let errors = body["errors"].as_array().unwrap().iter();
        let named = errors.map(|error| {
            assert!(text(&error["message"]).ends_with('.'), "{error}");
            (text(&error["field"]), text(&error["code"]))
        });
        named.collect()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn code(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// The fields of a Deal with everything that the sample org requires.
fn fields(name: &str) -> Value {
    json!({ "name": name, "stage": "Proposal", "amount": 1200, "close_date": "2027-03-31", "product": "Gateway S" })
}

/// The history of a record, as an administrator sees it: acts with who did them, newest first.
async fn acts(product: &Product, target: &str) -> Vec<(String, String)> {
    let record = Client::of(product, ADMIN).await.get(target).await.ok();
    let history = record["history"].as_array().unwrap().iter();
    history
        .map(|act| (text(&act["action"]), text(&act["by"])))
        .collect()
}
