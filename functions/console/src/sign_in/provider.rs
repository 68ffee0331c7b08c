//! The OpenID Connect provider: where it signs people in, and whom its ID tokens name.

use std::sync::{Arc, OnceLock};

use dealbridge_lambda::{
    access::claims_of,
    http::{ProblemCode, Refusal},
};
use futures::future::BoxFuture;
use openidconnect::{
    AsyncHttpClient, AuthorizationCode, ClientId, CsrfToken, HttpRequest, HttpResponse, IssuerUrl,
    LogoutRequest, Nonce, PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl,
    ProviderMetadataWithLogout, RedirectUrl, Scope, TokenResponse,
    core::{CoreAuthenticationFlow, CoreClient, CoreIdToken},
};
use serde_json::{Map, Value};
use tokio::sync::OnceCell;

use crate::session::SignInAttempt;

/// The path that the provider sends the browser back to.
pub const CALLBACK: &str = "/console/callback";
/// The path that the provider sends the browser to after signing out.
pub const SIGNED_OUT: &str = "/console/signed-out";

/// The issuer of the ID tokens. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Issuer(Arc<OnceLock<String>>);

impl Issuer {
    /// An issuer whose address is known from the start.
    #[must_use]
    pub fn known(address: String) -> Self {
        let issuer = Self::default();
        issuer.set(address);
        issuer
    }

    /// Names the issuer, once: the local product's own, when it listens.
    pub fn set(&self, address: String) {
        let _ = self.0.set(address);
    }
}

/// The provider. Its document is read at the first sign-in, and kept.
#[derive(Clone)]
pub struct Provider {
    http: Http,
    issuer: Issuer,
    client: String,
    document: Arc<OnceCell<ProviderMetadataWithLogout>>,
}

/// A sign-in that begins.
pub(super) struct Begun {
    /// The provider's page.
    pub(super) url: String,
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
}

impl Provider {
    /// The provider with that issuer, at which the console is that client: a public one, that proves itself by PKCE.
    #[must_use]
    pub fn new(http: reqwest::Client, issuer: Issuer, client: String) -> Self {
        Self {
            http: Http(http),
            issuer,
            client,
            document: Arc::default(),
        }
    }

    /// Begins a sign-in from which the browser comes back to that address.
    pub(super) async fn begin(&self, base: &str) -> Result<Begun, Refusal> {
        let document = self.document().await?.clone();
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client =
            CoreClient::from_provider_metadata(document, ClientId::new(self.client.clone()), None)
                .set_redirect_uri(redirect(base)?);
        let (url, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("email".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        Ok(Begun {
            url: url.to_string(),
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
        })
    }

    /// Exchanges a code for an ID token, verifies it, and returns its claims.
    pub(super) async fn claims(
        &self,
        base: &str,
        code: &str,
        attempt: &SignInAttempt,
    ) -> Result<Map<String, Value>, Refusal> {
        // Read anew, for the provider may have changed its keys.
        let document = self.discover().await?;
        let client =
            CoreClient::from_provider_metadata(document, ClientId::new(self.client.clone()), None)
                .set_redirect_uri(redirect(base)?);
        let exchange = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|error| Refusal::internal(&error))?;
        let answer = exchange
            .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.clone()))
            .request_async(&self.http)
            .await
            .map_err(|error| refused(&error))?;
        let token: &CoreIdToken = answer
            .id_token()
            .ok_or_else(|| refused(&"there is no ID token in its answer"))?;
        token
            .claims(
                &client.id_token_verifier(),
                &Nonce::new(attempt.nonce.clone()),
            )
            .map_err(|error| refused(&error))?;
        // Verified; read again for the claims that the protocol does not know, such as the groups.
        claims_of(&token.to_string()).ok_or_else(|| refused(&"its ID token cannot be read"))
    }

    /// The address at which the provider ends its session, and sends the browser back.
    pub(super) async fn end_session(&self, base: &str) -> Result<String, Refusal> {
        let document = self.document().await?;
        let signed_out = format!("{base}{SIGNED_OUT}");
        let Some(end) = document.additional_metadata().end_session_endpoint.clone() else {
            return Ok(signed_out);
        };
        let back = PostLogoutRedirectUrl::new(signed_out.clone());
        let back = back.map_err(|error| Refusal::internal(&error))?;
        let mut url = LogoutRequest::from(end)
            .set_client_id(ClientId::new(self.client.clone()))
            .set_post_logout_redirect_uri(back)
            .http_get_url();
        // Cognito's own name for the same address.
        url.query_pairs_mut().append_pair("logout_uri", &signed_out);
        Ok(url.into())
    }

    async fn document(&self) -> Result<&ProviderMetadataWithLogout, Refusal> {
        self.document.get_or_try_init(|| self.discover()).await
    }

    async fn discover(&self) -> Result<ProviderMetadataWithLogout, Refusal> {
        let issuer = self.issuer.0.get().cloned();
        let issuer = issuer.ok_or_else(|| unavailable(&"its address is not known"))?;
        let issuer = IssuerUrl::new(issuer).map_err(|error| unavailable(&error))?;
        ProviderMetadataWithLogout::discover_async(issuer, &self.http)
            .await
            .map_err(|error| unavailable(&error))
    }
}

fn redirect(base: &str) -> Result<RedirectUrl, Refusal> {
    RedirectUrl::new(format!("{base}{CALLBACK}")).map_err(|error| Refusal::internal(&error))
}

fn unavailable(error: &(dyn std::fmt::Display + '_)) -> Refusal {
    let detail = format!(
        "The sign-in page cannot be reached ({error}). Try again; if it stays so, whoever runs dealbridge checks its OpenID Connect provider."
    );
    Refusal::new(ProblemCode::Unavailable, detail)
}

fn refused(error: &(dyn std::fmt::Display + '_)) -> Refusal {
    let detail = format!("The sign-in was not accepted ({error}). Sign in again.");
    Refusal::new(ProblemCode::Unauthorized, detail)
}

/// The HTTP client in the form that the protocol's crate takes.
#[derive(Clone)]
struct Http(reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = reqwest::Error;
    type Future = BoxFuture<'c, Result<HttpResponse, reqwest::Error>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answer = self.0.execute(request.try_into()?).await?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let mut response = HttpResponse::new(answer.bytes().await?.to_vec());
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        })
    }
}
