//! The portal's people by the API: put, shown, listed, deleted, and seen by the next decision.

mod address;
mod concurrent;
mod deployment;
mod hostile;
mod lists;
mod puts;

use dealbridge_local::gateway::{ApiAnswer, ApiRequest};
use reqwest::Method;
use serde_json::{Value, json};

use crate::product::Product;

/// The portal's client at the API.
pub(crate) struct Portal<'a> {
    pub(crate) product: &'a Product,
    token: String,
}

/// An answer with the version that its ETag tells.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) etag: Option<String>,
    pub(crate) body: Value,
}

impl Reply {
    /// Status and code of a refusal.
    pub(crate) fn refusal(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }

    /// The wrong fields of a refusal, each with its code.
    pub(crate) fn wrong(&self) -> Vec<(&str, &str)> {
        let errors = self.body["errors"].as_array().unwrap();
        errors
            .iter()
            .map(|error| {
                (
                    error["field"].as_str().unwrap(),
                    error["code"].as_str().unwrap(),
                )
            })
            .collect()
    }
}

impl<'a> Portal<'a> {
    pub(crate) async fn of(product: &'a Product) -> Self {
        let answer = product.local(Method::GET, "token?client=portal", None);
        let token = answer.await.ok()["token"].as_str().unwrap().to_owned();
        Self { product, token }
    }

    pub(crate) async fn send(&self, request: ApiRequest) -> Reply {
        let request = request.bearer(&self.token);
        let answer = self.product.server.answer(&request, &self.product.address);
        reply(&answer.await)
    }

    pub(crate) async fn get(&self, target: &str) -> Reply {
        self.send(ApiRequest::new("GET", target)).await
    }

    pub(crate) async fn put(&self, target: &str, body: &Value) -> Reply {
        self.send(ApiRequest::new("PUT", target).json(body)).await
    }

    pub(crate) async fn put_if(&self, target: &str, body: &Value, condition: &str) -> Reply {
        let request = ApiRequest::new("PUT", target).json(body);
        self.send(request.with("if-match", condition)).await
    }

    pub(crate) async fn delete(&self, target: &str) -> Reply {
        self.send(ApiRequest::new("DELETE", target)).await
    }

    /// Every item of a list, page after page.
    pub(crate) async fn all(&self, target: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let answer = self.get(&format!("{target}{cursor}")).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            items.extend(answer.body["items"].as_array().unwrap().iter().cloned());
            match answer.body["cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}

fn reply(answer: &ApiAnswer) -> Reply {
    Reply {
        status: answer.status,
        etag: answer.header("etag").map(str::to_owned),
        body: answer.to_json(),
    }
}

/// A Partner User of the sample org's Fjord Partners.
pub(crate) fn user(email: &str) -> Value {
    json!({
        "name": "Una Dahl", "email": email, "type": "partner", "organization": "org-fjord",
        "groups": ["grp-partner-sales"], "status": "active",
    })
}

/// A body with another value.
pub(crate) fn with(body: &Value, field: &str, value: Value) -> Value {
    let mut body = body.clone();
    body[field] = value;
    body
}
