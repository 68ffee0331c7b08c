//! The settings that a function's environment is composed of.

use dealbridge_aws::Tables;
use dealbridge_core::{Queue, link::token::PreviewTokens, salesforce::SalesforceError};
use dealbridge_salesforce::{ApiVersion, Connection, Credentials};

use super::{InvalidVariable, Setting, Variables};
use crate::access::AdminGroup;

/// Declares the names of the tables that a function may access; the others stay empty.
macro_rules! tables {
    ($($(#[doc = $doc:literal])+ $name:ident { $($field:ident $variable:literal),+ })+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Debug)]
        pub struct $name(Tables);

        impl Setting for $name {
            const VARIABLES: &'static [&'static str] = &[$($variable),+];

            fn read(variables: &Variables) -> Result<Self, InvalidVariable> {
                let mut tables = Tables {
                    records: String::new(),
                    links: String::new(),
                    log: String::new(),
                };
                $(variables.required($variable)?.clone_into(&mut tables.$field);)+
                Ok(Self(tables))
            }
        }

        impl From<$name> for Tables {
            fn from(tables: $name) -> Self {
                tables.0
            }
        }
    )+};
}

tables! {
    /// The names of all three tables.
    AllTables { records "RECORDS_TABLE", links "LINKS_TABLE", log "LOG_TABLE" }
    /// The names of Records and Log.
    RecordsAndLogTables { records "RECORDS_TABLE", log "LOG_TABLE" }
    /// The name of Records.
    RecordsTable { records "RECORDS_TABLE" }
    /// The name of Log.
    LogTable { log "LOG_TABLE" }
}

/// Declares queue URLs.
macro_rules! queue_urls {
    ($($(#[doc = $doc:literal])+ $name:ident $variable:literal;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Debug)]
        pub struct $name(pub String);

        impl Setting for $name {
            const VARIABLES: &'static [&'static str] = &[$variable];

            fn read(variables: &Variables) -> Result<Self, InvalidVariable> {
                queue_url(variables, $variable).map(Self)
            }
        }
    )+};
}

queue_urls! {
    /// The imports queue, for sending.
    ImportsUrl "IMPORTS_QUEUE_URL";
    /// The imports queue, for counting its messages.
    ImportsCountUrl "IMPORTS_QUEUE_COUNT_URL";
    /// The dead-letter queue of imports, for counting its messages.
    ImportsDlqCountUrl "IMPORTS_DLQ_COUNT_URL";
    /// The sync-requests queue, for sending.
    SyncRequestsUrl "SYNC_REQUESTS_QUEUE_URL";
    /// The salesforce-writes queue, for sending.
    WritesUrl "SALESFORCE_WRITES_QUEUE_URL";
}

fn queue_url(variables: &Variables, name: &str) -> Result<String, InvalidVariable> {
    let url = variables.required(name)?;
    if url.starts_with("https://") || url.starts_with("http://") {
        Ok(url.to_owned())
    } else {
        Err(InvalidVariable::new(name, "is not the URL of an SQS queue"))
    }
}

/// The URL of each dead-letter queue, with its source queue.
#[derive(Clone, Debug)]
pub struct DeadLetterUrls(pub Vec<(Queue, String)>);

impl DeadLetterUrls {
    const fn variable(queue: Queue) -> &'static str {
        match queue {
            Queue::SyncRequests => "SYNC_REQUESTS_DLQ_URL",
            Queue::Imports => "IMPORTS_DLQ_URL",
            Queue::SalesforceWrites => "SALESFORCE_WRITES_DLQ_URL",
        }
    }
}

impl Setting for DeadLetterUrls {
    const VARIABLES: &'static [&'static str] = &[
        Self::variable(Queue::SyncRequests),
        Self::variable(Queue::Imports),
        Self::variable(Queue::SalesforceWrites),
    ];

    fn read(variables: &Variables) -> Result<Self, InvalidVariable> {
        let urls = Queue::ALL.map(|queue| {
            let url = queue_url(variables, Self::variable(queue))?;
            Ok((queue, url))
        });
        urls.into_iter().collect::<Result<_, _>>().map(Self)
    }
}

