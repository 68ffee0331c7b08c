//! The settings function on Lambda.

use dealbridge_lambda::wiring::Wiring;
use settings::SettingsFunction;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let wiring = Wiring::from_env().await?;
    let function = SettingsFunction {
        store: wiring.store_of(&["RECORDS_TABLE", "LOG_TABLE"])?,
        groups: wiring.variables().groups(),
    };
    dealbridge_lambda::run(function).await
}
