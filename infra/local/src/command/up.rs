//! `dealbridge up`: everything, until it is told to stop.

use std::{net::SocketAddr, process::ExitCode, sync::Arc};

use clap::Args;
use dealbridge_core::{
    code::Code,
    ports::Clock,
    run::{RunId, RunStatus},
};
use dealbridge_lambda::SystemClock;
use dealbridge_local::{
    LocalError, LocalProduct, PortalSide,
    functions::InvokeError,
    report::Report,
    schedule,
    server::{self, ApiServer},
    template::Schedule,
};
use serde_json::Value;
use tokio::net::TcpListener;

use super::{
    output::{print, width},
    place::ProductOptions,
    sync,
};

#[derive(Args)]
pub(super) struct Up {
    #[command(flatten)]
    place: ProductOptions,
    /// The port of the API on 127.0.0.1; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 8400)]
    port: u16,
    /// Start as a deployment that was just made: without settings, people and records, and without a first import. The
    /// org folder only makes the simulated org.
    #[arg(long)]
    empty: bool,
}

pub(super) async fn run(up: Up) -> Result<ExitCode, LocalError> {
    // The port comes first: where it is taken, nothing has begun.
    let listener = server::listen(up.port).await?;
    let side = if up.empty {
        PortalSide::Empty
    } else {
        PortalSide::Folder
    };
    let product = LocalProduct::start_with(&up.place.options()?, side).await?;
    let product = Arc::new(product);
    let ended = tokio::select! {
        ended = serve(Arc::clone(&product), listener, side) => ended,
        fault = product.unwritable() => Err(fault),
        stopped = told_to_stop() => stopped,
    };
    product.shutdown().await;
    ended.map(|()| ExitCode::SUCCESS)
}

/// Serves while it imports, so that whoever is curious can watch; then keeps the schedule.
async fn serve(
    product: Arc<LocalProduct>,
    listener: TcpListener,
    side: PortalSide,
) -> Result<(), LocalError> {
    let address = listener
        .local_addr()
        .map_err(|error| LocalError::new(format!("the port is gone: {error}")))?;
    let server = Arc::new(ApiServer::new(Arc::clone(&product))?);
    if side == PortalSide::Empty {
        print(&listening(address))?;
        return tokio::select! {
            served = server.serve(listener) => served,
            ended = schedule::keep(product, tell) => ended,
        };
    }
    print(&format!(
        "importing the org; http://{address}/console shows how it gets on"
    ))?;
    tokio::select! {
        served = server.serve(listener) => served,
        ended = import(product, address) => ended,
    }
}

/// The last lines before everything waits: where to look.
fn listening(address: SocketAddr) -> String {
    format!("console at http://{address}/console\nlistening on http://{address}")
}

/// Imports the org, says when everything is ready, and keeps the schedule.
async fn import(product: Arc<LocalProduct>, address: SocketAddr) -> Result<(), LocalError> {
    let report = product.full_run().await?;
    print(&report.to_text(width()))?;
    if needs_mending(&report) {
        return Err(sync::failure(&report));
    }
    print(&listening(address))?;
    schedule::keep(product, tell).await
}

/// Returns whether the run met a fault that no later run will make up for: somebody has to correct something first.
fn needs_mending(report: &Report) -> bool {
    let is_lasting = |code| {
        matches!(
            code,
            Code::SfAuthFailed
                | Code::SfApiDisabled
                | Code::SfPermissionDenied
                | Code::SfFieldMissing
                | Code::SfFieldTypeWrong
                | Code::SfQueryRefused
                | Code::SfNotConfigured
        )
    };
    report.status == RunStatus::Failed && report.faults.iter().any(|fault| is_lasting(fault.code))
}

/// Says what came of a tick, once its run has come to its end.
fn tell(product: &Arc<LocalProduct>, schedule: &Schedule, answer: Result<Value, InvokeError>) {
    let product = Arc::clone(product);
    let name = schedule.name;
    tokio::spawn(async move {
        let what = match answer {
            Ok(answer) => came_to(&product, &answer).await,
            Err(error) => error.to_string(),
        };
        let at = SystemClock.now().strftime("%Y-%m-%dT%H:%M:%SZ");
        // Whoever closed standard output does not want to be told.
        let _ = print(&format!("{at} {name}: {what}"));
    });
}

/// The outcome of a tick's run, as a sentence.
async fn came_to(product: &LocalProduct, answer: &Value) -> String {
    if answer["outcome"] == "switched_off" {
        return "the integration is switched off, nothing to do".to_owned();
    }
    let named = answer["run"]
        .as_str()
        .and_then(|run| RunId::parse(run).ok());
    let Some(run) = named else {
        return "the fan-out named no run".to_owned();
    };
    if answer["outcome"] == "active" {
        return format!("{run} is under way, nothing to do");
    }
    match product.settled(run).await {
        Err(error) => error.to_string(),
        Ok(run) => {
            let counts = &run.counts;
            let status = if run.failed_at.is_some() {
                "failed"
            } else {
                "ended"
            };
            format!(
                "{} {status}: listed {}, imported {}, updated {}, unchanged {}, failed {}, suppressed {}, left {}",
                run.id,
                counts.listed,
                counts.imported,
                counts.updated,
                counts.unchanged,
                counts.failed,
                counts.suppressed,
                counts.left()
            )
        }
    }
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
