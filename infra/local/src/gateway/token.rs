//! Tokens: signed for the portal's users and its machine client, verified as API Gateway's JWT authorizer verifies them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dealbridge_core::ports::Ids;
use dealbridge_lambda::UlidIds;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use rsa::{
    BigUint, RsaPrivateKey, RsaPublicKey,
    pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey, EncodeRsaPublicKey, LineEnding},
    rand_core::OsRng,
    traits::PublicKeyParts,
};
use serde_json::{Map, Value, json};

use crate::{
    data::{self, DataDirectory},
    error::LocalError,
};

/// Who issues the tokens.
pub const ISSUER: &str = "https://issuer.dealbridge.local";
/// Whom they are for: the client of people.
pub const AUDIENCE: &str = "dealbridge-local";
/// The portal's client, whose tokens are for itself.
pub const PORTAL_CLIENT: &str = "dealbridge-local-portal";
/// The life of a token unless another one is asked for.
pub const LIFETIME_SECONDS: i64 = 3_600;

const KEY_FILE: &str = "token-key.pem";
const KEY_ID: &str = "local";
const KEY_BITS: usize = 2_048;

/// For whom a token is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The user's id.
    pub id: String,
    /// The user's address.
    pub email: String,
    /// The names in the groups claim.
    pub groups: Vec<String>,
}

/// The key pair of this product's tokens.
pub struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    public: RsaPublicKey,
}

/// Why a token is not accepted, in the words of the answer's `www-authenticate` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Rejected(pub &'static str);

impl Tokens {
    /// The keys: those of the directory, or fresh ones, which the directory then keeps.
    ///
    /// # Errors
    /// When the directory's key cannot be read or kept.
    pub fn open(directory: Option<&DataDirectory>) -> Result<Self, LocalError> {
        let pem = data::secret(directory, KEY_FILE, generate)?;
        let key = RsaPrivateKey::from_pkcs1_pem(&pem).map_err(|error| {
            LocalError::new(format!(
                "{KEY_FILE} in the data directory is not a key for tokens ({error}): remove it to have another one made"
            ))
        })?;
        Self::of(&key)
    }

    fn of(key: &RsaPrivateKey) -> Result<Self, LocalError> {
        let failed = |error: &dyn std::fmt::Display| {
            LocalError::new(format!("could not prepare the key of the tokens: {error}"))
        };
        let private = key
            .to_pkcs1_pem(LineEnding::LF)
            .map_err(|error| failed(&error))?;
        let public = key
            .to_public_key()
            .to_pkcs1_pem(LineEnding::LF)
            .map_err(|error| failed(&error))?;
        Ok(Self {
            encoding: EncodingKey::from_rsa_pem(private.as_bytes())
                .map_err(|error| failed(&error))?,
            decoding: DecodingKey::from_rsa_pem(public.as_bytes())
                .map_err(|error| failed(&error))?,
            public: key.to_public_key(),
        })
    }

    /// The public key, as a JSON Web Key Set (RFC 7517).
    #[must_use]
    pub fn jwks(&self) -> Value {
        let number = |number: &BigUint| URL_SAFE_NO_PAD.encode(number.to_bytes_be());
        json!({
            "keys": [{
                "kty": "RSA",
                "use": "sig",
                "alg": "RS256",
                "kid": KEY_ID,
                "n": number(self.public.n()),
                "e": number(self.public.e()),
            }],
        })
    }

