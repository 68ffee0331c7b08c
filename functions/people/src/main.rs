//! The people function on Lambda.

use dealbridge_lambda::wiring::Wiring;
use people::{Environment, PeopleFunction};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let (wiring, env) = Wiring::start::<Environment>().await?;
    let rights = wiring.rights(env.tables.clone(), env.admins);
    let function = PeopleFunction {
        store: wiring.store(env.tables),
        rights,
    };
    dealbridge_lambda::run(function).await
}
