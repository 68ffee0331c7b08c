//! `dealbridge up`: everything, until it is told to stop.

use std::{process::ExitCode, sync::Arc};

use dealbridge_core::{code::Code, ports::Clock, run::RunStatus};
use dealbridge_lambda::SystemClock;
use dealbridge_local::{
    LocalError, World,
    functions::InvokeError,
    gateway::{self, Gateway},
    report::Report,
    schedule,
    template::Schedule,
};
use serde_json::Value;
use tokio::net::TcpListener;

use super::{Up, print, sync};

pub(super) async fn run(up: Up) -> Result<ExitCode, LocalError> {
    // The port comes first: where it is taken, nothing has begun.
    let listener = gateway::listen(up.port).await?;
    let world = Arc::new(World::start(&up.place.options()?).await?);
    let ended = tokio::select! {
        ended = serve(Arc::clone(&world), listener) => ended,
        stopped = told_to_stop() => stopped,
    };
    world.shutdown().await;
    ended.map(|()| ExitCode::SUCCESS)
}

/// Imports, then serves and keeps the schedule.
async fn serve(world: Arc<World>, listener: TcpListener) -> Result<(), LocalError> {
    let gateway = Arc::new(Gateway::new(Arc::clone(&world))?);
    let report = world.full_run().await?;
    print(&report.to_text())?;
    if needs_mending(&report) {
        return Err(sync::failure(&report));
    }
    let address = listener
        .local_addr()
        .map_err(|error| LocalError::new(format!("the port is gone: {error}")))?;
    print(&format!("listening on http://{address}"))?;
    tokio::select! {
        served = gateway.serve(listener) => served,
        kept = schedule::keep(world, tell) => kept,
    }
}

/// Whether the run met a fault that no later run will make up for: somebody has to correct something first.
fn needs_mending(report: &Report) -> bool {
    let is_lasting = |code| {
        matches!(
            code,
            Code::SfAuthFailed
                | Code::SfApiDisabled
                | Code::SfPermissionDenied
                | Code::SfFieldMissing
                | Code::SfNotConfigured
        )
    };
    report.status == RunStatus::Failed && report.faults.iter().any(|fault| is_lasting(fault.code))
}

/// Says what a tick of the schedule did.
fn tell(schedule: &Schedule, answer: Result<Value, InvokeError>) {
    let at = SystemClock.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let what = match answer {
        Ok(answer) => {
            let word = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
            format!("{} {}", word("run"), word("outcome"))
        }
        Err(error) => format!("failed: {error}"),
    };
    // Whoever closed standard output does not want to be told.
    let _ = print(&format!("{at} {} run: {what}", schedule.name));
}

/// Waits for Ctrl-C, or for the system's request to end.
async fn told_to_stop() -> Result<(), LocalError> {
    let failed = |error| LocalError::new(format!("could not listen for signals: {error}"));
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        tokio::select! {
            stopped = tokio::signal::ctrl_c() => stopped.map_err(failed),
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.map_err(failed)
}
