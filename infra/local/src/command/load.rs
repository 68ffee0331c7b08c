//! `dealbridge load`: the portal's people into a deployment.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use dealbridge_local::{
    LocalError,
    load::{self, ApiAddress, LoadOptions, Mode, Outcome, TokenSource},
};

use super::output::print;

/// The environment variable of a token.
const TOKEN: &str = "DEALBRIDGE_TOKEN";
/// The environment variable of a client's secret.
const SECRET: &str = "DEALBRIDGE_CLIENT_SECRET";

#[derive(Args)]
pub(super) struct Load {
    /// The folder: channeltivity.json, or some of organizations.csv, groups.csv, users.csv and contacts.csv.
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// The address of the API: a deployment's output ApiUrl. The token comes from the environment variable
    /// DEALBRIDGE_TOKEN, or by client credentials.
    #[arg(long, value_name = "URL")]
    api: String,
    /// The id of the portal's client, instead of DEALBRIDGE_TOKEN.
    #[arg(long, value_name = "ID", requires = "token_url")]
    client_id: Option<String>,
    /// The client's secret; better given as the environment variable DEALBRIDGE_CLIENT_SECRET.
    #[arg(long, value_name = "SECRET", requires = "client_id")]
    client_secret: Option<String>,
    /// The provider's token endpoint: a deployment's output TokenUrl.
    #[arg(long, value_name = "URL", requires = "client_id")]
    token_url: Option<String>,
    /// Say what would be done, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Print the outcome as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(asked: Load) -> Result<ExitCode, LocalError> {
    let variable = |name: &str| {
        let mut variables = std::env::vars();
        let found = variables.find(|(known, value)| known == name && !value.trim().is_empty());
        found.map(|(_, value)| value.trim().to_owned())
    };
    let options = LoadOptions {
        folder: asked.folder,
        api: ApiAddress::parse(&asked.api)?,
        token: source(
            asked.client_id,
            asked.client_secret,
            asked.token_url,
            variable,
        )?,
        mode: if asked.dry_run {
            Mode::DryRun
        } else {
            Mode::Write
        },
    };
    let outcome = load::load(&options).await?;
    if asked.json {
        print(&outcome.to_json().to_string())?;
    } else {
        print(&outcome.to_text())?;
    }
    if outcome.failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(refused(&outcome))
}

/// Where the token comes from.
fn source(
    id: Option<String>,
    secret: Option<String>,
    url: Option<String>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<TokenSource, LocalError> {
    let (Some(id), Some(url)) = (id, url) else {
        let token = variable(TOKEN).ok_or_else(|| {
            LocalError::new(format!(
                "there is no token: set {TOKEN}, or give --client-id, --client-secret and --token-url of the portal's client"
            ))
        })?;
        return Ok(TokenSource::Given(token));
    };
    let secret = secret.or_else(|| variable(SECRET)).ok_or_else(|| {
        LocalError::new(format!(
            "there is no secret for --client-id: set {SECRET}, or give --client-secret"
        ))
    })?;
    Ok(TokenSource::Client { id, secret, url })
}

/// The refusals of the API, for standard error.
fn refused(outcome: &Outcome) -> LocalError {
    let lines = outcome.failed.iter();
    let lines = lines.map(|failed| format!("{}: {}", failed.place, failed.reason));
    let count = outcome.failed.len();
    let last = format!(
        "{count} were refused; the others are loaded. Correct the lines, then run the same command again"
    );
    LocalError::all(lines.chain([last]))
}
