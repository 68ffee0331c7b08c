//! Where a command works: org folder, data directory, Salesforce.

use std::path::{Path, PathBuf};

use clap::Args;
use dealbridge_lambda::environment::{InvalidVariable, SalesforceLogin, Setting, Variables};
use dealbridge_local::{LocalError, Options, SalesforceTarget};

/// The org folder that comes with the product.
const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sample-org");

#[derive(Args)]
pub(super) struct ProductOptions {
    /// The org folder: one CSV per Salesforce object, and channeltivity.json. The bundled sample when absent.
    #[arg(long, value_name = "DIR")]
    org: Option<PathBuf>,
    /// Where everything is kept over restarts. In memory when absent.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// A real org instead of a simulated one: its My Domain address. The credentials come from the environment:
    /// SALESFORCE_CLIENT_ID with SALESFORCE_CLIENT_SECRET, or with SALESFORCE_USERNAME and SALESFORCE_PRIVATE_KEY.
    #[arg(long, value_name = "URL")]
    salesforce_url: Option<String>,
    /// The public key or certificate (PEM) of a client that logs in to the simulated org with signed assertions.
    #[arg(long, value_name = "FILE", conflicts_with = "salesforce_url")]
    org_jwt_key: Option<PathBuf>,
}

impl ProductOptions {
    pub(super) fn options(self) -> Result<Options, LocalError> {
        let salesforce = match self.salesforce_url {
            None => SalesforceTarget::Simulated {
                jwt_public_key: self.org_jwt_key.as_deref().map(read_key).transpose()?,
            },
            Some(url) => real(std::env::vars(), url)?,
        };
        Ok(Options {
            org: self.org.unwrap_or_else(|| PathBuf::from(SAMPLE)),
            data: self.data_dir,
            salesforce,
        })
    }
}

fn read_key(path: &Path) -> Result<String, LocalError> {
    std::fs::read_to_string(path).map_err(|error| {
        LocalError::new(format!(
            "--org-jwt-key {}: the file cannot be read: {error}",
            path.display()
        ))
    })
}

/// The real org at an address, with the credentials of the environment.
fn real(
    environment: impl Iterator<Item = (String, String)>,
    url: String,
) -> Result<SalesforceTarget, LocalError> {
    let variables = environment.chain([("SALESFORCE_URL".to_owned(), url)]);
    SalesforceLogin::read(&Variables::new(variables.collect()))
        .map(|login| SalesforceTarget::Real(Box::new((login.connection, login.credentials))))
        .map_err(|error| LocalError::new(sentence(&error)))
}

/// The problem, in terms of this command's options.
fn sentence(error: &InvalidVariable) -> String {
    let InvalidVariable { name, problem } = error;
    if name == "SALESFORCE_URL" {
        return format!("--salesforce-url {problem}");
    }
    // The function's own advice would lead to the template.
    let problem = match problem.strip_prefix("is not set") {
        Some(_) => {
            "is not set: --salesforce-url needs SALESFORCE_CLIENT_ID, and SALESFORCE_CLIENT_SECRET or else both SALESFORCE_USERNAME and SALESFORCE_PRIVATE_KEY (a PEM text)"
        }
        None => problem,
    };
    format!("the environment variable {name} {problem}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(variables: &[(&str, &str)], url: &str) -> String {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        real(variables, url.to_owned())
            .map(|_| ())
            .unwrap_err()
            .to_string()
    }

    const URL: &str = "https://acme.my.salesforce.com";

    #[test]
    fn a_variable_that_is_not_set_is_named_with_what_is_needed() {
        for (variables, name) in [
            (&[][..], "SALESFORCE_CLIENT_ID"),
            (
                &[("SALESFORCE_CLIENT_ID", "id")][..],
                "SALESFORCE_CLIENT_SECRET",
            ),
            (
                &[
                    ("SALESFORCE_CLIENT_ID", "id"),
                    ("SALESFORCE_PRIVATE_KEY", "pem"),
                ][..],
                "SALESFORCE_USERNAME",
            ),
        ] {
            let sentence = told(variables, URL);
            assert!(
                sentence.starts_with(&format!("the environment variable {name} is not set: ")),
                "{sentence}"
            );
            assert!(!sentence.contains("template"), "{sentence}");
        }
    }

    #[test]
    fn an_address_that_is_none_is_named_by_its_option() {
        let credentials = [
            ("SALESFORCE_CLIENT_ID", "id"),
            ("SALESFORCE_CLIENT_SECRET", "s"),
        ];

        let sentence = told(&credentials, "acme");

        assert!(
            sentence.starts_with("--salesforce-url cannot be used: "),
            "{sentence}"
        );
    }
}