    /// Signs an ID token (OpenID Connect Core, 2) of a person, with its issuer and the client that it is for.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn sign_id(
        &self,
        subject: &Subject,
        (issuer, client): (&str, &str),
        nonce: Option<&str>,
        now: Timestamp,
    ) -> Result<String, LocalError> {
        let mut claims = json!({
            "iss": issuer,
            "aud": client,
            "sub": subject.id,
            "email": subject.email,
            "email_verified": true,
            "cognito:groups": subject.groups,
            "token_use": "id",
            "iat": now.as_second(),
            "exp": now.as_second().saturating_add(LIFETIME_SECONDS),
        });
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        self.encode(&claims)
    }

    /// Signs a token of a person. A lifetime below zero makes one that has expired, for trying what is refused.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn sign(
        &self,
        subject: &Subject,
        scopes: &[String],
        now: Timestamp,
        lifetime_seconds: i64,
    ) -> Result<String, LocalError> {
        let claims = json!({
            "aud": AUDIENCE,
            "sub": subject.id,
            "email": subject.email,
            "username": subject.email,
            "cognito:groups": subject.groups,
        });
        self.sign_claims(claims, scopes, now, lifetime_seconds)
    }

    /// Signs a token of the portal's client, with the claims that Cognito gives a machine client: no user, no audience.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn sign_portal(
        &self,
        scopes: &[String],
        now: Timestamp,
        lifetime_seconds: i64,
    ) -> Result<String, LocalError> {
        let claims = json!({ "sub": PORTAL_CLIENT, "client_id": PORTAL_CLIENT });
        self.sign_claims(claims, scopes, now, lifetime_seconds)
    }

    fn sign_claims(
        &self,
        mut claims: Value,
        scopes: &[String],
        now: Timestamp,
        lifetime_seconds: i64,
    ) -> Result<String, LocalError> {
        let expires = now.as_second().saturating_add(lifetime_seconds);
        let issued = now.as_second().min(expires);
        claims["iss"] = ISSUER.into();
        claims["scope"] = scopes.join(" ").into();
        claims["token_use"] = "access".into();
        claims["jti"] = UlidIds.next().into();
        claims["iat"] = issued.into();
        claims["nbf"] = issued.into();
        claims["exp"] = expires.into();
        self.encode(&claims)
    }

    fn encode(&self, claims: &Value) -> Result<String, LocalError> {
        let header = Header {
            kid: Some(KEY_ID.to_owned()),
            ..Header::new(Algorithm::RS256)
        };
        jsonwebtoken::encode(&header, claims, &self.encoding)
            .map_err(|error| LocalError::new(format!("could not sign a token: {error}")))
    }

    /// Verifies a token: signature and algorithm first, then issuer, audience and times. Answers its claims.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Map<String, Value>, Rejected> {
        let mut validation = Validation::new(Algorithm::RS256);
        // The times are checked below, by our clock and to the second; issuer and audience beside them.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let header =
            jsonwebtoken::decode_header(token).map_err(|_| Rejected("the token is malformed"))?;
        if header.alg != Algorithm::RS256 {
            return Err(Rejected("signing method is invalid"));
        }
        if header.kid.as_deref() != Some(KEY_ID) {
            return Err(Rejected(
                "unable to find a signing key that matches the token",
            ));
        }
        let claims = jsonwebtoken::decode::<Map<String, Value>>(token, &self.decoding, &validation)
            .map_err(|_| Rejected("the token's signature is invalid"))?
            .claims;
        check(&claims, now)?;
        Ok(claims)
    }
}

fn check(claims: &Map<String, Value>, now: Timestamp) -> Result<(), Rejected> {
    if claims.get("iss").and_then(Value::as_str) != Some(ISSUER) {
        return Err(Rejected("the token does not have a valid issuer"));
    }
    // `client_id` counts only where there is no audience.
    let audience = claims.get("aud").or_else(|| claims.get("client_id"));
    let known = |audience: &Value| *audience == AUDIENCE || *audience == PORTAL_CLIENT;
    let is_ours = match audience {
        Some(Value::Array(audiences)) => audiences.iter().any(known),
        Some(audience) => known(audience),
        None => false,
    };
    if !is_ours {
        return Err(Rejected("the token does not have a valid audience"));
    }
    let second = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value
            .as_f64()
            .map(Some)
            .ok_or(Rejected("the token's times are not numbers")),
    };
    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds are exact in an f64 for millions of years"
    )]
    let now = now.as_second() as f64;
    match second("exp")? {
        None => return Err(Rejected("the token has no expiration time")),
        Some(expires) if expires <= now => return Err(Rejected("the token has expired")),
        Some(_) => {}
    }
    if [second("nbf")?, second("iat")?]
        .into_iter()
        .flatten()
        .any(|from| from > now)
    {
        return Err(Rejected("the token is not valid yet"));
    }
    Ok(())
}

