//! A move in several calls, and what happens beside it: whoever looks on, links and imports in between finds one link each.

use std::{collections::BTreeSet, time::Duration};

use dealbridge_aws::{item, keys, transaction};
use dealbridge_core::{
    SalesforceId,
    claim::{Claim, ClaimState},
    message::ImportRequest,
    run::RunId,
};
use dealbridge_local::{LocalProduct, Options, SalesforceTarget};
use dealbridge_tests::{Defect, OrgFolder, opportunity, people};
use reqwest::Method;
use serde_json::json;

use super::{OTHER, holdings::Holdings, other, replace_by, settings};
use crate::product::{Answer, Product};

/// Importable ones: more than one call moves.
const LINKED: usize = 170;
/// Ones with a problem: more than one call moves.
const FAILING: usize = 80;
/// Claims of a third org: more than the store looks through for one call.
const STRANGERS: usize = 1_200;
/// Calls that are enough for all of them.
const CALLS: usize = 16;
/// The function's time: so little that each call does no more than it must.
const TIME: Duration = Duration::from_millis(5_900);

fn from() -> SalesforceId {
    SalesforceId::parse(people::ORGANIZATION).unwrap()
}

fn admin() -> String {
    people::address("internal", "admin")
}

/// A product whose org has more links than one call moves.
async fn large() -> Product {
    let mut folder = OrgFolder::importable(LINKED);
    for _ in 0..FAILING {
        folder.add(|opportunity| Defect::NoProduct.apply(&opportunity));
    }
    let place = folder.write();
    let options = Options {
        org: place.path().to_owned(),
        data: None,
        salesforce: SalesforceTarget::Simulated {
            jwt_public_key: None,
        },
    };
    let mut app = LocalProduct::start(&options).await.unwrap();
    app.template.timeouts.insert("settings".to_owned(), TIME);
    let product = Product::over(app).await;
    let counts = product.app.full_run().await.unwrap().run.counts;
    assert_eq!(
        (counts.imported, counts.failed),
        (LINKED as u64, FAILING as u64)
    );
    add_strangers(&product).await;
    product
}

/// Claims that a third org has left behind: the list of claims leads through them.
async fn add_strangers(product: &Product) {
    let holdings = Holdings::read(product).await;
    let claim = holdings.claims.values().next().unwrap();
    let released = Claim {
        state: ClaimState::Released,
        ..claim.clone()
    };
    let store = &product.app.store;
    let third = SalesforceId::parse("00DdM0000000003UAA").unwrap();
    let puts: Vec<_> = (0..STRANGERS)
        .map(|number| {
            let key = keys::claim(third, opportunity(number));
            let item = item::encode(&released, key).unwrap();
            transaction::put_unconditional(&store.tables().links, item).unwrap()
        })
        .collect();
    for (at, puts) in puts.chunks(100).enumerate() {
        let token = format!("strangers|{at}");
        store.transact(&token, puts.to_vec()).await.unwrap();
    }
}

async fn step(product: &Product) -> Answer {
    replace_by(product, &admin(), from().as_str(), OTHER, "move").await
}

/// The same request until it is answered complete; answers how many links were settled, by call.
#[expect(clippy::panic, reason = "a request without an end fails the test")]
async fn to_its_end(product: &Product) -> Vec<u64> {
    let mut settled = Vec::new();
    while settled.len() < CALLS {
        let answer = step(product).await;
        // A call that was cut off by its time is repeated like any other.
        assert!([200, 202, 503].contains(&answer.status), "{answer:?}");
        settled.push(answer.body["settled"].as_u64().unwrap_or_default());
        if answer.status == 200 {
            assert_eq!(answer.body["complete"], true);
            return settled;
        }
        if answer.status == 202 {
            assert_eq!(answer.body["complete"], false);
        }
    }
    panic!("no end after {settled:?}");
}

async fn unlink(product: &Product, holdings: &Holdings, id: SalesforceId) -> Answer {
    let records = holdings.records.values();
    let record = records
        .filter(|record| holdings.link_of(&record.id) == Some(id))
        .map(|record| record.id.id().to_owned())
        .next();
    let target = format!("/deals/{}/link?confirm=true", record.unwrap());
    product.call(&admin(), Method::DELETE, &target, None).await
}

