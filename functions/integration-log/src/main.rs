//! The integration-log function on Lambda.

use std::sync::Arc;

use dealbridge_lambda::{SystemClock, aws::DynamoPortal, wiring::Wiring};
use integration_log::{Environment, IntegrationLog};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let (wiring, env) = Wiring::start::<Environment>().await?;
    let rights = wiring.rights(env.tables.clone(), env.admins);
    let store = wiring.store(env.tables);
    let function = IntegrationLog {
        instance_url: env.salesforce.connection.login_url(),
        salesforce: wiring.salesforce(env.salesforce)?,
        portal: DynamoPortal::new(store.clone()),
        store,
        rights,
        clock: Arc::new(SystemClock),
    };
    dealbridge_lambda::run(function).await
}
