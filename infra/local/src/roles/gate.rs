//! The gate before a server that asks nobody who they are: it lets pass what the caller's role grants.

use std::{net::SocketAddr, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use dealbridge_salesforce::{Timeouts, http_client};
use serde_json::json;
use sqs_server::access_key;
use tokio::net::TcpListener;
use tracing::warn;

use super::{Roles, needs};
use crate::error::LocalError;

/// DynamoDB takes bodies of up to 16 MB.
const MAX_BODY_BYTES: usize = 16 * 1_024 * 1_024;

#[derive(Clone)]
struct Gate {
    target: SocketAddr,
    http: reqwest::Client,
    roles: Roles,
}

/// Serves a gate before the server at that address; answers where it listens. It ends with the runtime.
///
/// # Errors
/// When no port is free.
pub async fn serve(target: SocketAddr, roles: Roles) -> Result<SocketAddr, LocalError> {
    let failed = |error: &dyn std::fmt::Display| {
        LocalError::new(format!("could not listen for DynamoDB: {error}"))
    };
    // The callers' own timeouts count; these end what nobody waits for.
    let timeouts = Timeouts {
        connect: Duration::from_secs(5),
        read: Duration::from_secs(60),
        total: Duration::from_secs(60),
    };
    let gate = Gate {
        target,
        http: http_client(timeouts).map_err(|error| failed(&error))?,
        roles,
    };
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .map_err(|error| failed(&error))?;
    let address = listener.local_addr().map_err(|error| failed(&error))?;
    let router = Router::new().fallback(pass).with_state(gate);
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!("The gate before DynamoDB has ended: {error}");
        }
    });
    Ok(address)
}

async fn pass(State(gate): State<Gate>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return refusal(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLargeException",
            "the request is larger than 16 MB",
        );
    };
    let target = parts
        .headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .unwrap_or_default();
    if let Err(denied) = gate
        .roles
        .check(access_key(&parts.headers), &needs(target, &body))
    {
        warn!("{denied}");
        return refusal(
            StatusCode::BAD_REQUEST,
            "AccessDeniedException",
            &denied.to_string(),
        );
    }
    let url = format!(
        "http://{}{}",
        gate.target,
        parts.uri.path_and_query().map_or("/", |path| path.as_str())
    );
    match gate.ask(&parts.method, url, &parts.headers, body).await {
        Ok(answer) => answer,
        Err(error) => refusal(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalServerError",
            &error.to_string(),
        ),
    }
}

impl Gate {
    async fn ask(
        &self,
        method: &axum::http::Method,
        url: String,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Response, reqwest::Error> {
        let mut call = self.http.request(method.clone(), url).body(body);
        for (name, value) in headers {
            if name != header::HOST && name != header::CONTENT_LENGTH {
                call = call.header(name, value);
            }
        }
        let reply = call.send().await?;
        let (status, headers) = (reply.status(), reply.headers().clone());
        let mut response = Response::new(Body::from(reply.bytes().await?));
        *response.status_mut() = status;
        // How the body travels is this connection's own matter.
        let of_the_way = [
            header::CONTENT_LENGTH,
            header::TRANSFER_ENCODING,
            header::CONNECTION,
        ];
        for (name, value) in &headers {
            if !of_the_way.contains(name) {
                response.headers_mut().append(name, value.clone());
            }
        }
        Ok(response)
    }
}

fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({ "__type": format!("com.amazon.coral.service#{code}"), "Message": message });
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-amz-json-1.0"),
    );
    response
}