/// The scopes of a verified token.
#[must_use]
pub fn scopes(claims: &Map<String, Value>) -> Vec<String> {
    match claims.get("scope").or_else(|| claims.get("scp")) {
        Some(Value::String(scopes)) => scopes.split(' ').map(str::to_owned).collect(),
        Some(Value::Array(scopes)) => scopes
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

fn generate() -> Result<String, LocalError> {
    let failed = |error: &dyn std::fmt::Display| {
        LocalError::new(format!("could not make a key for tokens: {error}"))
    };
    RsaPrivateKey::new(&mut OsRng, KEY_BITS)
        .map_err(|error| failed(&error))?
        .to_pkcs1_pem(LineEnding::LF)
        .map(|pem| pem.to_string())
        .map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use dealbridge_core::SalesforceId;

    use super::*;

    fn ann() -> Subject {
        Subject {
            id: "usr-1".into(),
            email: "ann@vendor.example".into(),
            groups: vec!["administrators".into()],
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn signed(tokens: &Tokens, claims: &Value, header: &Header) -> String {
        jsonwebtoken::encode(header, claims, &tokens.encoding).unwrap()
    }

    #[test]
    fn a_token_is_good_until_the_second_it_expires() {
        let tokens = Tokens::open(None).unwrap();
        let scopes_given = ["a/b".to_owned(), "c/d".to_owned()];
        let token = tokens.sign(&ann(), &scopes_given, at(1_000), 60).unwrap();

        let claims = tokens.verify(&token, at(1_059)).unwrap();
        assert_eq!(claims["sub"], "usr-1");
        assert_eq!(scopes(&claims), scopes_given);
        assert_eq!(
            tokens.verify(&token, at(1_060)),
            Err(Rejected("the token has expired"))
        );
        assert_eq!(
            tokens.verify(&token, at(999)),
            Err(Rejected("the token is not valid yet"))
        );
        let expired = tokens.sign(&ann(), &[], at(1_000), -5).unwrap();
        assert_eq!(
            tokens.verify(&expired, at(1_000)),
            Err(Rejected("the token has expired"))
        );
    }

    #[test]
    fn the_portal_s_token_names_no_user_and_is_for_its_client() {
        let tokens = Tokens::open(None).unwrap();
        let scope = ["portal/write".to_owned()];

        let token = tokens.sign_portal(&scope, at(1_000), 60).unwrap();

        let claims = tokens.verify(&token, at(1_000)).unwrap();
        assert_eq!(claims["client_id"], PORTAL_CLIENT);
        assert_eq!(scopes(&claims), scope);
        for name in ["aud", "email", "username", "cognito:groups"] {
            assert!(!claims.contains_key(name), "{name}");
        }
    }

    #[test]
    fn a_token_of_another_key_algorithm_issuer_or_audience_is_rejected() {
        let (tokens, others) = (Tokens::open(None).unwrap(), Tokens::open(None).unwrap());
        let header = Header {
            kid: Some(KEY_ID.to_owned()),
            ..Header::new(Algorithm::RS256)
        };
        let claims = |iss: &str, aud: Value| json!({ "iss": iss, "aud": aud, "exp": 2_000 });
        let ours = claims(ISSUER, json!(AUDIENCE));
        let why = |token: &str| tokens.verify(token, at(1_000)).map_err(|error| error.0);

        assert!(why(&signed(&tokens, &ours, &header)).is_ok());
        assert!(
            why(&signed(
                &tokens,
                &claims(ISSUER, json!(["x", AUDIENCE])),
                &header
            ))
            .is_ok()
        );
        let rejected = [
            (
                signed(&others, &ours, &header),
                "the token's signature is invalid",
            ),
            (
                signed(&tokens, &claims("https://other", json!(AUDIENCE)), &header),
                "the token does not have a valid issuer",
            ),
            (
                signed(&tokens, &claims(ISSUER, json!("other")), &header),
                "the token does not have a valid audience",
            ),
            (
                signed(&tokens, &json!({ "iss": ISSUER, "exp": 2_000 }), &header),
                "the token does not have a valid audience",
            ),
            (
                signed(&tokens, &json!({ "iss": ISSUER, "aud": AUDIENCE }), &header),
                "the token has no expiration time",
            ),
            (
                signed(&tokens, &ours, &Header::new(Algorithm::RS256)),
                "unable to find a signing key that matches the token",
            ),
            (
                jsonwebtoken::encode(&Header::default(), &ours, &EncodingKey::from_secret(b"x"))
                    .unwrap(),
                "signing method is invalid",
            ),
            ("a.b.c".to_owned(), "the token is malformed"),
        ];
        for (token, reason) in rejected {
            assert_eq!(why(&token), Err(reason));
        }
        // The unsigned form, and one whose payload was exchanged.
        assert!(why("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.e30.").is_err());
        let token = signed(&tokens, &ours, &header);
        let parts: Vec<&str> = token.split('.').collect();
        assert!(why(&format!("{}.e30.{}", parts[0], parts[2])).is_err());
    }

    #[test]
    fn a_directory_keeps_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let owner = data::Owner {
            organization: SalesforceId::parse("00DaP000000000VUAQ").unwrap(),
            folder: folder.path().to_owned(),
        };
        let directory = DataDirectory::open(folder.path(), &owner).unwrap();
        let token = Tokens::open(Some(&directory))
            .and_then(|tokens| tokens.sign(&ann(), &[], at(1_000), 60))
            .unwrap();

        let again = Tokens::open(Some(&directory)).unwrap();

        assert!(again.verify(&token, at(1_000)).is_ok());
        std::fs::write(folder.path().join(KEY_FILE), "no key").unwrap();
        let error = Tokens::open(Some(&directory)).map(|_| ()).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("token-key.pem in the data directory is not a key")
        );
    }
}
