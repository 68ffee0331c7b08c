//! Link on Lambda.

use std::sync::Arc;

use dealbridge_lambda::{SystemClock, wiring::Wiring};
use link::LinkFunction;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let wiring = Wiring::from_env().await?;
    let function = LinkFunction {
        salesforce: wiring.salesforce()?,
        portal: wiring.portal()?,
        store: wiring.store()?,
        writes: wiring.writes()?,
        clock: Arc::new(SystemClock),
        tokens: Arc::new(wiring.variables().preview_tokens()?),
        instance_url: wiring.variables().salesforce()?.0.login_url(),
        groups: wiring.variables().groups(),
    };
    dealbridge_lambda::run(function).await
}
