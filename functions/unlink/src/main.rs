//! Unlink on Lambda.

use std::sync::Arc;

use dealbridge_lambda::{SystemClock, wiring::Wiring};
use unlink::UnlinkFunction;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let wiring = Wiring::from_env().await?;
    let function = UnlinkFunction {
        portal: wiring.portal()?,
        store: wiring.store()?,
        clock: Arc::new(SystemClock),
        instance_url: wiring.variables().salesforce_url()?,
        groups: wiring.variables().groups(),
    };
    dealbridge_lambda::run(function).await
}
