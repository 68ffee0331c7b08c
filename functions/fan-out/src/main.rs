//! The fan-out on Lambda.

use std::sync::Arc;

use dealbridge_lambda::{
    SystemClock,
    aws::{DynamoPortal, SqsImports, SqsSyncRequests, SqsWrites},
    wiring::Wiring,
};
use fan_out::{Environment, FanOutFunction};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let (wiring, env) = Wiring::start::<Environment>().await?;
    let store = wiring.store(env.tables);
    let function = FanOutFunction {
        salesforce: wiring.salesforce(env.salesforce)?,
        portal: DynamoPortal::new(store.clone()),
        store,
        imports: SqsImports(wiring.backlog(env.imports.0, env.imports_dlq)),
        sync_requests: SqsSyncRequests(wiring.sender(env.sync_requests.0)),
        writes: SqsWrites(wiring.sender(env.writes.0)),
        clock: Arc::new(SystemClock),
    };
    dealbridge_lambda::run(function).await
}
