//! The unlink function on Lambda.

use std::sync::Arc;

use dealbridge_lambda::{SystemClock, aws::DynamoPortal, wiring::Wiring};
use unlink::{Environment, UnlinkFunction};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let (wiring, env) = Wiring::start::<Environment>().await?;
    let rights = wiring.rights(env.tables.clone(), env.admins);
    let store = wiring.store(env.tables);
    let function = UnlinkFunction {
        portal: DynamoPortal::new(store.clone()),
        store,
        clock: Arc::new(SystemClock),
        instance_url: env.instance_url.0,
        rights,
    };
    dealbridge_lambda::run(function).await
}
