//! The settings function on Lambda.

use std::sync::Arc;

use dealbridge_lambda::{SystemClock, wiring::Wiring};
use settings::SettingsFunction;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let wiring = Wiring::from_env().await?;
    let function = SettingsFunction {
        salesforce: wiring.salesforce()?,
        store: wiring.store()?,
        clock: Arc::new(SystemClock),
        groups: wiring.variables().groups(),
    };
    dealbridge_lambda::run(function).await
}
