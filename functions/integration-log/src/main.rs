//! The integration-log function on Lambda.

use std::sync::Arc;

use dealbridge_lambda::{SystemClock, wiring::Wiring};
use integration_log::IntegrationLog;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let wiring = Wiring::from_env().await?;
    let function = IntegrationLog {
        salesforce: wiring.salesforce()?,
        salesforce_url: wiring.variables().salesforce_url()?,
        portal: wiring.portal()?,
        store: wiring.store()?,
        groups: wiring.variables().groups(),
        clock: Arc::new(SystemClock),
    };
    dealbridge_lambda::run(function).await
}
