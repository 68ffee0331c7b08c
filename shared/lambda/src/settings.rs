//! Each function's settings: read from the environment once, checked at start, with a clear sentence for what is wrong.

use std::collections::BTreeMap;

use dealbridge_aws::Tables;
use dealbridge_core::link::token::PreviewTokens;
use dealbridge_core::salesforce::SalesforceError;
use dealbridge_salesforce::{ApiVersion, Connection, Credentials};

use crate::access::Groups;

/// A variable that is missing or cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {name} {problem}")]
pub struct InvalidVariable {
    /// Its name.
    pub name: String,
    /// What is wrong with it and what to do.
    pub problem: String,
}

const STORE: [&str; 3] = ["RECORDS_TABLE", "LINKS_TABLE", "LOG_TABLE"];
/// The dead-letter queues, by the names of the queues that their messages come from.
pub const DEAD_LETTER_QUEUES: [(&str, &str); 3] = [
    ("imports", "IMPORTS_DLQ_URL"),
    ("sync-requests", "SYNC_REQUESTS_DLQ_URL"),
    ("salesforce-writes", "SALESFORCE_WRITES_DLQ_URL"),
];
const DEAD_LETTERS: [&str; 3] = [
    DEAD_LETTER_QUEUES[0].1,
    DEAD_LETTER_QUEUES[1].1,
    DEAD_LETTER_QUEUES[2].1,
];
const ACCESS: [&str; 2] = ["ADMIN_GROUP", "INTERNAL_GROUP"];
const SALESFORCE: [&str; 6] = [
    "SALESFORCE_URL",
    "SALESFORCE_API_VERSION",
    "SALESFORCE_CLIENT_ID",
    "SALESFORCE_CLIENT_SECRET",
    "SALESFORCE_USERNAME",
    "SALESFORCE_PRIVATE_KEY",
];

/// The variables that a function reads, required and optional ones.
///
/// The template test holds this to `template.yaml` in both directions.
#[must_use]
pub fn variables(function: &str) -> Vec<&'static str> {
    let groups: &[&[&'static str]] = match function {
        "fan-out" => &[
            &STORE,
            &SALESFORCE,
            &[
                "IMPORTS_QUEUE_URL",
                "IMPORTS_DLQ_COUNT_URL",
                "SYNC_REQUESTS_QUEUE_URL",
                "SALESFORCE_WRITES_QUEUE_URL",
            ],
        ],
        "import-worker" | "push-worker" => &[&STORE, &SALESFORCE],
        "link" => &[
            &STORE,
            &SALESFORCE,
            &["SALESFORCE_WRITES_QUEUE_URL", "PREVIEW_TOKEN_KEY"],
            &ACCESS,
        ],
        "unlink" => &[&STORE, &["SALESFORCE_URL"], &ACCESS],
        "full-sync" => &[
            &[
                "RECORDS_TABLE",
                "LOG_TABLE",
                "SYNC_REQUESTS_QUEUE_URL",
                "IMPORTS_QUEUE_COUNT_URL",
                "IMPORTS_DLQ_COUNT_URL",
            ],
            &ACCESS,
        ],
        "integration-log" => &[&STORE, &SALESFORCE, &ACCESS],
        "settings" => &[&STORE, &SALESFORCE, &ACCESS],
        "records" => &[&["RECORDS_TABLE", "LOG_TABLE", "SALESFORCE_URL"], &ACCESS],
        "dead-letters" => &[&DEAD_LETTERS, &["LOG_TABLE"], &ACCESS],
        _ => &[],
    };
    ["LOG_LEVEL"].into_iter().chain(groups.concat()).collect()
}

