//! Obstacles to a change of the org: two links of one Salesforce record, an active run.

use dealbridge_aws::{item, keys, transaction};
use dealbridge_core::{
    SalesforceId,
    claim::Claim,
    record::{RecordId, RecordKind},
};
use dealbridge_tests::Delivery;
use reqwest::Method;
use serde_json::{Value, json};

use super::{OTHER, holdings::Holdings, org, other, replace, settings};
use crate::product::{ADMIN, Product};

/// A record that the new org's claim of a Salesforce record names, as settings that named the wrong org have left it.
async fn twin_of(product: &Product, from: SalesforceId) -> (SalesforceId, RecordId, RecordId) {
    let holdings = Holdings::read(product).await;
    let live = holdings.live_in(from);
    let (id, record) = live.first_key_value().unwrap();
    let mut twin = holdings.records[record].clone();
    twin.id = RecordId::new(RecordKind::Deal, "deal-twin").unwrap();
    let claim = Claim {
        record: twin.id.clone(),
        ..holdings.claims[&(from, *id)].clone()
    };
    let store = &product.app.store;
    let puts = [
        (
            &store.tables().records,
            item::encode(&twin, keys::record(&twin.id)).unwrap(),
        ),
        (
            &store.tables().links,
            item::encode(&claim, keys::claim(other(), *id)).unwrap(),
        ),
    ]
    .map(|(table, item)| transaction::put_unconditional(table, item).unwrap());
    store.transact("twin", puts.to_vec()).await.unwrap();
    (*id, record.clone(), twin.id)
}

#[tokio::test]
async fn of_two_records_of_one_salesforce_record_a_person_unlinks_either_and_the_move_ends() {
    for keeps_the_former in [true, false] {
        let product = Product::imported().await;
        let from = SalesforceId::parse(&org(&settings(&product, ADMIN).await)).unwrap();
        let count = Holdings::read(&product).await.live_in(from).len();
        let (id, former, twin) = twin_of(&product, from).await;
        product
            .org("refresh", json!({ "organization_id": OTHER }))
            .await;

        for settled in [count - 1, 0] {
            let refused = replace(&product, from.as_str(), OTHER, "move").await;
            assert_eq!(refused.refusal(), (409, "ORG_MOVE_CONFLICT"));
            let conflicts = json!([{ "salesforceId": id, "from": former, "to": twin }]);
            assert_eq!(refused.body["conflicts"], conflicts);
            assert_eq!(refused.body["settled"], settled);
        }
        assert_eq!(org(&settings(&product, ADMIN).await), from.as_str());
        let (stays, goes) = if keeps_the_former {
            (&former, &twin)
        } else {
            (&twin, &former)
        };
        let target = format!("/deals/{}/link?confirm=true", goes.id());
        let unlinked = product.call(ADMIN, Method::DELETE, &target, None).await;
        assert_eq!(unlinked.status, 200, "{goes}: {unlinked:?}");
        replace(&product, from.as_str(), OTHER, "move").await.ok();

        let after = Holdings::read(&product).await;
        assert_eq!(after.broken(), Vec::<String>::new());
        assert_eq!(after.live_in(other()).get(&id), Some(stays));
        assert_eq!(after.live_in(other()).len(), count);
        let counts = product.run("hourly").await;
        assert_eq!(
            (&counts["imported"], &counts["left"]),
            (&json!(0), &json!(0))
        );
    }
}

/// Hands the waiting sync request to the fan-out, as the poller does.
async fn begin_the_run(product: &Product) {
    let message = product.receive("sync-requests").await;
    let event = Delivery {
        messages: vec![message],
    };
    let fan_out = product.app.invoker("fan-out").unwrap();
    let timeout = product.app.template.timeout("fan-out");
    fan_out.call(event.event(), timeout).await.unwrap();
}

#[tokio::test]
async fn another_org_waits_until_the_active_run_has_ended() {
    let product = Product::standing_still().await;
    let before = settings(&product, ADMIN).await;
    let from = org(&before);
    let body = json!({ "integration": "deal-registration" });
    let started = product.call(ADMIN, Method::POST, "/sync-runs", Some(body));
    let run: Value = started.await.ok()["id"].clone();
    product
        .org("refresh", json!({ "organization_id": OTHER }))
        .await;
    let mut named = before.clone();
    named["organization_id"] = OTHER.into();

    let put = product.put_settings(&named).await;
    let moved = replace(&product, &from, OTHER, "move").await;
    let cleared = replace(&product, &from, OTHER, "clear").await;

    for refused in [put, moved, cleared] {
        assert_eq!(refused.refusal(), (409, "RUN_ACTIVE"));
        assert_eq!(refused.body["run"], run);
    }
    assert_eq!(settings(&product, ADMIN).await, before);
    begin_the_run(&product).await;
    product.put_settings(&named).await.ok();
    assert_eq!(org(&settings(&product, ADMIN).await), OTHER);
}

#[tokio::test]
async fn settings_of_the_same_org_are_stored_while_a_run_is_active() {
    let product = Product::standing_still().await;
    let mut rows = settings(&product, ADMIN).await;
    let body = json!({ "integration": "deal-registration" });
    product
        .call(ADMIN, Method::POST, "/sync-runs", Some(body))
        .await
        .ok();
    rows["mappings"].as_array_mut().unwrap().pop();

    product.put_settings(&rows).await.ok();

    assert_eq!(settings(&product, ADMIN).await, rows);
}
