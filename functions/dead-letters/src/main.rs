//! The dead-letters function on Lambda.

use std::sync::Arc;

use dead_letters::DeadLettersFunction;
use dealbridge_lambda::{SystemClock, wiring::Wiring};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let wiring = Wiring::from_env().await?;
    let function = DeadLettersFunction {
        queues: wiring.dead_letter_queues()?,
        store: wiring.store_of(&["LOG_TABLE"])?,
        clock: Arc::new(SystemClock),
        groups: wiring.variables().groups(),
    };
    dealbridge_lambda::run(function).await
}