/// Variables by name: the environment, or a test's map.
#[derive(Clone, Debug)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// The process environment.
    #[must_use]
    pub fn from_env() -> Self {
        Self(std::env::vars().collect())
    }

    /// These variables.
    #[must_use]
    pub fn new(variables: BTreeMap<String, String>) -> Self {
        Self(variables)
    }

    fn optional(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
    }

    fn required(&self, name: &str) -> Result<String, InvalidVariable> {
        self.optional(name).map(str::to_owned).ok_or_else(|| {
            invalid(
                name,
                "is not set: set it on the function (see template.yaml)",
            )
        })
    }

    /// The names of the tables.
    ///
    /// # Errors
    /// When one is not set.
    pub fn tables(&self) -> Result<Tables, InvalidVariable> {
        self.tables_of(&STORE)
    }

    /// The names of those tables whose variables a function has; the others have none, and the function has no right to them.
    ///
    /// # Errors
    /// When one of them is not set.
    pub fn tables_of(&self, names: &[&str]) -> Result<Tables, InvalidVariable> {
        let table = |name: &str| {
            if names.contains(&name) {
                self.required(name)
            } else {
                Ok(String::new())
            }
        };
        Ok(Tables {
            records: table("RECORDS_TABLE")?,
            links: table("LINKS_TABLE")?,
            log: table("LOG_TABLE")?,
        })
    }

    /// The groups that count.
    #[must_use]
    pub fn groups(&self) -> Groups {
        let default = Groups::default();
        let group =
            |name: &str, default: String| self.optional(name).map_or(default, str::to_owned);
        Groups {
            admin: group("ADMIN_GROUP", default.admin),
            internal: group("INTERNAL_GROUP", default.internal),
        }
    }

    /// The URL of a queue.
    ///
    /// # Errors
    /// When it is not set or no URL.
    pub fn queue_url(&self, name: &str) -> Result<String, InvalidVariable> {
        let url = self.required(name)?;
        if url.starts_with("https://") || url.starts_with("http://") {
            Ok(url)
        } else {
            Err(invalid(name, "is not the URL of an SQS queue"))
        }
    }

    /// How to reach Salesforce: client credentials, or a user name and a private key.
    ///
    /// # Errors
    /// When something is missing or contradicts itself.
    pub fn salesforce(&self) -> Result<(Connection, Credentials), InvalidVariable> {
        let reason = |error: SalesforceError| match error {
            SalesforceError::NotConfigured { detail } => format!("cannot be used: {detail}"),
            other => format!("cannot be used: {other}"),
        };
        let mut connection = Connection::parse(&self.required("SALESFORCE_URL")?)
            .map_err(|error| invalid("SALESFORCE_URL", &reason(error)))?;
        if let Some(version) = self.optional("SALESFORCE_API_VERSION") {
            let version = version
                .parse::<ApiVersion>()
                .map_err(|error| invalid("SALESFORCE_API_VERSION", &reason(error)))?;
            connection = connection.with_api_version(version);
        }
        let client_id = self.required("SALESFORCE_CLIENT_ID")?;
        let credentials = match (
            self.optional("SALESFORCE_CLIENT_SECRET"),
            self.optional("SALESFORCE_PRIVATE_KEY"),
        ) {
            (Some(_), Some(_)) => {
                return Err(invalid(
                    "SALESFORCE_PRIVATE_KEY",
                    "is set beside SALESFORCE_CLIENT_SECRET: keep one of the two ways to log in",
                ));
            }
            (Some(secret), None) => Credentials::ClientCredentials {
                client_id,
                client_secret: secret.to_owned(),
            },
            (None, Some(key)) => Credentials::JwtBearer {
                client_id,
                username: self.required("SALESFORCE_USERNAME")?,
                private_key_pem: key.to_owned(),
                audience: None,
            },
            (None, None) => {
                let problem =
                    "is not set: set it, or SALESFORCE_USERNAME and SALESFORCE_PRIVATE_KEY";
                return Err(invalid("SALESFORCE_CLIENT_SECRET", problem));
            }
        };
        Ok((connection, credentials))
    }

    /// The key that signs preview tokens: the same for all who check them.
    ///
    /// # Errors
    /// When it is not set, or too short to keep anyone from guessing it.
    pub fn preview_tokens(&self) -> Result<PreviewTokens, InvalidVariable> {
        const NAME: &str = "PREVIEW_TOKEN_KEY";
        let key = self.required(NAME)?;
        let tokens = (key.len() >= 32)
            .then(|| PreviewTokens::new(key.as_bytes()))
            .flatten();
        tokens.ok_or_else(|| invalid(NAME, "is too short: set at least 32 random characters"))
    }

    /// The connected org's address, for links to its records.
    ///
    /// # Errors
    /// When it is not set or cannot be used.
    pub fn salesforce_url(&self) -> Result<String, InvalidVariable> {
        let url = self.required("SALESFORCE_URL")?;
        Connection::parse(&url)
            .map(|connection| connection.login_url())
            .map_err(|error| invalid("SALESFORCE_URL", &format!("cannot be used: {error}")))
    }

    /// The level of the log.
    ///
    /// # Errors
    /// When it is none of the five.
    pub fn log_level(&self) -> Result<LogLevel, InvalidVariable> {
        let level = self
            .optional("LOG_LEVEL")
            .unwrap_or("INFO")
            .to_ascii_uppercase();
        if matches!(
            level.as_str(),
            "ERROR" | "WARN" | "INFO" | "DEBUG" | "TRACE"
        ) {
            Ok(LogLevel(level))
        } else {
            Err(invalid(
                "LOG_LEVEL",
                &format!("is {level:?}: use ERROR, WARN, INFO, DEBUG or TRACE"),
            ))
        }
    }
}

/// A level of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLevel(pub String);

fn invalid(name: &str, problem: &str) -> InvalidVariable {
    InvalidVariable {
        name: name.to_owned(),
        problem: problem.to_owned(),
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
            let error = variables(pairs).tables().unwrap_err().to_string();
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
            variables(&[&base[..], more].concat())
                .salesforce()
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
            variables.queue_url("IMPORTS_QUEUE_URL").unwrap_err().name,
            "IMPORTS_QUEUE_URL"
        );
        assert_eq!(variables.log_level().unwrap_err().name, "LOG_LEVEL");
    }
}
