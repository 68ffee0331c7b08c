//! The commands and what they have in common.

mod explain;
mod place;
mod sync;
mod up;

use std::{
    io::{ErrorKind, Write},
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};
use dealbridge_local::LocalError;

use self::place::Place;

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
}

#[derive(Args)]
struct Up {
    #[command(flatten)]
    place: Place,
    /// The port of the API on 127.0.0.1; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 8400)]
    port: u16,
}

#[derive(Args)]
struct Sync {
    #[command(flatten)]
    place: Place,
    /// Print the report as one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Explain {
    /// The Opportunity's id of 15 or 18 characters, or the URL of its page.
    #[arg(value_name = "ID_OR_URL")]
    opportunity: String,
    #[command(flatten)]
    place: Place,
    /// Print the explanation as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) async fn run(cli: Cli) -> Result<ExitCode, LocalError> {
    match cli.command {
        None => up::run(cli.up).await,
        Some(Command::Up(up)) => up::run(up).await,
        Some(Command::Sync(sync)) => sync::run(sync).await,
        Some(Command::Explain(explain)) => explain::run(explain).await,
    }
}

/// The width that a text for a person is wrapped to: the terminal's. A text for a file or another program is not wrapped.
fn width() -> Option<usize> {
    let stdout = std::io::stdout();
    let (width, _) = terminal_size::terminal_size_of(stdout)?;
    Some(usize::from(width.0))
}

/// Prints a line at once. A reader that has gone away wants no more.
fn print(text: &str) -> Result<(), LocalError> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(LocalError::new(format!(
            "could not write to standard output: {error}"
        ))),
        _ => Ok(()),
    }
}
