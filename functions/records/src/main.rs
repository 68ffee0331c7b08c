//! The records function on Lambda.

use dealbridge_lambda::{aws::DynamoPortal, wiring::Wiring};
use records::{Environment, Records};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let (wiring, env) = Wiring::start::<Environment>().await?;
    let rights = wiring.rights(env.tables.clone(), env.admins);
    let store = wiring.store(env.tables);
    let function = Records {
        portal: DynamoPortal::new(store.clone()),
        store,
        instance_url: env.instance_url.0,
        rights,
    };
    dealbridge_lambda::run(function).await
}
