//! The full-sync function on Lambda.

use std::sync::Arc;

use dealbridge_lambda::{SystemClock, wiring::Wiring};
use full_sync::FullSync;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let wiring = Wiring::from_env().await?;
    let function = FullSync {
        store: wiring.store_of(&["LOG_TABLE"])?,
        portal: wiring.settings_portal()?,
        backlog: wiring.backlog("IMPORTS_QUEUE_COUNT_URL")?,
        sync_requests: wiring.sync_requests()?,
        groups: wiring.variables().groups(),
        clock: Arc::new(SystemClock),
    };
    dealbridge_lambda::run(function).await
}
