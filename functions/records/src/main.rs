//! The records function on Lambda.

use dealbridge_lambda::aws::DynamoPortal;
use dealbridge_lambda::wiring::Wiring;
use records::Records;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let wiring = Wiring::from_env().await?;
    let store = wiring.store_of(&["RECORDS_TABLE", "LOG_TABLE"])?;
    let function = Records {
        portal: DynamoPortal::new(store.clone()),
        store,
        salesforce_url: wiring.variables().salesforce_url()?,
        groups: wiring.variables().groups(),
    };
    dealbridge_lambda::run(function).await
}
