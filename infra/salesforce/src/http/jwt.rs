//! The JWT bearer grant: a real signature check, with the leniencies real clients rely on.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use salesforce_id::SalesforceId;
use serde_json::Value as Json;

use super::refusal::{Refusal, UNKNOWN_CLIENT};
use crate::engine::Engine;

/// The most seconds that `exp` may lie ahead; Salesforce says three minutes, clocks differ by a few more.
const MAX_EXPIRY_SECONDS: i64 = 600;

const INVALID: Refusal = Refusal::grant("invalid assertion");
const WRONG_AUDIENCE: Refusal = Refusal::grant("audience is invalid");
const NOT_APPROVED: Refusal = Refusal::grant("user hasn't approved this consumer");
const INACTIVE: Refusal = Refusal::grant("inactive user");

/// The user an assertion logs in.
///
/// # Errors
/// The refusal that Salesforce gives.
pub(crate) fn login(engine: &Engine, assertion: &str) -> Result<SalesforceId, Refusal> {
    let header = decode_header(assertion).map_err(|_| INVALID)?;
    if header.alg != Algorithm::RS256 {
        return Err(INVALID);
    }
    let key: &DecodingKey = engine.jwt_key.as_ref().ok_or(NOT_APPROVED)?;
    let mut validation = Validation::new(Algorithm::RS256);
    // Times and audience are checked here: clients send `exp` as text or in milliseconds, and several audiences are right.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let claims = decode::<Json>(assertion, key, &validation)
        .map_err(|_| INVALID)?
        .claims;
    let claim = |name: &str| claims.get(name).and_then(Json::as_str);
    if claim("iss") != Some(engine.client.id.as_str()) {
        return Err(UNKNOWN_CLIENT);
    }
    check_audience(engine, &claims)?;
    check_expiry(engine, &claims)?;
    user(engine, claim("sub").or(claim("prn")).unwrap_or_default())
}

fn check_audience(engine: &Engine, claims: &Json) -> Result<(), Refusal> {
    let own = [
        "https://login.salesforce.com".to_owned(),
        "https://test.salesforce.com".to_owned(),
        format!("https://{}.my.salesforce.com", engine.identity.my_domain),
        engine.instance_url().to_owned(),
    ];
    let is_right = |audience: &Json| {
        audience.as_str().is_some_and(|audience| {
            let audience = audience.trim_end_matches('/');
            let audience = audience
                .strip_suffix("/services/oauth2/token")
                .unwrap_or(audience);
            own.iter().any(|own| own.eq_ignore_ascii_case(audience))
        })
    };
    match claims.get("aud") {
        Some(Json::Array(audiences)) if audiences.iter().any(is_right) => Ok(()),
        Some(audience) if is_right(audience) => Ok(()),
        _ => Err(WRONG_AUDIENCE),
    }
}

fn check_expiry(engine: &Engine, claims: &Json) -> Result<(), Refusal> {
    let expiry = match claims.get("exp") {
        Some(Json::Number(number)) => number.as_i64(),
        Some(Json::String(text)) => text.parse().ok(),
        _ => None,
    };
    let expiry = expiry.ok_or(INVALID)?;
    // The sf command line gives milliseconds.
    let expiry = if expiry > 100_000_000_000 {
        expiry / 1_000
    } else {
        expiry
    };
    // A clock that stands still says nothing about the real time, in which assertions expire.
    if engine.read().time.is_followed() {
        let ahead = expiry - engine.now();
        if !(0..=MAX_EXPIRY_SECONDS).contains(&ahead) {
            return Err(INVALID);
        }
    }
    Ok(())
}

fn user(engine: &Engine, username: &str) -> Result<SalesforceId, Refusal> {
    let store = engine.read();
    let object = store.schema.object_index("User").ok_or(NOT_APPROVED)?;
    let schema = store.object(object);
    let (Some(name), Some(active)) = (
        schema.field_index("Username"),
        schema.field_index("IsActive"),
    ) else {
        return Err(NOT_APPROVED);
    };
    let row = store
        .table(object)
        .iter()
        .map(|(_, row)| row)
        .find(|row| {
            row.values[name]
                .as_text()
                .is_some_and(|text| text.eq_ignore_ascii_case(username))
        })
        .ok_or(NOT_APPROVED)?;
    if row.values[active].is_true() {
        Ok(row.id)
    } else {
        Err(INACTIVE)
    }
}
