//! The dead-letters function on Lambda.

use std::sync::Arc;

use dead_letters::{DeadLettersFunction, Environment};
use dealbridge_lambda::{SystemClock, wiring::Wiring};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let (wiring, env) = Wiring::start::<Environment>().await?;
    let rights = wiring.rights(env.records, env.admins);
    let function = DeadLettersFunction {
        queues: wiring.dead_letter_queues(env.queues),
        store: wiring.store(env.log),
        clock: Arc::new(SystemClock),
        rights,
    };
    dealbridge_lambda::run(function).await
}
