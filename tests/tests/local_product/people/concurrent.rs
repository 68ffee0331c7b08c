//! Changes at the same time: none is lost, and what refers to what is there.

use futures::{StreamExt, stream};
use serde_json::json;

use super::{Portal, user, with};
use crate::product::Product;

/// Calls in flight at once.
const AT_ONCE: usize = 12;

#[tokio::test]
async fn many_users_of_one_address_organization_and_group_are_all_there() {
    let product = Product::standing_still().await;
    let portal = &Portal::of(&product).await;
    let before = portal.all("/users?organization=org-fjord").await.len();

    let puts = (0..40).map(|at| async move {
        let target = format!("/users/usr-many-{at}");
        portal
            .put(&target, &user("many@fjordpartners.example"))
            .await
            .status
    });
    let statuses: Vec<u16> = stream::iter(puts).buffer_unordered(AT_ONCE).collect().await;
    assert_eq!(statuses, vec![201; 40]);

    assert_eq!(
        portal
            .all("/users?email=many@fjordpartners.example")
            .await
            .len(),
        40
    );
    let refused = portal.delete("/organizations/org-fjord").await;
    assert_eq!(refused.body["users"], before + 40);

    // Half of them move on, the other half are deleted, all at once.
    let ends = (0..40).map(|at| async move {
        let target = format!("/users/usr-many-{at}");
        if at % 2 == 0 {
            return portal.delete(&target).await.status;
        }
        let moved = user(&format!("many-{at}@fjordpartners.example"));
        let moved = with(&moved, "groups", json!([]));
        portal.put(&target, &moved).await.status
    });
    let statuses: Vec<u16> = stream::iter(ends).buffer_unordered(AT_ONCE).collect().await;
    assert_eq!(statuses, vec![200; 40]);
    assert_eq!(
        portal
            .all("/users?email=many@fjordpartners.example")
            .await
            .len(),
        0
    );
    assert_eq!(
        portal
            .all("/users?email=many-7@fjordpartners.example")
            .await
            .len(),
        1
    );
    let refused = portal.delete("/organizations/org-fjord").await;
    assert_eq!(refused.body["users"], before + 20);
}

#[tokio::test]
async fn of_many_puts_upon_one_version_one_wins() {
    let product = Product::standing_still().await;
    let portal = &Portal::of(&product).await;
    portal
        .put("/users/usr-una", &user("una@fjordpartners.example"))
        .await;

    let puts = (0..20).map(|at| async move {
        let named = with(
            &user("una@fjordpartners.example"),
            "name",
            json!(format!("Una {at}")),
        );
        portal
            .put_if("/users/usr-una", &named, "\"1\"")
            .await
            .status
    });
    let mut statuses: Vec<u16> = stream::iter(puts).buffer_unordered(AT_ONCE).collect().await;

    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (200, &[412; 19][..]));
    assert_eq!(
        portal.get("/users/usr-una").await.etag.as_deref(),
        Some("\"2\"")
    );
}

#[tokio::test]
async fn an_organization_is_deleted_or_joined_but_not_both() {
    let product = Product::standing_still().await;
    let portal = &Portal::of(&product).await;
    let organization = json!({ "name": "Brief", "type": "partner", "status": "active" });

    for at in 0..15 {
        let (place, target) = (
            format!("/organizations/org-{at}"),
            format!("/users/usr-in-{at}"),
        );
        portal.put(&place, &organization).await;
        let mut form = user("brief@fjordpartners.example");
        form["organization"] = json!(format!("org-{at}"));
        let (deleted, joined) = if at % 2 == 0 {
            tokio::join!(portal.delete(&place), portal.put(&target, &form))
        } else {
            let (joined, deleted) = tokio::join!(portal.put(&target, &form), portal.delete(&place));
            (deleted, joined)
        };

        match (deleted.status, joined.status) {
            (200, 422) => assert_eq!(portal.get(&target).await.status, 404),
            (409, 201) => assert_eq!(portal.get(&place).await.status, 200),
            both => unreachable!("{both:?}: {deleted:?} {joined:?}"),
        }
    }
}
