//! Replies as they go over the wire.

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, StatusCode},
    response::Response,
};
use futures::{StreamExt, stream};

use super::reply::Reply;
use crate::engine::Engine;

/// The size of a body from which on it is compressed when the client asks for it.
const MIN_COMPRESSED_BYTES: usize = 1_024;

/// An answer that promises its whole length and breaks off after half of it.
pub(crate) fn cut(reply: Reply) -> Response {
    let whole = reply.body.len();
    let half = Bytes::copy_from_slice(&reply.body[..whole / 2]);
    let broken = stream::once(async {
        // The half must be on its way before the connection breaks.
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        Err(std::io::Error::other("cut as ordered"))
    });
    let body = stream::once(async move { Ok(half) }).chain(broken);
    let reply = reply.with("content-length", whole.to_string());
    let mut response = response(Reply {
        body: Vec::new(),
        ..reply
    });
    *response.body_mut() = Body::from_stream(body);
    response
}

/// Adds the headers that every answer has.
pub(crate) fn common_headers(engine: &Engine, reply: Reply) -> Reply {
    let reply = reply
        .with("date", engine.date_header())
        .with("server", "sfdcedge")
        .with("vary", "Accept-Encoding");
    let has = |name: &str| reply.headers.iter().any(|(known, _)| *known == name);
    let (has_cache, has_type) = (has("cache-control"), has("content-type"));
    let reply = if has_cache {
        reply
    } else {
        reply.with(
            "cache-control",
            "no-cache,must-revalidate,max-age=0,no-store,private",
        )
    };
    if has_type || reply.body.is_empty() {
        reply
    } else {
        reply.with("content-type", "application/json;charset=UTF-8")
    }
}

/// Compresses a body that is worth it.
pub(crate) fn compress(mut reply: Reply) -> Reply {
    if reply.body.len() < MIN_COMPRESSED_BYTES {
        return reply;
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let written = std::io::Write::write_all(&mut encoder, &reply.body);
    match (written, encoder.finish()) {
        (Ok(()), Ok(body)) => {
            reply.body = body;
            reply.with("content-encoding", "gzip")
        }
        _ => reply,
    }
}

/// The answer as it goes over the wire.
pub(crate) fn response(reply: Reply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
