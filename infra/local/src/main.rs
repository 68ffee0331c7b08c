//! `dealbridge`: the product on one machine.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use dealbridge_core::run::RunStatus;
use dealbridge_local::{LocalError, Options, SalesforceTarget, World};

/// Imports Salesforce Opportunities as Deals of a partner portal, and says why the others did not import.
#[derive(Parser)]
#[command(name = "dealbridge", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// One full run to its end: prints the report; exit code 1 if the run itself failed.
    Sync {
        #[command(flatten)]
        place: Place,
        /// Print the report as one JSON object.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args)]
struct Place {
    /// The org folder: one CSV per Salesforce object, and channeltivity.json. The bundled sample when absent.
    #[arg(long, value_name = "DIR")]
    org: Option<PathBuf>,
    /// Where everything is kept over restarts. In memory when absent.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl Place {
    fn options(self) -> Options {
        let sample = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/sample-org"));
        Options {
            org: self.org.unwrap_or_else(sample),
            data: self.data_dir,
            salesforce: SalesforceTarget::Simulated,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    // Warnings go to standard error, so that with --json standard output holds the report alone. RUST_LOG says otherwise.
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_default_directive(tracing_subscriber::filter::LevelFilter::WARN.into())
        .from_env_lossy();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .without_time()
        .with_target(false)
        .init();
    match run(Cli::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<ExitCode, LocalError> {
    match cli.command {
        Command::Sync { place, json } => {
            let world = World::start(&place.options()).await?;
            let report = world.full_run().await?;
            if json {
                println!("{}", report.to_json());
            } else {
                println!("{}", report.to_text());
            }
            Ok(if report.status == RunStatus::Succeeded {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
    }
}
