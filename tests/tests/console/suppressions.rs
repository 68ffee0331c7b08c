//! Suppressions, as an administrator sees and lifts them.

use dealbridge_tests::site::{ADMIN, Site};
use reqwest::Method;
use serde_json::Value;

/// Unlinks a Deal by the API, and answers with its Opportunity.
async fn unlinked(site: &Site) -> String {
    let target = format!("/local/token?user={ADMIN}");
    let token = site.send(Method::GET, &target, &[], None).await.text;
    let token: Value = serde_json::from_str(&token).unwrap();
    let bearer = format!("Bearer {}", token["token"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str())];
    let deals = site
        .send(Method::GET, "/deals?limit=200", &headers, None)
        .await;
    let deals: Value = serde_json::from_str(&deals.text).unwrap();
    let mut deals = deals["items"].as_array().unwrap().iter();
    let deal = deals.find(|deal| !deal["link"].is_null()).unwrap();
    let target = format!("/deals/{}/link?confirm=true", deal["id"].as_str().unwrap());
    let gone = site.send(Method::DELETE, &target, &headers, None).await;
    assert_eq!(gone.status, 200, "{gone:?}");
    deal["link"]["salesforce"]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn what_was_unlinked_is_shown_until_its_import_is_allowed() {
    const LIST: &str = "/console/suppressions";
    const ALLOW: &str = "/console/suppressions/allow";
    let site = Site::imported().await;
    let admin = site.sign_in(ADMIN).await;
    assert!(
        site.open(&admin, LIST)
            .await
            .text
            .contains("Imports leave nothing alone")
    );
    let opportunity = unlinked(&site).await;

    let shown = site.open(&admin, LIST).await.text;
    assert!(
        shown.contains(&opportunity) && shown.contains(ADMIN),
        "{shown}"
    );
    let form = [("salesforce", opportunity.as_str()), ("key", "k")];
    for _ in 0..2 {
        let allowed = site.submit(&admin, ALLOW, &form).await;
        assert_eq!(
            allowed.location(),
            format!("{LIST}?allowed={opportunity}"),
            "{allowed:?}"
        );
    }

    assert!(
        site.open(&admin, LIST)
            .await
            .text
            .contains("Imports leave nothing alone")
    );
    let again = [("salesforce", opportunity.as_str()), ("key", "k-2")];
    let refused = site.submit(&admin, ALLOW, &again).await;
    assert_eq!(refused.status, 404, "{refused:?}");
    assert!(
        refused.text.contains("is not suppressed"),
        "{}",
        refused.text
    );
}
