//! The full-sync function on Lambda.

use std::sync::Arc;

use dealbridge_lambda::{
    SystemClock,
    aws::{DynamoPortal, SqsSyncRequests},
    wiring::Wiring,
};
use full_sync::{Environment, FullSync};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let (wiring, env) = Wiring::start::<Environment>().await?;
    let rights = wiring.rights(env.records.clone(), env.admins);
    let function = FullSync {
        store: wiring.store(env.log),
        portal: DynamoPortal::new(wiring.store(env.records)),
        backlog: wiring.backlog(env.imports.0, env.imports_dlq),
        sync_requests: SqsSyncRequests(wiring.sender(env.sync_requests.0)),
        rights,
        clock: Arc::new(SystemClock),
    };
    dealbridge_lambda::run(function).await
}
