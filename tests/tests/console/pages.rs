//! Promises of every page: its headers, its weight, and that the part of a page is a part.

use reqwest::Method;

use dealbridge_tests::site::{ADMIN, Site};

#[tokio::test]
async fn every_page_holds_the_browser_to_this_host() {
    let site = Site::imported().await;
    let admin = site.sign_in(ADMIN).await;

    for route in console::routes() {
        if route.method.as_str() != "GET" || route.path.contains('{') {
            continue;
        }
        let page = site.open(&admin, route.path).await;
        let header = |name: &str| {
            let value = page.headers.get(name);
            value
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        assert_eq!(page.status, 200, "{}", route.path);
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(header(name), value, "{}", route.path);
        }
        for inline in [" style=", "<script>", " onclick=", "javascript:"] {
            assert!(!page.text.contains(inline), "{} has {inline}", route.path);
        }
        assert!(
            page.text.len() < 60_000,
            "{} has {} bytes",
            route.path,
            page.text.len()
        );
    }
}

#[tokio::test]
async fn the_files_beside_a_page_are_small_and_kept() {
    let site = Site::start().await;
    let admin = site.sign_in(ADMIN).await;
    let page = site.open(&admin, "/console").await.text;
    let mut weight = page.len();

    let files: Vec<&str> = page
        .split('"')
        .filter(|text| text.starts_with("/console/assets/"))
        .collect();
    assert_eq!(files.len(), 4, "{files:?}");
    for file in files {
        let headers = [("accept-encoding", "gzip")];
        let answer = site.send(Method::GET, file, &headers, None).await;
        assert_eq!(answer.status, 200);
        let kept = answer.headers["cache-control"].to_str().unwrap();
        assert!(kept.contains("immutable"), "{kept}");
        let length = answer.headers["content-length"].to_str().unwrap();
        weight += length.parse::<usize>().unwrap();
    }
    assert!(weight < 60_000, "{weight} bytes with its files");
}

#[tokio::test]
async fn a_run_is_a_page_and_the_part_that_refreshes_itself() {
    let site = Site::imported().await;
    let admin = site.sign_in(ADMIN).await;

    let page = site.open(&admin, "/console/runs/run-00000001").await;
    assert!(page.text.contains("<html") && page.text.contains("Succeeded"));
    let headers = [("cookie", admin.cookie.as_str()), ("hx-request", "true")];
    let part = site
        .send(Method::GET, "/console/runs/run-00000001", &headers, None)
        .await;
    assert!(part.text.starts_with("<section"), "{}", part.text);
    assert!(
        !part.text.contains("hx-get"),
        "a run that has ended is not asked for again"
    );

    let gone = [("hx-request", "true")];
    let over = site
        .send(Method::GET, "/console/runs/run-00000001", &gone, None)
        .await;
    assert_eq!(over.status, 401);
    assert!(over.headers.contains_key("hx-redirect"));
}
