//! The environment of the function.

use dealbridge_lambda::{
    access::AdminGroup,
    environment,
    environment::{
        AllTables, DeadLetterUrls, ImportsCountUrl, ImportsDlqCountUrl, InvalidVariable,
        PreviewTokenKey, SalesforceLogin, Setting, SyncRequestsUrl, Variables, WritesUrl,
    },
};

use crate::session::SessionKeys;

environment! {
    /// The environment, as `template.yaml` sets it.
    pub struct Environment {
        /// The tables.
        tables: AllTables,
        /// The way to Salesforce.
        salesforce: SalesforceLogin,
        /// The queue of import requests.
        imports: ImportsCountUrl,
        /// Its dead-letter queue.
        imports_dlq: ImportsDlqCountUrl,
        /// The queue of sync requests.
        sync_requests: SyncRequestsUrl,
        /// The queue of writes to Salesforce.
        writes: WritesUrl,
        /// The dead-letter queues.
        dead_letters: DeadLetterUrls,
        /// The key that signs previews.
        preview_token_key: PreviewTokenKey,
        /// The keys that sessions are encrypted with.
        session_keys: SessionKeys,
        /// The OpenID Connect provider.
        issuer: OidcIssuer,
        /// The console's client there.
        client_id: OidcClientId,
        /// The group of administrators.
        admins: AdminGroup,
    }
}

/// The issuer of the OpenID Connect provider.
#[derive(Clone, Debug)]
pub struct OidcIssuer(pub String);

impl Setting for OidcIssuer {
    const VARIABLES: &'static [&'static str] = &["OIDC_ISSUER"];

    fn read(variables: &Variables) -> Result<Self, InvalidVariable> {
        let issuer = variables.required("OIDC_ISSUER")?;
        if issuer.starts_with("https://") {
            Ok(Self(issuer.to_owned()))
        } else {
            let problem = "is not the https address of an OpenID Connect provider";
            Err(InvalidVariable::new("OIDC_ISSUER", problem))
        }
    }
}

/// The id of the console's client at the provider.
#[derive(Clone, Debug)]
pub struct OidcClientId(pub String);

impl Setting for OidcClientId {
    const VARIABLES: &'static [&'static str] = &["OIDC_CONSOLE_CLIENT"];

    fn read(variables: &Variables) -> Result<Self, InvalidVariable> {
        variables
            .required("OIDC_CONSOLE_CLIENT")
            .map(|id| Self(id.to_owned()))
    }
}
