//! The caller of a request, as API Gateway's authorizer and the token present it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dealbridge_tests::people::address;
use serde_json::{Value, json};

/// A caller.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The token's subject.
    pub(crate) subject: String,
    /// The address in the token, if it has one.
    pub(crate) email: Option<String>,
    /// The groups claim.
    pub(crate) groups: Value,
    /// `true` if the gateway's authorizer has accepted the token.
    pub(crate) verified: bool,
}

impl Caller {
    /// A verified caller of an address and of these groups.
    pub(crate) fn of(subject: &str, email: &str, groups: &[&str]) -> Self {
        Self {
            subject: subject.to_owned(),
            email: Some(email.to_owned()),
            groups: json!(groups),
            verified: true,
        }
    }

    /// An administrator.
    pub(crate) fn admin() -> Self {
        let email = address("internal", "admin");
        Self::of("usr-admin", &email, &["administrators"])
    }

    /// An internal user who is no administrator.
    pub(crate) fn internal() -> Self {
        Self::of("usr-internal", &address("internal", "internal"), &[])
    }

    /// The same caller without the authorizer's claims.
    pub(crate) fn unverified(mut self) -> Self {
        self.verified = false;
        self
    }

    /// Adds the caller to an event.
    pub(crate) fn sign(&self, event: &mut Value) {
        let mut claims = json!({ "sub": self.subject, "cognito:groups": self.groups });
        if let Some(email) = &self.email {
            claims["username"] = email.as_str().into();
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
