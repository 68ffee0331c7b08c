//! `dealbridge sync`: one full run.

use std::process::ExitCode;

use dealbridge_core::run::RunStatus;
use dealbridge_local::{LocalError, World, report::Report};

use super::{Sync, print, width};

pub(super) async fn run(sync: Sync) -> Result<ExitCode, LocalError> {
    let world = World::start(&sync.place.options()?).await?;
    let report = tokio::select! {
        report = world.full_run() => report,
        fault = world.unwritable() => Err(fault),
    };
    world.shutdown().await;
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
