//! The console function on Lambda.

use std::sync::Arc;

use console::{Console, Environment, Issuer, Provider, Sessions, functions::Functions};
use dead_letters::DeadLettersFunction;
use dealbridge_lambda::{
    SystemClock, UlidIds,
    aws::{DynamoPortal, SqsSyncRequests, SqsWrites},
    salesforce::{Timeouts, http_client},
    wiring::{Wiring, WiringError},
};
use full_sync::FullSync;
use integration_log::IntegrationLog;
use link::LinkFunction;
use people::PeopleFunction;
use records::Records;
use settings::SettingsFunction;
use unlink::UnlinkFunction;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let (wiring, env) = Wiring::start::<Environment>().await?;
    let rights = wiring.rights(env.tables.clone(), env.admins.clone());
    let store = wiring.store(env.tables);
    let portal = DynamoPortal::new(store.clone());
    let instance_url = env.salesforce.connection.login_url();
    let salesforce = wiring.salesforce(env.salesforce)?;
    let writes = || SqsWrites(wiring.sender(env.writes.0.clone()));
    let clock = Arc::new(SystemClock);
    let functions = Functions {
        dead_letters: DeadLettersFunction {
            queues: wiring.dead_letter_queues(env.dead_letters),
            store: store.clone(),
            clock: clock.clone(),
            rights: rights.clone(),
        },
        full_sync: FullSync {
            store: store.clone(),
            portal: portal.clone(),
            backlog: wiring.backlog(env.imports.0, env.imports_dlq),
            sync_requests: SqsSyncRequests(wiring.sender(env.sync_requests.0)),
            rights: rights.clone(),
            clock: clock.clone(),
        },
        integration_log: IntegrationLog {
            salesforce: salesforce.clone(),
            instance_url: instance_url.clone(),
            portal: portal.clone(),
            store: store.clone(),
            rights: rights.clone(),
            clock: clock.clone(),
        },
        link: LinkFunction {
            salesforce: salesforce.clone(),
            portal: portal.clone(),
            store: store.clone(),
            writes: writes(),
            clock: clock.clone(),
            tokens: Arc::new(env.preview_token_key.0),
            instance_url: instance_url.clone(),
            rights: rights.clone(),
        },
        people: PeopleFunction {
            store: store.clone(),
            rights: rights.clone(),
        },
        records: Records {
            store: store.clone(),
            portal: portal.clone(),
            writes: writes(),
            clock: clock.clone(),
            ids: Arc::new(UlidIds),
            instance_url: instance_url.clone(),
            rights: rights.clone(),
        },
        settings: SettingsFunction {
            salesforce,
            store: store.clone(),
            clock: clock.clone(),
            rights: rights.clone(),
        },
        unlink: UnlinkFunction {
            portal,
            store,
            clock: clock.clone(),
            instance_url,
            rights: rights.clone(),
        },
    };
    let http = http_client(Timeouts::default()).map_err(|error| WiringError::Http(error.into()))?;
    let provider = Provider::new(http, Issuer::known(env.issuer.0), env.client_id.0);
    dealbridge_lambda::run(Console {
        functions,
        provider,
        sessions: Sessions::new(env.session_keys, env.admins),
        rights,
        clock,
    })
    .await
}
