//! The settings function on Lambda.

use std::sync::Arc;

use dealbridge_lambda::{SystemClock, wiring::Wiring};
use settings::{Environment, SettingsFunction};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let (wiring, env) = Wiring::start::<Environment>().await?;
    let rights = wiring.rights(env.tables.clone(), env.admins);
    let function = SettingsFunction {
        salesforce: wiring.salesforce(env.salesforce)?,
        store: wiring.store(env.tables),
        clock: Arc::new(SystemClock),
        rights,
    };
    dealbridge_lambda::run(function).await
}
