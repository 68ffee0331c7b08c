//! The commands and what they have in common.

mod explain;
mod load;
mod login;
mod output;
mod place;
mod sync;
mod up;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use dealbridge_local::LocalError;

use self::{explain::Explain, load::Load, login::Login, sync::Sync, up::Up};

/// Imports Salesforce Opportunities as Deals of a partner portal, and says why the others did not import.
#[derive(Parser)]
#[command(name = "dealbridge", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    up: Up,
}

#[derive(Subcommand)]
enum Command {
    /// Start everything, import the org, serve the API and keep the schedule. This is the default.
    Up(Up),
    /// One full run to its end: prints the report; exit code 1 if the run itself failed.
    Sync(Sync),
    /// Why an Opportunity would or would not import. Nothing is imported.
    Explain(Explain),
    /// Bring the portal's people into a deployment, by its API. May be stopped, and repeated.
    Load(Load),
    /// Sign in at a deployment's provider, and print the access token as DEALBRIDGE_TOKEN. Nothing is kept.
    Login(Login),
}

/// Runs the command.
pub(crate) async fn run(cli: Cli) -> Result<ExitCode, LocalError> {
    match cli.command {
        None => up::run(cli.up).await,
        Some(Command::Up(up)) => up::run(up).await,
        Some(Command::Sync(sync)) => sync::run(sync).await,
        Some(Command::Explain(explain)) => explain::run(explain).await,
        Some(Command::Load(load)) => load::run(load).await,
        Some(Command::Login(login)) => login::run(login).await,
    }
}
