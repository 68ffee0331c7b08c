//! The caller of a request, as API Gateway's authorizer and the token present it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::people::address;

/// A caller.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The token's subject.
    pub subject: String,
    /// The address in the token, if it has one.
    pub email: Option<String>,
    /// The groups claim.
    pub groups: Value,
    /// The scope of a machine client.
    pub scope: Option<&'static str>,
    /// `true` if the gateway's authorizer has accepted the token.
    pub verified: bool,
}

impl Caller {
    /// A verified caller of an address and of these groups.
    #[must_use]
    pub fn of(subject: &str, email: &str, groups: &[&str]) -> Self {
        Self {
            subject: subject.to_owned(),
            email: Some(email.to_owned()),
            groups: json!(groups),
            scope: None,
            verified: true,
        }
    }

    /// The portal's own client.
    #[must_use]
    pub fn portal() -> Self {
        Self {
            subject: "portal".to_owned(),
            email: None,
            groups: json!([]),
            scope: Some("portal/write"),
            verified: true,
        }
    }

    /// An administrator.
    #[must_use]
    pub fn admin() -> Self {
        let email = address("internal", "admin");
        Self::of("usr-admin", &email, &["administrators"])
    }

    /// An internal user who is no administrator.
    #[must_use]
    pub fn internal() -> Self {
        Self::of("usr-internal", &address("internal", "internal"), &[])
    }

    /// The same caller without the authorizer's claims.
    #[must_use]
    pub fn unverified(mut self) -> Self {
        self.verified = false;
        self
    }

    /// Adds the caller to an event.
    pub fn sign(&self, event: &mut Value) {
        let mut claims = json!({ "sub": self.subject, "cognito:groups": self.groups });
        if let Some(email) = &self.email {
            claims["username"] = email.as_str().into();
        }
        if let Some(scope) = self.scope {
            claims["scope"] = scope.into();
        }
        let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
        event["headers"]["authorization"] = format!("Bearer e30.{payload}.c2ln").into();
        if self.verified {
            // The gateway flattens a list to a text.
            let groups = self.groups.as_array().map_or_else(String::new, |groups| {
                let names: Vec<&str> = groups.iter().filter_map(Value::as_str).collect();
                format!("[{}]", names.join(" "))
            });
            event["requestContext"]["authorizer"]["jwt"] = json!({ "claims": { "sub": self.subject, "cognito:groups": groups }, "scopes": null });
        }
    }
}
