//! The settings function beside the product, over a proxy that has it die in the middle of a move.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dealbridge_aws::{DynamoPortal, Endpoint, Meter, Store, config::with_access_key, sdk_config};
use dealbridge_lambda::{Function, Invocation, SystemClock, UlidIds, access::Rights};
use dealbridge_local::database;
use dealbridge_tests::{Fault, Proxy};
use serde_json::{Value, json};
use settings::SettingsFunction;

use crate::product::{ADMIN, Product};

/// Every commit goes through this action.
const COMMIT: &str = "TransactWriteItems";

/// The function, and what is between it and the product's store.
pub(super) struct Office {
    function: SettingsFunction,
    dynamodb: Proxy,
    event: Value,
}

impl Office {
    /// A function with the rights of its role, for an administrator's calls.
    pub(super) async fn beside(product: &Product) -> Self {
        let app = &product.app;
        let dynamodb = Proxy::start(&app.dynamodb_url, app.roles.clone()).await;
        let url = dynamodb.url();
        let sdk = sdk_config(&Endpoint::Local { url }).await;
        let sdk = with_access_key(&sdk, "settings");
        let (clock, ids) = (Arc::new(SystemClock), Arc::new(UlidIds));
        let (tables, meter) = (database::tables(), Meter::default());
        let admins = app.template.admins.clone();
        let claims = json!({ "sub": "esme", "email": ADMIN, "cognito:groups": [admins.0] });
        let token = URL_SAFE_NO_PAD.encode(claims.to_string());
        let event = json!({
            "version": "2.0",
            "routeKey": "POST /settings/organization",
            "rawPath": "/settings/organization",
            "rawQueryString": "",
            "headers": { "authorization": format!("Bearer e30.{token}.c2ln") },
            "requestContext": {
                "http": { "method": "POST", "path": "/settings/organization" },
                "authorizer": { "jwt": { "claims": { "sub": "esme" } } },
                "stage": "$default",
            },
            "isBase64Encoded": false,
        });
        let store = Store::new(&sdk, tables, meter, clock, ids);
        let people = DynamoPortal::new(store.clone());
        Self {
            function: SettingsFunction {
                salesforce: app.salesforce.clone(),
                store,
                clock: Arc::new(SystemClock),
                rights: Rights::new(people, Arc::new(SystemClock), admins),
            },
            dynamodb,
            event,
        }
    }

    /// Sends an order to the function, whose process ends at its commit of that number if the fault is such a one.
    /// Returns the status of the answer, if there was any.
    pub(super) async fn replace(&self, order: &Value, nth: usize, fault: Fault) -> Option<u64> {
        let mut event = self.event.clone();
        event["body"] = order.to_string().into();
        self.dynamodb.order_at(COMMIT, nth, fault);
        let unlimited = Invocation { deadline: None };
        let answer = tokio::select! {
            biased;
            () = self.dynamodb.stopped() => None,
            answer = self.function.handle(event, unlimited) => Some(answer.unwrap()),
        };
        answer.map(|answer| answer["statusCode"].as_u64().unwrap())
    }

    /// The number of ordered faults that were not met.
    pub(super) fn left(&self) -> usize {
        self.dynamodb.left()
    }

    /// The number of commits since the last order.
    pub(super) fn commits(&self) -> usize {
        self.dynamodb.seen(COMMIT).len()
    }
}
