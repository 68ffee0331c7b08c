//! The import worker on Lambda.

use std::sync::Arc;

use dealbridge_lambda::{SystemClock, wiring::Wiring};
use import_worker::ImportWorker;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let wiring = Wiring::from_env().await?;
    let function = ImportWorker {
        salesforce: wiring.salesforce()?,
        portal: wiring.portal()?,
        store: wiring.store()?,
        clock: Arc::new(SystemClock),
    };
    dealbridge_lambda::run(function).await
}
