//! The gateway on loopback.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode},
    response::Response,
};
use tokio::net::TcpListener;

use super::{ApiAnswer, ApiRequest, Gateway, LARGEST_BODY, too_large};
use crate::error::LocalError;

/// A port on loopback; 0 takes a free one.
///
/// # Errors
/// When the port is taken or may not be used.
pub async fn listen(port: u16) -> Result<TcpListener, LocalError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address).await.map_err(|error| {
        let why = match error.kind() {
            std::io::ErrorKind::AddrInUse => "is in use by another program".to_owned(),
            std::io::ErrorKind::PermissionDenied => "may not be used by this user".to_owned(),
            _ => format!("cannot be used ({error})"),
        };
        LocalError::new(format!(
            "the port {port} of 127.0.0.1 {why}: choose another one with --port, or any free one with --port 0"
        ))
    })
}

impl Gateway {
    /// Serves until the task is dropped.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(self: Arc<Self>, listener: TcpListener) -> Result<(), LocalError> {
        let failed =
            |error: std::io::Error| LocalError::new(format!("the HTTP API has ended: {error}"));
        let address: Arc<str> = format!("http://{}", listener.local_addr().map_err(failed)?).into();
        let router = Router::new().fallback(answer).with_state((self, address));
        axum::serve(listener, router).await.map_err(failed)
    }
}

async fn answer(
    State((gateway, address)): State<(Arc<Gateway>, Arc<str>)>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return response(too_large());
    };
    let mut headers = Vec::with_capacity(parts.headers.len());
    for (name, value) in &parts.headers {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers.push((name.as_str().to_owned(), value));
    }
    let request = ApiRequest {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers,
        body: body.to_vec(),
    };
    response(gateway.answer(&request, &address).await)
}

fn response(answer: ApiAnswer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        let pair = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(&value),
        );
        if let (Ok(name), Ok(value)) = pair {
            response.headers_mut().append(name, value);
        }
    }
    response
}
