//! The token endpoint, and who a session stands for.

use axum::http::Method;
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use salesforce_id::SalesforceId;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::{
    call::Call,
    jwt,
    refusal::{Refusal, UNKNOWN_CLIENT, UNSUPPORTED, WRONG_SECRET},
    reply::{ApiError, Reply},
};
use crate::engine::{Engine, locked};

/// The way in which a session was opened; the answers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grant {
    ClientCredentials,
    JwtBearer,
    RefreshToken,
}

/// Answers `POST /services/oauth2/token`.
pub(crate) fn token(engine: &Engine, call: &Call) -> Reply {
    if call.method != Method::POST {
        return Reply::method_not_allowed(call.method.as_str(), "POST");
    }
    let form: Vec<(String, String)> = serde_urlencoded::from_bytes(&call.body).unwrap_or_default();
    let form = Form {
        fields: &form,
        query: &call.query,
    };
    let outcome = match form.get("grant_type") {
        Some("client_credentials") => client_credentials(engine, call, &form),
        Some("urn:ietf:params:oauth:grant-type:jwt-bearer") => {
            jwt::login(engine, form.get("assertion").unwrap_or_default())
                .map(|user| (user, Grant::JwtBearer))
        }
        Some("refresh_token") => refresh(engine, &form),
        // No user of a simulated org has a password.
        Some("password") => Err(Refusal::grant("authentication failure")),
        _ => Err(UNSUPPORTED),
    };
    let reply = match outcome {
        Ok((user, grant)) => Reply::json(200, &open(engine, user, grant)),
        Err(refusal) => refusal.into(),
    };
    reply.with("cache-control", "no-cache, no-store")
}

/// The fields of a form, or of the query of a client that puts them there.
struct Form<'a> {
    fields: &'a [(String, String)],
    query: &'a [(String, String)],
}

impl Form<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .chain(self.query)
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

fn client_credentials(
    engine: &Engine,
    call: &Call,
    form: &Form<'_>,
) -> Result<(SalesforceId, Grant), Refusal> {
    let basic = call
        .header("authorization")
        .and_then(|header| header.strip_prefix("Basic "))
        .and_then(|encoded| BASE64.decode(encoded.trim()).ok())
        .and_then(|decoded| String::from_utf8(decoded).ok());
    let basic = basic.as_deref().and_then(|pair| pair.split_once(':'));
    let id = form.get("client_id").or(basic.map(|(id, _)| id));
    let secret = form
        .get("client_secret")
        .or(basic.map(|(_, secret)| secret));
    if id != Some(engine.client.id.as_str()) {
        return Err(UNKNOWN_CLIENT);
    }
    if secret != Some(engine.client.secret.as_str()) {
        return Err(WRONG_SECRET);
    }
    Ok((engine.api_user, Grant::ClientCredentials))
}

/// The org gives one refresh token, which stands for the API user until it is revoked. The secret is not needed, but a
/// wrong one is refused.
fn refresh(engine: &Engine, form: &Form<'_>) -> Result<(SalesforceId, Grant), Refusal> {
    if form.get("client_id") != Some(engine.client.id.as_str()) {
        return Err(UNKNOWN_CLIENT);
    }
    if form
        .get("client_secret")
        .is_some_and(|secret| secret != engine.client.secret)
    {
        return Err(WRONG_SECRET);
    }
    let is_known = form.get("refresh_token") == Some(engine.client.refresh_token().as_str());
    if !is_known || locked(&engine.sessions).is_refresh_token_revoked() {
        return Err(Refusal::grant("expired access/refresh token"));
    }
    Ok((engine.api_user, Grant::RefreshToken))
}

