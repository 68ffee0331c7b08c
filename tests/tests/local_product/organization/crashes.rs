//! The function dies, or its connections do, anywhere in a move: the same request again ends it as if nothing had happened.

use dealbridge_core::SalesforceId;
use dealbridge_tests::Fault;
use serde_json::{Value, json};

use super::{OTHER, holdings::Holdings, office::Office, org, other, replace, settings};
use crate::product::{ADMIN, Product};

fn order(from: SalesforceId, to: SalesforceId, action: &str) -> Value {
    json!({ "from": from, "to": to, "action": action, "confirm": true })
}

/// The sample org's id, and the product with all of its links moved to and fro as often as the test likes.
async fn imported() -> (Product, SalesforceId) {
    let product = Product::imported().await;
    let own = org(&settings(&product, ADMIN).await);
    (product, SalesforceId::parse(&own).unwrap())
}

/// Lets the org be another one, and has the move die at its commit of that number. Then asks again over HTTP.
async fn moves(
    product: &Product,
    office: &Office,
    (from, to): (SalesforceId, SalesforceId),
    (nth, fault): (usize, Fault),
) -> Option<u64> {
    let before = Holdings::at_rest(product).await;
    let refreshed = json!({ "organization_id": to });
    product.org("refresh", refreshed).await;

    let told = format!("{fault:?} at {nth} from {from}");
    let answered = office.replace(&order(from, to, "move"), nth, fault).await;
    let between = Holdings::at_rest(product).await;
    assert_eq!(between.broken(), Vec::<String>::new(), "{told}");
    let again = replace(product, from.as_str(), to.as_str(), "move").await;

    assert_eq!(again.status, 200, "{told}: {again:?}");
    assert_eq!(again.body["complete"], true, "{told}");
    let after = Holdings::at_rest(product).await;
    assert_eq!(after.broken(), Vec::<String>::new(), "{told}");
    assert_eq!(after.live_in(to), before.live_in(from), "{told}");
    assert_eq!(
        after.suppressed_in(to),
        before.suppressed_in(from),
        "{told}"
    );
    assert_eq!(after.live_in(from).len(), 0, "{told}");
    assert_eq!(org(&settings(product, ADMIN).await), to.as_str(), "{told}");
    answered
}

#[tokio::test]
async fn a_process_that_dies_before_or_after_any_commit_of_a_move_is_made_whole_by_the_next_call() {
    let (product, own) = imported().await;
    let office = Office::beside(&product).await;
    let before = Holdings::read(&product).await;
    let (mut from, mut to) = (own, other());
    // A whole move says how many commits it takes.
    moves(&product, &office, (from, to), (0, Fault::None)).await;
    let commits = office.commits();
    assert!(commits > before.live_in(own).len(), "{commits}");

    // The first and the last ones, and some between.
    let some = (0..commits).filter(|nth| nth % 9 == 5 || *nth < 2 || nth + 2 >= commits);
    for nth in some {
        for fault in [Fault::Stop, Fault::StopAfter] {
            (from, to) = (to, from);
            let answered = moves(&product, &office, (from, to), (nth, fault)).await;
            assert_eq!(answered, None, "commit {nth} of {commits}");
        }
    }

    let counts = product.run("daily").await;
    assert_eq!(
        (&counts["imported"], &counts["left"]),
        (&json!(0), &json!(0)),
        "{counts}"
    );
    let after = Holdings::at_rest(&product).await;
    assert_eq!(after.live_in(to), before.live_in(own));
    assert_eq!(after.records.len(), before.records.len());
}

#[tokio::test]
async fn a_connection_that_breaks_before_or_after_a_commit_is_taken_up_by_the_same_call() {
    let (product, own) = imported().await;
    let office = Office::beside(&product).await;
    let (mut from, mut to) = (own, other());
    for nth in [0, 7, 20] {
        for fault in [Fault::Drop, Fault::DropAfter] {
            let answered = moves(&product, &office, (from, to), (nth, fault)).await;
            assert_eq!((answered, office.left()), (Some(200), 0), "{nth}");
            (from, to) = (to, from);
        }
    }
}

#[tokio::test]
async fn links_that_a_dead_process_has_cleared_in_part_are_cleared_by_the_next_call() {
    let (product, from) = imported().await;
    let office = Office::beside(&product).await;
    let before = Holdings::read(&product).await;
    let linked = before.live_in(from).len();
    product
        .org("refresh", json!({ "organization_id": OTHER }))
        .await;

    for fault in [Fault::Stop, Fault::StopAfter] {
        let order = order(from, other(), "clear");
        assert_eq!(office.replace(&order, 4, fault).await, None);
        let between = Holdings::at_rest(&product).await;
        assert_eq!(between.broken(), Vec::<String>::new());
    }
    replace(&product, from.as_str(), OTHER, "clear").await.ok();

    let after = Holdings::at_rest(&product).await;
    assert_eq!(after.broken(), Vec::<String>::new());
    assert_eq!(after.live_in(from).len() + after.live_in(other()).len(), 0);
    assert_eq!(product.run("hourly").await["imported"], linked);
}
