//! Signing in by the code grant with PKCE, and out.

use reqwest::Method;

use dealbridge_tests::site::{ADMIN, INTERNAL, Person, Site};

#[tokio::test]
async fn an_administrator_signs_in_and_comes_to_the_page_that_was_asked_for() {
    let site = Site::start().await;

    let asked = site
        .send(Method::GET, "/console/runs/run-00000001?x=1", &[], None)
        .await;
    assert_eq!(asked.status, 303);
    assert_eq!(
        asked.location(),
        "/console/sign-in?to=%2Fconsole%2Fruns%2Frun-00000001%3Fx%3D1"
    );
    let (page, attempt) = site.begin(asked.location()).await;
    let back = site.choose(&page, ADMIN).await;
    let headers = [("cookie", attempt.as_str())];
    let signed_in = site.send(Method::GET, &back, &headers, None).await;

    assert_eq!(signed_in.location(), "/console/runs/run-00000001?x=1");
    let cookies = signed_in.set_cookies();
    let session = cookies
        .iter()
        .find(|cookie| cookie.starts_with("__Host-dealbridge="))
        .unwrap();
    for attribute in [
        "HttpOnly",
        "Secure",
        "SameSite=Lax",
        "Path=/",
        "Max-Age=28800",
    ] {
        assert!(
            session.split("; ").any(|part| part == attribute),
            "{session}"
        );
    }
    assert!(
        !session.to_ascii_lowercase().contains("domain="),
        "{session}"
    );
    let ended = cookies
        .iter()
        .find(|cookie| cookie.starts_with("__Host-dealbridge-sign-in="))
        .unwrap();
    assert!(ended.contains("Max-Age=0"), "{ended}");
}

#[tokio::test]
async fn everybody_comes_to_the_first_page_that_is_theirs() {
    let site = Site::start().await;
    for (user, start) in [(ADMIN, "/console"), (INTERNAL, "/console/deals")] {
        let person = site.sign_in(user).await;

        assert_eq!(site.open(&person, "/console/start").await.location(), start);
    }
}

#[tokio::test]
async fn a_sign_in_that_this_browser_did_not_begin_is_refused() {
    let site = Site::start().await;
    let (page, attempt) = site.begin("/console/sign-in").await;
    let (_, other) = site.begin("/console/sign-in").await;
    let back = site.choose(&page, ADMIN).await;

    let without = site.send(Method::GET, &back, &[], None).await;
    assert_eq!(without.status, 401, "{without:?}");
    let headers = [("cookie", other.as_str())];
    let of_another = site.send(Method::GET, &back, &headers, None).await;
    assert_eq!(of_another.status, 401, "{of_another:?}");

    // The code was not used up by them; it is by the browser that it is for.
    let headers = [("cookie", attempt.as_str())];
    let first = site.send(Method::GET, &back, &headers, None).await;
    assert_eq!(first.status, 303, "{first:?}");
    let again = site.send(Method::GET, &back, &headers, None).await;
    assert_eq!(again.status, 401, "{again:?}");
    assert!(again.set_cookies().is_empty());
}

#[tokio::test]
async fn a_refusal_of_the_provider_is_told_and_is_no_session() {
    let site = Site::start().await;
    let (page, attempt) = site.begin("/console/sign-in").await;
    let state = page
        .query_pairs()
        .find(|(name, _)| name == "state")
        .map(|(_, value)| value.into_owned())
        .unwrap();

    let target = format!(
        "/console/callback?state={state}&error=access_denied&error_description=%3Cb%3Eno%3C%2Fb%3E"
    );
    let headers = [("cookie", attempt.as_str())];
    let refused = site.send(Method::GET, &target, &headers, None).await;

    assert_eq!(refused.status, 401);
    assert!(
        refused.text.contains("&lt;b&gt;no&lt;/b&gt;"),
        "{}",
        refused.text
    );
}

#[tokio::test]
async fn signing_out_ends_the_session_here_and_at_the_provider() {
    let site = Site::start().await;
    let person = site.sign_in(ADMIN).await;

    let out = site.submit(&person, "/console/sign-out", &[]).await;

    assert_eq!(out.status, 200, "{out:?}");
    assert!(out.set_cookies()[0].contains("Max-Age=0"));
    let onward = out.text.split("content=\"0;url=").nth(1).unwrap();
    let onward = onward.split('"').next().unwrap().replace("&amp;", "&");
    let back = site.send(Method::GET, &onward, &[], None).await;
    let signed_out = format!("{}/console/signed-out", site.address);
    assert_eq!(back.location(), signed_out);
    assert_eq!(
        site.send(Method::GET, &signed_out, &[], None).await.status,
        200
    );
}

#[tokio::test]
async fn what_is_no_session_leads_to_the_sign_in_page() {
    let site = Site::start().await;
    let person = site.sign_in(ADMIN).await;
    let (name, value) = person.cookie.split_once('=').unwrap();
    let changed = format!("{name}={}A", &value[..value.len() - 1]);

    for cookie in [changed.as_str(), "__Host-dealbridge=", "dealbridge=x", ""] {
        let person = Person {
            cookie: cookie.to_owned(),
            csrf: String::new(),
        };
        let page = site.open(&person, "/console").await;
        assert_eq!(
            (page.status, page.location()),
            (303, "/console/sign-in"),
            "{cookie}"
        );
    }
}