#[tokio::test]
async fn each_call_goes_on_where_the_one_before_stopped_whatever_happens_between_them() {
    let product = large().await;
    let before = Holdings::read(&product).await;
    unlink(&product, &before, opportunity(7)).await.ok();
    product
        .org("refresh", json!({ "organization_id": OTHER }))
        .await;

    // Some are moved, some are not.
    let first = step(&product).await;
    let between = Holdings::at_rest(&product).await;
    let (moved, left) = (between.live_in(other()), between.live_in(from()));
    assert_eq!(between.broken(), Vec::<String>::new());
    assert_eq!(first.status, 202, "{first:?}");
    assert_eq!(first.body["complete"], false);
    let settled = first.body["settled"].as_u64().unwrap();
    assert!(settled > 0 && !moved.is_empty() && !left.is_empty());
    assert_eq!(moved.len() + left.len(), LINKED - 1);

    // Nothing else is begun, and no run imports.
    let clear = replace_by(&product, &admin(), from().as_str(), OTHER, "clear").await;
    assert_eq!(clear.refusal(), (409, "ORG_CHANGING"));
    let mut named = settings(&product, &admin()).await;
    assert_eq!(named["organization_id"], from().as_str());
    named["organization_id"] = OTHER.into();
    let put = product.put_settings_by(&admin(), &named).await;
    assert_eq!(put.refusal(), (409, "ORG_CHANGING"));
    assert_eq!(product.run("hourly").await["imported"], 0);

    // Messages of the former org, for ones on either side and ones with a problem.
    let ids = moved.keys().take(20).chain(left.keys().take(20)).copied();
    let failing = (LINKED + 1..).take(20).map(opportunity);
    let ids: Vec<SalesforceId> = ids.chain(failing).collect();
    product.send_imports(&requests(1, &ids)).await;
    product.local(Method::POST, "settle", None).await.ok();

    // People unlink records of either side.
    let unlinked = [*moved.keys().last().unwrap(), *left.keys().last().unwrap()];
    for id in unlinked {
        let answer = unlink(&product, &between, id).await;
        assert_eq!(answer.status, 200, "{id}: {answer:?}");
    }
    assert_eq!(
        Holdings::at_rest(&product).await.broken(),
        Vec::<String>::new()
    );

    let settled = to_its_end(&product).await;
    assert!(settled.len() > 1, "{settled:?}");

    let after = Holdings::at_rest(&product).await;
    assert_eq!(after.broken(), Vec::<String>::new());
    assert_eq!(after.live_in(from()).len(), 0);
    assert_eq!(after.suppressed_in(from()).len(), 0);
    let expected: BTreeSet<SalesforceId> = [opportunity(7)].into_iter().chain(unlinked).collect();
    assert_eq!(after.suppressed_in(other()), expected);
    let mut links = before.live_in(from());
    links.retain(|id, _| !expected.contains(id));
    assert_eq!(after.live_in(other()), links);
    assert_eq!(settings(&product, &admin()).await["organization_id"], OTHER);

    // Messages of the former org that come later still bring nothing.
    product.send_imports(&requests(1, &ids)).await;
    let counts = product.run("daily").await;
    assert_eq!(
        (&counts["imported"], &counts["left"], &counts["suppressed"]),
        (&json!(0), &json!(0), &json!(3)),
        "{counts}"
    );
    assert_eq!(counts["failed"], FAILING);
    let end = Holdings::at_rest(&product).await;
    assert_eq!(end.broken(), Vec::<String>::new());
    assert_eq!(end.records.len(), before.records.len());
    assert_eq!(end.live_in(other()), links);
}

fn requests(run: u32, ids: &[SalesforceId]) -> Vec<ImportRequest> {
    let request = |opportunity: &SalesforceId| ImportRequest {
        version: dealbridge_core::message::VERSION,
        run: RunId::new(run),
        org: from(),
        opportunity: *opportunity,
        fresh: false,
        by_hand: false,
    };
    ids.iter().map(request).collect()
}
