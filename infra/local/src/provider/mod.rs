//! A small OpenID Connect provider: the authorization code grant with PKCE, for the console and for `dealbridge login`.
//!
//! | call | does |
//! |---|---|
//! | `GET /.well-known/openid-configuration` | says where everything is (OpenID Connect Discovery) |
//! | `GET /.well-known/jwks.json` | the key of ID tokens |
//! | `GET /authorize` | a page that lists Active users; one click signs in as one of them |
//! | `POST /authorize` | that click: back to the client with a code |
//! | `POST /token` | exchanges a code for an access token and an ID token, once |
//! | `GET /logout` | back to the client; there is no session here to end |
//!
//! Nobody proves who they are: everything is on this machine, and for its user.

mod codes;
mod page;
mod request;

use std::sync::Arc;

use dealbridge_core::{
    Email,
    people::{
        member::{Member, MemberKind},
        store::PeopleStore,
    },
    ports::Clock,
};
use dealbridge_lambda::{SystemClock, access::PORTAL_SCOPE};
use serde_json::{Value, json};

use self::{
    codes::{Codes, Grant},
    request::AuthorizationRequest,
};
use crate::{
    gateway::{
        ApiAnswer, ApiRequest,
        token::{AUDIENCE, LIFETIME_SECONDS, Tokens},
    },
    local_api::sign_in,
    product::LocalProduct,
};

/// The console's client.
pub const CONSOLE_CLIENT: &str = "dealbridge-local-console";
/// The clients that people sign in to.
const CLIENTS: [&str; 2] = [CONSOLE_CLIENT, AUDIENCE];
/// The most users that the page lists.
const LISTED: usize = 500;

/// The provider of a running product.
pub(crate) struct Provider {
    product: Arc<LocalProduct>,
    tokens: Arc<Tokens>,
    codes: Codes,
}

impl Provider {
    pub(crate) fn new(product: Arc<LocalProduct>, tokens: Arc<Tokens>) -> Self {
        Self {
            product,
            tokens,
            codes: Codes::default(),
        }
    }

    /// Answers a request that is the provider's; [`None`] for any other. `address` is the issuer.
    pub(crate) async fn answer(&self, request: &ApiRequest, address: &str) -> Option<ApiAnswer> {
        Some(match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/.well-known/openid-configuration") => {
                ApiAnswer::json(200, &document(address))
            }
            ("GET", "/.well-known/jwks.json") => ApiAnswer::json(200, &self.tokens.jwks()),
            ("GET", "/authorize") => self.choose(request).await,
            ("POST", "/authorize") => self.chosen(request).await,
            ("POST", "/token") => self.exchange(request, address),
            ("GET", "/logout") => logout(request),
            _ => return None,
        })
    }

    /// The page that lists the users.
    async fn choose(&self, request: &ApiRequest) -> ApiAnswer {
        match AuthorizationRequest::read(&request.query, &CLIENTS) {
            Ok(_) => self.page(&request.query, None).await,
            Err(wrong) => page::refused(&wrong),
        }
    }

    async fn page(&self, query: &str, wrong: Option<&str>) -> ApiAnswer {
        let store = &self.product.onlooker;
        let users = match store.list(MemberKind::User, None, None, LISTED).await {
            Ok(found) => found.members,
            Err(error) => return page::refused(&error.to_string()),
        };
        let addresses = users.into_iter().filter_map(|stored| match stored.member {
            Member::User(user) => Some(user.email),
            _ => None,
        });
        let mut people = Vec::new();
        for address in addresses {
            // Whoever may not sign in is not listed.
            if let Ok(subject) = sign_in::subject(&self.product, &address).await {
                people.push(subject);
            }
        }
        page::choice(query, &people, &self.product.template.admins, wrong)
    }

    /// Sends the browser back with a code for the user who was chosen.
    async fn chosen(&self, request: &ApiRequest) -> ApiAnswer {
        let body = String::from_utf8_lossy(&request.body);
        let fields: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes())
            .into_owned()
            .collect();
        let field = |name: &str| {
            let field = fields.iter().find(|(key, _)| key == name);
            field.map(|(_, value)| value.as_str()).unwrap_or_default()
        };
        let asked = match AuthorizationRequest::read(field("request"), &CLIENTS) {
            Ok(asked) => asked,
            Err(wrong) => return page::refused(&wrong),
        };
        let subject = match Email::parse(field("user")) {
            Ok(address) => sign_in::subject(&self.product, &address)
                .await
                .map_err(|refusal| {
                    refusal.into_answer().body["detail"]
                        .as_str()
                        .unwrap_or_default()
                        .to_owned()
                }),
            Err(error) => Err(format!("{error}.")),
        };
        match subject {
            Ok(subject) => {
                let location = asked.back(&self.codes.grant(&asked, subject));
                ApiAnswer::message(303, "See Other").with("location", location)
            }
            Err(wrong) => self.page(field("request"), Some(&wrong)).await,
        }
    }

    /// Exchanges a code for tokens.
    fn exchange(&self, request: &ApiRequest, address: &str) -> ApiAnswer {
        let body = String::from_utf8_lossy(&request.body);
        match self.codes.redeem(&body) {
            Ok(grant) => self.issue(&grant, address),
            Err(error) => ApiAnswer::json(400, &json!({ "error": error })),
        }
    }

    fn issue(&self, grant: &Grant, issuer: &str) -> ApiAnswer {
        let now = SystemClock.now();
        let mut scopes = self.product.template.scopes();
        scopes.retain(|scope| scope != PORTAL_SCOPE);
        let access = self
            .tokens
            .sign(&grant.subject, &scopes, now, LIFETIME_SECONDS);
        let id = self.tokens.sign_id(
            &grant.subject,
            (issuer, &grant.client),
            grant.nonce.as_deref(),
            now,
        );
        match (access, id) {
            (Ok(access), Ok(id)) => ApiAnswer::json(
                200,
                &json!({
                    "access_token": access,
                    "id_token": id,
                    "token_type": "Bearer",
                    "expires_in": LIFETIME_SECONDS,
                }),
            )
            .with("cache-control", "no-store"),
            (Err(error), _) | (_, Err(error)) => ApiAnswer::json(
                500,
                &json!({ "error": "server_error", "error_description": error.to_string() }),
            ),
        }
    }
}

fn document(address: &str) -> Value {
    json!({
        "issuer": address,
        "authorization_endpoint": format!("{address}/authorize"),
        "token_endpoint": format!("{address}/token"),
        "jwks_uri": format!("{address}/.well-known/jwks.json"),
        "end_session_endpoint": format!("{address}/logout"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "email"],
        "claims_supported": ["sub", "email", "email_verified", "cognito:groups"],
    })
}

fn logout(request: &ApiRequest) -> ApiAnswer {
    let back = url::form_urlencoded::parse(request.query.as_bytes())
        .find(|(name, _)| name == "post_logout_redirect_uri")
        .map(|(_, value)| value.into_owned());
    match back.filter(|back| request::is_of_this_machine(back)) {
        Some(back) => ApiAnswer::message(303, "See Other").with("location", back),
        None => page::refused("post_logout_redirect_uri is no address of this machine"),
    }
}
