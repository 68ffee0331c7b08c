//! The push worker on Lambda.

use std::sync::Arc;

use dealbridge_lambda::{SystemClock, aws::DynamoPortal, wiring::Wiring};
use push_worker::{Environment, PushWorker};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let (wiring, env) = Wiring::start::<Environment>().await?;
    let store = wiring.store(env.tables);
    let function = PushWorker {
        salesforce: wiring.salesforce(env.salesforce)?,
        portal: DynamoPortal::new(store.clone()),
        store,
        clock: Arc::new(SystemClock),
    };
    dealbridge_lambda::run(function).await
}
