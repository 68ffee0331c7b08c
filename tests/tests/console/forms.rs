//! Forms: only those of a page of the same session count.

use dealbridge_core::run::RunId;
use reqwest::Method;

use dealbridge_tests::site::{ADMIN, INTERNAL, Site};

#[tokio::test]
async fn a_form_from_elsewhere_does_nothing() {
    let site = Site::start().await;
    let (admin, other) = (site.sign_in(ADMIN).await, site.sign_in(INTERNAL).await);
    let cookie = ("cookie", admin.cookie.as_str());
    let (own, foreign) = (admin.csrf.as_str(), other.csrf.as_str());
    assert!(!own.is_empty() && own != foreign);

    for route in console::routes() {
        if route.method.as_str() != "POST" {
            continue;
        }
        let target = route
            .path
            .replace("{kind}", "deals")
            .replace("{id}", "none");
        for (headers, csrf) in [
            (vec![cookie], ""),
            (vec![cookie], foreign),
            (vec![cookie, ("sec-fetch-site", "cross-site")], own),
            (vec![cookie, ("sec-fetch-site", "same-site")], own),
            (vec![cookie, ("origin", "https://evil.example")], own),
            (vec![cookie, ("origin", "null")], own),
        ] {
            let form = [("csrf", csrf), ("integration", "deal-registration")];
            let refused = site
                .send(Method::POST, &target, &headers, Some(&form))
                .await;
            assert_eq!(refused.status, 403, "{target} {headers:?}");
        }
    }
    let runs = site.open(&admin, "/console").await;
    assert!(runs.text.contains("There was no run yet"), "{}", runs.text);
}

#[tokio::test]
async fn run_full_sync_now_starts_one_run_however_often_the_form_is_sent() {
    let site = Site::start().await;
    let admin = site.sign_in(ADMIN).await;

    let unticked = site
        .submit(&admin, "/console/sync", &[("key", "k-0")])
        .await;
    assert_eq!(unticked.status, 422);
    assert!(unticked.text.contains("Tick the integrations"));

    let ticked = [("integration", "deal-registration"), ("key", "k-1")];
    for _ in 0..2 {
        let started = site.submit(&admin, "/console/sync", &ticked).await;
        assert_eq!(started.status, 303, "{started:?}");
    }
    let run = site.app.settled(RunId::new(1)).await.unwrap();
    assert_eq!(run.counts.listed, 42);

    let page = site.open(&admin, "/console").await;
    assert!(page.text.contains("run-00000001"));
    assert!(!page.text.contains("run-00000002"));
}