impl Setting for AdminGroup {
    const VARIABLES: &'static [&'static str] = &["ADMIN_GROUP"];

    fn read(variables: &Variables) -> Result<Self, InvalidVariable> {
        let named = variables.optional("ADMIN_GROUP").map(str::to_owned);
        Ok(named.map_or_else(Self::default, Self))
    }
}

/// The login to Salesforce: client credentials, or a user name and a private key.
#[derive(Debug)]
pub struct SalesforceLogin {
    /// The org and the version of its API.
    pub connection: Connection,
    /// The credentials.
    pub credentials: Credentials,
}

impl Setting for SalesforceLogin {
    const VARIABLES: &'static [&'static str] = &[
        "SALESFORCE_URL",
        "SALESFORCE_API_VERSION",
        "SALESFORCE_CLIENT_ID",
        "SALESFORCE_CLIENT_SECRET",
        "SALESFORCE_USERNAME",
        "SALESFORCE_PRIVATE_KEY",
    ];

    fn read(variables: &Variables) -> Result<Self, InvalidVariable> {
        let mut connection = connection(variables)?;
        if let Some(version) = variables.optional("SALESFORCE_API_VERSION") {
            let version = version
                .parse::<ApiVersion>()
                .map_err(|error| unusable("SALESFORCE_API_VERSION", error))?;
            connection = connection.with_api_version(version);
        }
        Ok(Self {
            connection,
            credentials: credentials(variables)?,
        })
    }
}

fn credentials(variables: &Variables) -> Result<Credentials, InvalidVariable> {
    let client_id = variables.required("SALESFORCE_CLIENT_ID")?.to_owned();
    match (
        variables.optional("SALESFORCE_CLIENT_SECRET"),
        variables.optional("SALESFORCE_PRIVATE_KEY"),
    ) {
        (Some(_), Some(_)) => Err(InvalidVariable::new(
            "SALESFORCE_PRIVATE_KEY",
            "is set beside SALESFORCE_CLIENT_SECRET: keep one of the two ways to log in",
        )),
        (Some(secret), None) => Ok(Credentials::ClientCredentials {
            client_id,
            client_secret: secret.to_owned(),
        }),
        (None, Some(key)) => Ok(Credentials::JwtBearer {
            client_id,
            username: variables.required("SALESFORCE_USERNAME")?.to_owned(),
            private_key_pem: key.to_owned(),
            audience: None,
        }),
        (None, None) => Err(InvalidVariable::new(
            "SALESFORCE_CLIENT_SECRET",
            "is not set: set it, or SALESFORCE_USERNAME and SALESFORCE_PRIVATE_KEY",
        )),
    }
}

fn connection(variables: &Variables) -> Result<Connection, InvalidVariable> {
    const NAME: &str = "SALESFORCE_URL";
    Connection::parse(variables.required(NAME)?).map_err(|error| unusable(NAME, error))
}

fn unusable(name: &str, error: SalesforceError) -> InvalidVariable {
    let detail = match error {
        SalesforceError::NotConfigured { detail } => detail,
        other => other.to_string(),
    };
    InvalidVariable::new(name, format!("cannot be used: {detail}"))
}

/// The URL of the connected org, for links to its records.
#[derive(Clone, Debug)]
pub struct SalesforceUrl(pub String);

impl Setting for SalesforceUrl {
    const VARIABLES: &'static [&'static str] = &["SALESFORCE_URL"];

    fn read(variables: &Variables) -> Result<Self, InvalidVariable> {
        Ok(Self(connection(variables)?.login_url()))
    }
}

/// The key that signs preview tokens, shared by the functions that check them.
pub struct PreviewTokenKey(pub PreviewTokens);

