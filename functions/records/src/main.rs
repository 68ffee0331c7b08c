//! The records function on Lambda.

use std::sync::Arc;

use dealbridge_lambda::{
    SystemClock, UlidIds,
    aws::{DynamoPortal, SqsWrites},
    wiring::Wiring,
};
use records::{Environment, Records};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let (wiring, env) = Wiring::start::<Environment>().await?;
    let rights = wiring.rights(env.tables.clone(), env.admins);
    let store = wiring.store(env.tables);
    let function = Records {
        portal: DynamoPortal::new(store.clone()),
        store,
        writes: SqsWrites(wiring.sender(env.writes.0)),
        clock: Arc::new(SystemClock),
        ids: Arc::new(UlidIds),
        instance_url: env.instance_url.0,
        rights,
    };
    dealbridge_lambda::run(function).await
}