fn open(engine: &Engine, user: SalesforceId, grant: Grant) -> Json {
    let now = engine.now();
    let organization = engine.organization();
    let mut sessions = locked(&engine.sessions);
    let seed = format!(
        "{}:{}:{}",
        engine.client.secret,
        sessions.next_number(),
        now
    );
    let digest = Sha256::digest(seed.as_bytes());
    let secret: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let token = format!("{}!AQ{secret}", &organization.as_str()[..15]);
    sessions.open(&token, user, now);
    let id = format!(
        "{}/id/{}/{}",
        engine.instance_url(),
        organization.as_str(),
        user.as_str()
    );
    if grant != Grant::JwtBearer {
        json!({
            "access_token": token,
            "signature": BASE64.encode(Sha256::digest(format!("{id}{now}"))),
            "scope": if grant == Grant::RefreshToken { "refresh_token api id" } else { "api id" },
            "instance_url": engine.instance_url(),
            "id": id,
            "token_type": "Bearer",
            "issued_at": format!("{now}000"),
        })
    } else {
        json!({
            "access_token": token,
            "scope": "api id",
            "instance_url": engine.instance_url(),
            "id": id,
            "token_type": "Bearer",
        })
    }
}

/// The user of a call, if it carries the token of an open session. Each call keeps its session open.
///
/// # Errors
/// 401.
pub(crate) fn authenticate(engine: &Engine, call: &Call) -> Result<SalesforceId, Reply> {
    let header = call.header("authorization").unwrap_or_default();
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    if !header.is_empty() && !matches!(scheme.to_ascii_lowercase().as_str(), "bearer" | "oauth") {
        return Err(ApiError::new(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE").into());
    }
    let now = engine.now();
    locked(&engine.sessions)
        .used(token.trim(), now, engine.session_seconds)
        .ok_or_else(Reply::session_expired)
}

/// Answers `POST /services/oauth2/revoke`.
pub(crate) fn revoke(engine: &Engine, call: &Call) -> Reply {
    let form: Vec<(String, String)> = serde_urlencoded::from_bytes(&call.body).unwrap_or_default();
    let form = Form {
        fields: &form,
        query: &call.query,
    };
    let token = form.get("token").unwrap_or_default();
    let mut sessions = locked(&engine.sessions);
    let is_refresh_token = token == engine.client.refresh_token();
    if is_refresh_token {
        sessions.revoke_refresh_token();
    }
    if sessions.end(token) || is_refresh_token {
        return Reply::empty(200);
    }
    Refusal {
        error: "unsupported_token_type",
        description: "this token type is not supported",
    }
    .into()
}

/// Answers `/services/oauth2/userinfo` and `/id/<org>/<user>`.
pub(crate) fn user_info(engine: &Engine, user: SalesforceId) -> Reply {
    let organization = engine.organization();
    let store = engine.read();
    let row = store
        .schema
        .object_index("User")
        .and_then(|object| Some((store.object(object), store.live(object, user)?)));
    let text = |field: &str| {
        let value = row.and_then(|(schema, row)| row.values[schema.field_index(field)?].as_text());
        value.unwrap_or_default().to_owned()
    };
    let url = engine.instance_url();
    let rest = |resource: &str| format!("{url}/services/data/v{{version}}/{resource}");
    Reply::json(
        200,
        &json!({
            "sub": format!("{url}/id/{}/{}", organization.as_str(), user.as_str()),
            "user_id": user.as_str(),
            "organization_id": organization.as_str(),
            "preferred_username": text("Username"),
            "username": text("Username"),
            "nickname": text("Alias"),
            "name": text("Name"),
            "display_name": text("Name"),
            "email": text("Email"),
            "email_verified": true,
            "given_name": text("FirstName"),
            "family_name": text("LastName"),
            "zoneinfo": "Europe/London",
            "active": true,
            "user_type": "STANDARD",
            "language": "en_US",
            "locale": "en_US",
            "utcOffset": 0,
            "updated_at": "2026-01-01T00:00:00Z",
            "is_app_installed": true,
            "urls": {
                "rest": rest(""),
                "query": rest("query/"),
                "sobjects": rest("sobjects/"),
                "recent": rest("recent/"),
                "profile": format!("{url}/{}", user.as_str()),
            },
        }),
    )
}
