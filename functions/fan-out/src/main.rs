//! The fan-out on Lambda.

use std::sync::Arc;

use dealbridge_lambda::{SystemClock, wiring::Wiring};
use fan_out::FanOutFunction;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let wiring = Wiring::from_env().await?;
    let function = FanOutFunction {
        salesforce: wiring.salesforce()?,
        portal: wiring.portal()?,
        store: wiring.store()?,
        imports: wiring.imports()?,
        sync_requests: wiring.sync_requests()?,
        writes: wiring.writes()?,
        clock: Arc::new(SystemClock),
    };
    dealbridge_lambda::run(function).await
}
