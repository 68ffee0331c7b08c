//! `dealbridge sync`: one full run.

use std::process::ExitCode;

use clap::Args;
use dealbridge_core::run::RunStatus;
use dealbridge_local::{LocalError, LocalProduct, report::Report};

use super::{
    output::{print, width},
    place::ProductOptions,
};

#[derive(Args)]
pub(super) struct Sync {
    #[command(flatten)]
    place: ProductOptions,
    /// Print the report as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(sync: Sync) -> Result<ExitCode, LocalError> {
    let product = LocalProduct::start(&sync.place.options()?).await?;
    let report = tokio::select! {
        report = product.full_run() => report,
        fault = product.unwritable() => Err(fault),
    };
    product.shutdown().await;
    let report = report?;
    if sync.json {
        print(&report.to_json().to_string())?;
    } else {
        print(&report.to_text(width()))?;
    }
    if report.status == RunStatus::Succeeded {
        return Ok(ExitCode::SUCCESS);
    }
    Err(failure(&report))
}

/// Why a run failed, for standard error.
pub(super) fn failure(report: &Report) -> LocalError {
    let run = report.run.id;
    if report.faults.is_empty() {
        let left = report.run.counts.left();
        return LocalError::new(format!("{run} did not come to its end: {left} are left"));
    }
    let because = |fault| format!("{run} failed: {fault}");
    LocalError::all(report.faults.iter().map(because))
}
