//! The HTTP API on loopback: the gateway, and above it the local API.
//!
//! `/local/…` answers for what runs outside the deployment: signing in, the portal's own screens, schedules
//! (`local_api`), and the OpenID Connect provider has paths of its own (`provider`). Everything else is the gateway's.

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
use console::Issuer;
use tokio::net::TcpListener;

use crate::{
    error::LocalError,
    gateway::{ApiAnswer, ApiRequest, Gateway, MAX_BODY_BYTES, token::Tokens},
    local_api::LocalApi,
    product::LocalProduct,
    provider::Provider,
};

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

/// The HTTP API of a running product.
pub struct ApiServer {
    /// The keys of its tokens.
    pub tokens: Arc<Tokens>,
    gateway: Gateway,
    local_api: LocalApi,
    provider: Provider,
    issuer: Issuer,
}

impl ApiServer {
    /// The API of a product, with the keys of its tokens.
    ///
    /// # Errors
    /// When the data directory's key cannot be used.
    pub fn new(product: Arc<LocalProduct>) -> Result<Self, LocalError> {
        let tokens = Arc::new(Tokens::open(product.data_directory())?);
        Ok(Self {
            gateway: Gateway::new(Arc::clone(&product), Arc::clone(&tokens)),
            local_api: LocalApi::new(Arc::clone(&product), Arc::clone(&tokens)),
            issuer: product.issuer.clone(),
            provider: Provider::new(product, Arc::clone(&tokens)),
            tokens,
        })
    }

    /// Answers a request; `address` is the one at which the API is reached.
    pub async fn answer(&self, request: &ApiRequest, address: &str) -> ApiAnswer {
        if request.path.starts_with("/local/") {
            return self.local_api.answer(request, address).await;
        }
        match self.provider.answer(request, address).await {
            Some(answer) => answer,
            None => self.gateway.answer(request).await,
        }
    }

    /// Serves until the task is dropped.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(self: Arc<Self>, listener: TcpListener) -> Result<(), LocalError> {
        let failed =
            |error: std::io::Error| LocalError::new(format!("the HTTP API has ended: {error}"));
        let address: Arc<str> = format!("http://{}", listener.local_addr().map_err(failed)?).into();
        self.issuer.set(address.to_string());
        let router = Router::new().fallback(answer).with_state((self, address));
        axum::serve(listener, router).await.map_err(failed)
    }
}

async fn answer(
    State((server, address)): State<(Arc<ApiServer>, Arc<str>)>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return response(ApiAnswer::too_large());
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
    response(server.answer(&request, &address).await)
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
