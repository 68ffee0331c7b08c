//! `/local/…`: what runs outside the deployment. Signing in, where everything listens, what the portal's own screens
//! do, and schedules at once.
//!
//! | call | does |
//! |---|---|
//! | `GET /local/token?user=EMAIL` | a signed token for an Active portal user; `expires_in` in seconds and `scope` narrow it |
//! | `GET /local/token?client=portal` | a signed token for the portal's machine client |
//! | `GET /local/endpoints` | addresses and credentials of everything that runs |
//! | `POST /local/tick {"schedule"}` | fires a schedule, answers with its run once everything is listed |
//! | `POST /local/settle {"timeoutSeconds"}` | waits until the queues are empty, answers with the latest run |
//! | `POST /local/users/{id}`, `/local/groups/{id}`, `/local/organizations/{id}` | changes what the body names |
//! | `POST /local/records/{kind}/{id} {"fields"}` | edits a record; null clears a field |
//! | `DELETE /local/records/{kind}/{id}` | deletes a record; a linked one is unlinked first |

mod people;
mod problem;
mod records;
mod runs;
pub(crate) mod sign_in;

use std::sync::Arc;

use dealbridge_lambda::http::{Answer, ProblemCode, Refusal, respond};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::{
    gateway::{ApiAnswer, ApiRequest, token::Tokens},
    product::LocalProduct,
};

/// The local API of a running product.
pub(crate) struct LocalApi {
    product: Arc<LocalProduct>,
    tokens: Arc<Tokens>,
}

impl LocalApi {
    /// The local API of a product; the tokens it gives are signed with these keys.
    pub(crate) fn new(product: Arc<LocalProduct>, tokens: Arc<Tokens>) -> Self {
        Self { product, tokens }
    }

    /// Answers a call below `/local/`.
    pub(crate) async fn answer(&self, request: &ApiRequest, address: &str) -> ApiAnswer {
        let answer = match check_origin(request) {
            Ok(()) => self.route(request, address).await,
            Err(refusal) => Err(refusal),
        };
        let answer = respond(answer);
        ApiAnswer::of_function(&answer)
            .unwrap_or_else(|| ApiAnswer::message(500, "Internal Server Error"))
    }

    async fn route(&self, request: &ApiRequest, address: &str) -> Result<Answer, Refusal> {
        let product = &*self.product;
        let path: Vec<String> = request
            .path
            .trim_start_matches("/local/")
            .split('/')
            .map(|part| {
                percent_encoding::percent_decode_str(part)
                    .decode_utf8_lossy()
                    .into_owned()
            })
            .collect();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match (request.method.as_str(), path.as_slice()) {
            ("GET", ["token"]) => sign_in::token(product, &self.tokens, request).await,
            ("GET", ["endpoints"]) => endpoints(product, address),
            ("POST", ["tick"]) => runs::tick(product, body(request)?).await,
            ("POST", ["settle"]) => runs::settle(product, optional_body(request)?).await,
            ("POST", ["users", id]) => people::user(product, id, body(request)?).await,
            ("POST", ["groups", id]) => people::group(product, id, body(request)?).await,
            ("POST", ["organizations", id]) => {
                people::organization(product, id, body(request)?).await
            }
            ("POST", ["records", kind, id]) => {
                records::edit(product, records::id(kind, id)?, body(request)?).await
            }
            ("DELETE", ["records", kind, id]) => {
                records::delete(product, records::id(kind, id)?).await
            }
            (method, _) => Err(Refusal::new(
                ProblemCode::RouteNotFound,
                format!("There is no call {method} {}.", request.path),
            )),
        }
    }
}

/// A page of another site that a browser on this machine shows must not reach what asks for no token.
fn check_origin(request: &ApiRequest) -> Result<(), Refusal> {
    let host = |address: &str| -> String {
        let address = address.split_once("://").map_or(address, |(_, rest)| rest);
        let host = match address.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => address.split(':').next().unwrap_or_default(),
        };
        host.to_ascii_lowercase()
    };
    let is_here =
        |address: &str| matches!(host(address).as_str(), "127.0.0.1" | "localhost" | "::1");
    let named = ["host", "origin"]
        .into_iter()
        .filter_map(|name| request.header(name));
    if named.clone().all(is_here) {
        Ok(())
    } else {
        Err(Refusal::forbidden(
            "These calls are for this machine alone: address them to 127.0.0.1.",
        ))
    }
}

fn endpoints(product: &LocalProduct, address: &str) -> Result<Answer, Refusal> {
    let salesforce = match &product.org {
        Some(org) => {
            let client = org.client();
            json!({
                "instanceUrl": org.instance_url(),
                "clientId": client.id,
                "clientSecret": client.secret,
                "refreshToken": client.refresh_token(),
            })
        }
        // The secrets of a real org stay where they are.
        None => json!({ "instanceUrl": product.instance_url() }),
    };
    Answer::json(
        200,
        &json!({
            "api": address,
            "dynamodb": product.dynamodb_url,
            "sqs": product.queues.endpoint_url(),
            "salesforce": salesforce,
            "credentials": {
                "accessKeyId": dealbridge_aws::config::LOCAL_ACCESS_KEY,
                "secretAccessKey": dealbridge_aws::config::LOCAL_SECRET_KEY,
                "region": dealbridge_aws::config::LOCAL_REGION,
            },
        }),
    )
}

fn body<T: DeserializeOwned>(request: &ApiRequest) -> Result<T, Refusal> {
    if request.body.is_empty() {
        return Err(Refusal::malformed("The request has no body; send JSON."));
    }
    serde_json::from_slice(&request.body)
        .map_err(|error| Refusal::malformed(format!("The body cannot be read: {error}.")))
}

fn optional_body<T: DeserializeOwned + Default>(request: &ApiRequest) -> Result<T, Refusal> {
    if request.body.is_empty() {
        Ok(T::default())
    } else {
        body(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(headers: &[(&str, &str)]) -> bool {
        let request = headers.iter().fold(
            ApiRequest::new("GET", "/local/endpoints"),
            |request, (name, value)| request.with(name, *value),
        );
        check_origin(&request).is_ok()
    }

    #[test]
    fn only_this_machine_reaches_what_asks_for_no_token() {
        assert!(allowed(&[("host", "127.0.0.1:8400")]));
        assert!(allowed(&[
            ("host", "localhost:8400"),
            ("origin", "http://localhost:3000")
        ]));
        assert!(allowed(&[("host", "[::1]:8400")]));
        assert!(!allowed(&[("host", "rebound.example:8400")]));
        assert!(!allowed(&[
            ("host", "127.0.0.1:8400"),
            ("origin", "https://site.example")
        ]));
        assert!(!allowed(&[("host", "127.0.0.1:8400"), ("origin", "null")]));
    }
}
