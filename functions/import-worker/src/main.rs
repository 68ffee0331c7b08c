//! The import worker on Lambda.

use std::sync::Arc;

use dealbridge_lambda::{
    SystemClock,
    aws::{DynamoPortal, SqsWrites},
    wiring::Wiring,
};
use import_worker::{Environment, ImportWorker};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let (wiring, env) = Wiring::start::<Environment>().await?;
    let store = wiring.store(env.tables);
    let function = ImportWorker {
        salesforce: wiring.salesforce(env.salesforce)?,
        portal: DynamoPortal::new(store.clone()),
        store,
        writes: SqsWrites(wiring.sender(env.writes.0)),
        clock: Arc::new(SystemClock),
    };
    dealbridge_lambda::run(function).await
}
