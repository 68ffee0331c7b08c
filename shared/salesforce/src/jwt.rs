//! The signed assertion of the JWT-bearer grant.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dealbridge_core::salesforce::SalesforceError;
use jiff::Timestamp;
use rustls::{
    SignatureScheme,
    crypto::ring::sign::any_supported_type,
    pki_types::{PrivateKeyDer, pem::PemObject},
    sign::SigningKey,
};
use serde_json::json;

/// Salesforce accepts three minutes at most; two leave room for a clock that runs ahead.
const LIFETIME_SECONDS: i64 = 120;

/// Signs with the TLS library's own RSA, so that no second implementation is linked.
pub(crate) struct AssertionSigner {
    key: Arc<dyn SigningKey>,
}

impl AssertionSigner {
    /// Reads an RSA key of at least 2,048 bits from PEM.
    pub(crate) fn from_pem(pem: &str) -> Result<Self, SalesforceError> {
        let unusable = |reason: &str| SalesforceError::NotConfigured {
            detail: format!("the private key {reason}"),
        };
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| unusable("is not PEM: it must hold one unencrypted PRIVATE KEY block"))?;
        let key = any_supported_type(&der)
            .map_err(|_| unusable("cannot be used: it must be an RSA key of 2,048 bits or more"))?;
        if key
            .choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256])
            .is_none()
        {
            return Err(unusable(
                "is not an RSA key, and Salesforce takes only RS256",
            ));
        }
        Ok(Self { key })
    }

    /// Signs the assertion of that user for that app, valid for two minutes.
    pub(crate) fn assertion(
        &self,
        client_id: &str,
        username: &str,
        audience: &str,
        at: Timestamp,
    ) -> Result<String, SalesforceError> {
        let claims = json!({
            "iss": client_id,
            "sub": username,
            "aud": audience,
            "exp": at.as_second() + LIFETIME_SECONDS,
        });
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(br#"{"alg":"RS256","typ":"JWT"}"#),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let signature = self
            .key
            .choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256])
            .and_then(|signer| signer.sign(signed.as_bytes()).ok())
            .ok_or_else(|| SalesforceError::NotConfigured {
                detail: "the private key cannot sign".to_owned(),
            })?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
