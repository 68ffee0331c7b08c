//! Schedules at once, and waiting for the queues.

use std::time::Duration;

use dealbridge_core::{Queue, ports::Clock, run::RunId};
use dealbridge_lambda::{
    SystemClock,
    http::{Answer, Refusal, body},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::problem::LocalProblem;
use crate::{functions::InvokeError, product::LocalProduct};

/// The time that a settle waits unless another one is asked for.
const SETTLE_SECONDS: u64 = 120;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tick {
    schedule: String,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Settle {
    timeout_seconds: Option<u64>,
}

/// `POST /local/tick`: fires a schedule and answers with its run once everything is listed; during a run, with that run.
pub(super) async fn tick(product: &LocalProduct, tick: Tick) -> Result<Answer, Refusal> {
    let schedules = &product.template.schedules;
    let Some(schedule) = schedules
        .iter()
        .find(|schedule| schedule.name == tick.schedule)
    else {
        let names: Vec<&str> = schedules.iter().map(|schedule| schedule.name).collect();
        return Err(Refusal::malformed(format!(
            "There is no schedule {:?}; there are {}.",
            tick.schedule,
            names.join(" and ")
        )));
    };
    let answer = product.tick(schedule).await.map_err(|error| match error {
        InvokeError::TimedOut { .. } => Refusal::new(LocalProblem::TimedOut, format!("{error}.")),
        InvokeError::Failed { .. } => Refusal::internal(&error),
    })?;
    if answer["outcome"] == "switched_off" {
        return Answer::json(200, &answer);
    }
    let run = answer["run"]
        .as_str()
        .and_then(|run| RunId::parse(run).ok())
        .ok_or_else(|| Refusal::internal(&"the fan-out named no run"))?;
    // A listing too long for one invocation goes on through its queue.
    if answer["outcome"] == "continued" {
        product.queues.drained(&[Queue::SyncRequests.name()]).await;
    }
    let run = run_body(product, run).await?;
    // The run's own members, as `GET /sync-runs/{id}` gives them, beside the run as a whole and what the tick did.
    let mut body = run.clone();
    body["run"] = run;
    body["outcome"] = answer["outcome"].clone();
    Answer::json(200, &body)
}

/// `POST /local/settle`: waits until no queue holds a message and answers with the latest run, or null before the first.
pub(super) async fn settle(product: &LocalProduct, settle: Settle) -> Result<Answer, Refusal> {
    let seconds = settle.timeout_seconds.unwrap_or(SETTLE_SECONDS);
    let names: Vec<&str> = product
        .template
        .queues
        .iter()
        .map(|queue| queue.queue.name())
        .collect();
    let drained = product.queues.drained(&names);
    if tokio::time::timeout(Duration::from_secs(seconds), drained)
        .await
        .is_err()
    {
        let detail = format!("The queues were not empty within {seconds} s.");
        return Err(Refusal::new(LocalProblem::NotSettled, detail));
    }
    let latest = product.onlooker.latest_run().await?;
    let run = match latest {
        0 => Value::Null,
        number => run_body(product, RunId::new(number)).await?,
    };
    Answer::json(200, &json!({ "run": run }))
}

async fn run_body(product: &LocalProduct, run: RunId) -> Result<Value, Refusal> {
    let run = product
        .run(run)
        .await
        .map_err(|error| Refusal::internal(&error))?;
    Ok(body::run(&run, SystemClock.now()))
}