impl std::fmt::Debug for PreviewTokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PreviewTokenKey(…)")
    }
}

impl Setting for PreviewTokenKey {
    const VARIABLES: &'static [&'static str] = &["PREVIEW_TOKEN_KEY"];

    fn read(variables: &Variables) -> Result<Self, InvalidVariable> {
        const NAME: &str = "PREVIEW_TOKEN_KEY";
        let key = variables.required(NAME)?;
        // A shorter key could be guessed.
        let tokens = (key.len() >= 32)
            .then(|| PreviewTokens::new(key.as_bytes()))
            .flatten();
        tokens.map(Self).ok_or_else(|| {
            InvalidVariable::new(NAME, "is too short: set at least 32 random characters")
        })
    }
}

/// The level of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLevel(pub String);

impl Setting for LogLevel {
    const VARIABLES: &'static [&'static str] = &["LOG_LEVEL"];

    fn read(variables: &Variables) -> Result<Self, InvalidVariable> {
        let level = variables
            .optional("LOG_LEVEL")
            .unwrap_or("INFO")
            .to_ascii_uppercase();
        if matches!(
            level.as_str(),
            "ERROR" | "WARN" | "INFO" | "DEBUG" | "TRACE"
        ) {
            Ok(Self(level))
        } else {
            Err(InvalidVariable::new(
                "LOG_LEVEL",
                format!("is {level:?}: use ERROR, WARN, INFO, DEBUG or TRACE"),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        Variables::new(
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn an_unset_or_blank_variable_is_named() {
        for pairs in [&[][..], &[("RECORDS_TABLE", "  ")][..]] {
            let error = AllTables::read(&variables(pairs)).unwrap_err().to_string();
            assert_eq!(
                error,
                "the environment variable RECORDS_TABLE is not set: set it on the function (see template.yaml)"
            );
        }
    }

    #[test]
    fn salesforce_needs_exactly_one_way_to_log_in() {
        let base = [
            ("SALESFORCE_URL", "https://acme.my.salesforce.com"),
            ("SALESFORCE_CLIENT_ID", "id"),
        ];
        let with = |more: &[(&str, &str)]| {
            SalesforceLogin::read(&variables(&[&base[..], more].concat()))
                .map_err(|error| error.name)
        };

        assert!(with(&[("SALESFORCE_CLIENT_SECRET", "s")]).is_ok());
        assert!(
            with(&[
                ("SALESFORCE_USERNAME", "u"),
                ("SALESFORCE_PRIVATE_KEY", "k")
            ])
            .is_ok()
        );
        assert_eq!(with(&[]).unwrap_err(), "SALESFORCE_CLIENT_SECRET");
        assert_eq!(
            with(&[("SALESFORCE_PRIVATE_KEY", "k")]).unwrap_err(),
            "SALESFORCE_USERNAME"
        );
        assert_eq!(
            with(&[
                ("SALESFORCE_CLIENT_SECRET", "s"),
                ("SALESFORCE_PRIVATE_KEY", "k")
            ])
            .unwrap_err(),
            "SALESFORCE_PRIVATE_KEY"
        );
        assert_eq!(
            with(&[
                ("SALESFORCE_CLIENT_SECRET", "s"),
                ("SALESFORCE_API_VERSION", "latest")
            ])
            .unwrap_err(),
            "SALESFORCE_API_VERSION"
        );
    }

    #[test]
    fn a_queue_is_a_url_and_a_level_one_of_five() {
        let variables = variables(&[("IMPORTS_QUEUE_URL", "imports"), ("LOG_LEVEL", "loud")]);

        assert_eq!(
            ImportsUrl::read(&variables).unwrap_err().name,
            "IMPORTS_QUEUE_URL"
        );
        assert_eq!(LogLevel::read(&variables).unwrap_err().name, "LOG_LEVEL");
    }
}
