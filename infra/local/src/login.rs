//! Signing a person in at an OpenID Connect provider: the authorization code grant with PKCE (RFC 7636), the browser
//! coming back to a port of this machine (RFC 8252).
//!
//! Nothing is kept: the access token is in the answer alone.

mod callback;
mod provider;

use std::time::Duration;

use dealbridge_salesforce::{Timeouts, http_client};
use oauth2::{
    AsyncHttpClient, AuthorizationCode, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, Scope, TokenResponse, basic::BasicClient,
};
use tokio::net::TcpListener;
use url::Url;

use self::provider::Provider;
use crate::error::LocalError;

/// The port that the browser comes back to; `template.yaml` has its address, for Cognito takes no other.
pub const CALLBACK_PORT: u16 = 8_401;

/// Returns the address that the browser comes back to, as the provider must know it.
#[must_use]
pub fn callback_address(port: u16) -> String {
    format!("http://127.0.0.1:{port}{}", callback::PATH)
}

/// The time that a person has to sign in.
const PATIENCE: Duration = Duration::from_secs(600);

/// The request for a token.
#[derive(Clone, Debug)]
pub struct Login {
    /// The issuer of the tokens.
    pub issuer: String,
    /// The OAuth client of people: one without a secret.
    pub client_id: String,
    /// The scopes; none asks for all that the provider gives the client.
    pub scopes: Vec<String>,
}

/// An access token.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// The token, made of characters that no shell and no header gives a meaning.
    pub token: String,
    /// Its lifetime, if the provider says so.
    pub lifetime: Option<Duration>,
}

/// A sign-in that waits for the person.
pub struct SignIn {
    http: reqwest::Client,
    provider: Provider,
    client_id: ClientId,
    redirect: RedirectUrl,
    listener: TcpListener,
    url: Url,
    state: CsrfToken,
    verifier: PkceCodeVerifier,
}

impl Login {
    /// Begins a sign-in, whose browser comes back to the listener.
    ///
    /// # Errors
    /// When the provider cannot be asked where it signs people in, or says something that cannot be used.
    pub async fn begin(self, listener: TcpListener) -> Result<SignIn, LocalError> {
        let http = http_client(Timeouts::default()).map_err(|error| {
            LocalError::new(format!("could not build the HTTP client: {error}"))
        })?;
        let provider = Provider::discover(&http, &self.issuer).await?;
        let address = listener
            .local_addr()
            .map_err(|error| LocalError::new(format!("the port is gone: {error}")))?;
        let redirect = RedirectUrl::new(callback_address(address.port()))
            .map_err(|error| LocalError::new(format!("no address to come back to: {error}")))?;
        let client_id = ClientId::new(self.client_id);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client = BasicClient::new(client_id.clone())
            .set_auth_uri(provider.authorization.clone())
            .set_redirect_uri(redirect.clone());
        let (url, state) = client
            .authorize_url(CsrfToken::new_random)
            .add_scopes(self.scopes.into_iter().map(Scope::new))
            .set_pkce_challenge(challenge)
            .url();
        Ok(SignIn {
            http,
            provider,
            client_id,
            redirect,
            listener,
            url,
            state,
            verifier,
        })
    }
}

impl SignIn {
    /// The page on which the person signs in.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Waits for the person, and exchanges what the browser brings for a token.
    ///
    /// # Errors
    /// When nobody signs in in time, or the provider refuses.
    pub async fn token(self) -> Result<AccessToken, LocalError> {
        let waiting = callback::code(self.listener, self.state.secret().clone());
        let code = tokio::time::timeout(PATIENCE, waiting)
            .await
            .map_err(|_| {
                LocalError::new("nobody signed in within ten minutes: run the command again")
            })??;
        let client = BasicClient::new(self.client_id)
            .set_token_uri(self.provider.token)
            .set_redirect_uri(self.redirect);
        let http = Http(self.http);
        let exchanged = client
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(self.verifier)
            .request_async(&http)
            .await
            .map_err(refused)?;
        let token = exchanged.access_token().secret();
        // RFC 6750, 2.1. Anything else could not be sent as a bearer token, and could break out of a shell's word.
        let is_bearer = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        if token.is_empty() || !token.bytes().all(is_bearer) {
            return Err(LocalError::new(
                "the provider's access token is no bearer token: see what it issues to this client",
            ));
        }
        Ok(AccessToken {
            token: token.clone(),
            lifetime: exchanged.expires_in(),
        })
    }
}

/// The HTTP client in the form that the protocol's crate takes.
struct Http(reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = reqwest::Error;
    type Future = futures::future::BoxFuture<'c, Result<oauth2::HttpResponse, reqwest::Error>>;

    fn call(&'c self, request: oauth2::HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answer = self.0.execute(request.try_into()?).await?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let mut response = oauth2::HttpResponse::new(answer.bytes().await?.to_vec());
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        })
    }
}

/// The provider's refusal of the code, in its own words.
fn refused<E: std::error::Error + 'static, T: oauth2::ErrorResponse + 'static>(
    error: RequestTokenError<E, T>,
) -> LocalError {
    let why = match &error {
        RequestTokenError::ServerResponse(answer) => format!("{answer:?}"),
        RequestTokenError::Request(error) => error.to_string(),
        other => other.to_string(),
    };
    LocalError::new(format!("the provider gave no token for the sign-in: {why}"))
}
