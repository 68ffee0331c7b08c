//! The link function on Lambda.

use std::sync::Arc;

use dealbridge_lambda::{
    SystemClock,
    aws::{DynamoPortal, SqsWrites},
    wiring::Wiring,
};
use link::{Environment, LinkFunction};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let (wiring, env) = Wiring::start::<Environment>().await?;
    let rights = wiring.rights(env.tables.clone(), env.admins);
    let store = wiring.store(env.tables);
    let function = LinkFunction {
        instance_url: env.salesforce.connection.login_url(),
        salesforce: wiring.salesforce(env.salesforce)?,
        portal: DynamoPortal::new(store.clone()),
        store,
        writes: SqsWrites(wiring.sender(env.writes.0)),
        clock: Arc::new(SystemClock),
        tokens: Arc::new(env.preview_token_key.0),
        rights,
    };
    dealbridge_lambda::run(function).await
}
