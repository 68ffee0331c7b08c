//! Records as pages.

use reqwest::Method;
use serde_json::json;

use crate::fixture::{Answer, Org, account, answer, id, opportunity};

async fn open(org: &Org, path: &str) -> Answer {
    // A browser brings no session of the API along.
    answer(
        org.http
            .request(Method::GET, format!("{}{path}", org.handle.instance_url())),
    )
    .await
}

#[tokio::test]
async fn the_links_to_a_record_open_a_page_with_its_fields() {
    let org = Org::small().await;
    let opportunity = opportunity(1);

    for path in [
        format!("/lightning/r/Opportunity/{opportunity}/view"),
        format!("/lightning/r/{opportunity}/view"),
        format!("/{opportunity}"),
        format!("/{}", &opportunity[..15]),
    ] {
        let page = open(&org, &path).await;
        let text = page.body.as_str().unwrap_or_default();
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(page.header("content-type"), "text/html;charset=UTF-8");
        for part in [
            "<h1>Opportunity: Anvils</h1>",
            "<th title=\"Amount\">Amount</th><td>1000.0</td>",
            &format!("<a href=\"/{}\">", account(1)),
        ] {
            assert!(text.contains(part), "{path} lacks {part}: {text}");
        }
    }
}

#[tokio::test]
async fn a_value_is_shown_as_text_whatever_it_holds() {
    let org = Org::small().await;
    let fields = json!({ "Name": "<script>alert('&')</script>\"" });
    org.admin(
        "edit",
        json!({ "object": "Account", "id": account(1), "fields": fields }),
    )
    .await;

    let page = open(&org, &format!("/{}", account(1))).await;

    let text = page.body.as_str().unwrap_or_default();
    assert!(!text.contains("<script"), "{text}");
    assert!(text.contains("&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;&quot;"));
    assert!(
        page.header("content-security-policy")
            .starts_with("default-src 'none'")
    );
}

#[tokio::test]
async fn other_addresses_lead_nowhere() {
    let org = Org::small().await;

    for path in [
        format!("/{}", id("006", 999)),
        format!("/lightning/r/Opportunity/{}/edit", opportunity(1)),
        "/lightning/o/Opportunity/list".to_owned(),
        "/home".to_owned(),
        "/".to_owned(),
    ] {
        assert_eq!(open(&org, &path).await.status, 404, "{path}");
    }
}
