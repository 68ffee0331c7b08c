//! Codes: each is good once, for the client and the verifier that it was made for.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rsa::rand_core::{OsRng, RngCore};
use sha2::{Digest, Sha256};

use super::request::AuthorizationRequest;
use crate::gateway::token::Subject;

/// The most codes that wait for their exchange; more make the provider forget all of them.
const MAX_WAITING: usize = 1_000;

/// The sign-in that a code stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) client: String,
    pub(super) subject: Subject,
    pub(super) nonce: Option<String>,
    redirect: String,
    challenge: String,
}

/// The codes that wait for their exchange.
#[derive(Default)]
pub(super) struct Codes(Mutex<HashMap<String, Grant>>);

impl Codes {
    /// Makes a code.
    pub(super) fn grant(&self, asked: &AuthorizationRequest, subject: Subject) -> String {
        let mut bytes = [0; 24];
        OsRng.fill_bytes(&mut bytes);
        let code = URL_SAFE_NO_PAD.encode(bytes);
        let grant = Grant {
            client: asked.client.clone(),
            subject,
            nonce: asked.nonce.clone(),
            redirect: asked.redirect.to_string(),
            challenge: asked.challenge.clone(),
        };
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= MAX_WAITING {
            waiting.clear();
        }
        waiting.insert(code.clone(), grant);
        code
    }

    /// Takes the code of a token request; the error is one of RFC 6749, 5.2.
    pub(super) fn redeem(&self, body: &str) -> Result<Grant, &'static str> {
        let fields: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes())
            .into_owned()
            .collect();
        let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        if field("grant_type") != "authorization_code" {
            return Err("unsupported_grant_type");
        }
        let grant = {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.remove(field("code")).ok_or("invalid_grant")?
        };
        if field("client_id") != grant.client {
            return Err("invalid_client");
        }
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(field("code_verifier").as_bytes()));
        if field("redirect_uri") != grant.redirect || challenge != grant.challenge {
            return Err("invalid_grant");
        }
        Ok(grant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The verifier of RFC 7636, appendix B, and its challenge.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn granted(codes: &Codes) -> String {
        let asked = AuthorizationRequest {
            client: "c".into(),
            redirect: "http://127.0.0.1:1/x".parse().unwrap(),
            state: None,
            nonce: Some("n".into()),
            challenge: CHALLENGE.into(),
        };
        let subject = Subject {
            id: "usr-1".into(),
            email: "ann@vendor.example".into(),
            groups: Vec::new(),
        };
        codes.grant(&asked, subject)
    }

    fn body(code: &str, client: &str, verifier: &str) -> String {
        format!(
            "grant_type=authorization_code&code={code}&client_id={client}&redirect_uri=http://127.0.0.1:1/x&code_verifier={verifier}"
        )
    }

    #[test]
    fn a_code_is_good_once() {
        let codes = Codes::default();
        let body = body(&granted(&codes), "c", VERIFIER);

        assert_eq!(codes.redeem(&body).unwrap().nonce.as_deref(), Some("n"));
        assert_eq!(codes.redeem(&body), Err("invalid_grant"));
    }

    #[test]
    fn a_code_is_for_its_client_and_whoever_has_the_verifier() {
        let codes = Codes::default();

        let other_client = codes.redeem(&body(&granted(&codes), "d", VERIFIER));
        assert_eq!(other_client, Err("invalid_client"));
        let no_verifier = codes.redeem(&body(&granted(&codes), "c", "guess"));
        assert_eq!(no_verifier, Err("invalid_grant"));
        assert_eq!(
            codes.redeem("grant_type=password"),
            Err("unsupported_grant_type")
        );
    }
}
