//! The settings as a form, without scripts: what is typed stays, rows come and go, nobody overwrites anybody.

use dealbridge_tests::site::{ADMIN, Page, Person, Site};

const SETTINGS: &str = "/console/settings";

/// The fields that a browser would send with a page's forms.
fn fields(page: &Page) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    let mut select = String::new();
    for tag in page.text.split('<') {
        let (head, text) = tag.split_once('>').unwrap_or((tag, ""));
        let value = || attribute(head, "value").unwrap_or_default();
        match (head.split(' ').next(), attribute(head, "name")) {
            (Some("input"), Some(name)) => {
                let is_box = head.contains("type=\"checkbox\"");
                if !is_box || head.contains(" checked") {
                    fields.push((name, value()));
                }
            }
            (Some("select"), Some(name)) => select = name,
            (Some("option"), _) if head.contains(" selected") => {
                fields.push((select.clone(), value()));
            }
            (Some("textarea"), Some(name)) => {
                fields.push((name, unescaped(text.trim_start_matches('\n'))));
            }
            _ => {}
        }
    }
    fields.retain(|(name, _)| name != "csrf");
    fields
}

fn attribute(head: &str, name: &str) -> Option<String> {
    let (_, rest) = head.split_once(&format!(" {name}=\""))?;
    Some(unescaped(rest.split('"').next()?))
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">");
    text.replace("&quot;", "\"").replace("&amp;", "&")
}

fn set(fields: &mut Vec<(String, String)>, name: &str, value: &str) {
    fields.retain(|(known, _)| known != name);
    fields.push((name.to_owned(), value.to_owned()));
}

fn typed(page: &Page, name: &str) -> Vec<String> {
    let fields = fields(page).into_iter();
    let of_name = fields.filter(|(known, _)| known == name);
    of_name.map(|(_, value)| value).collect()
}

async fn send(site: &Site, admin: &Person, fields: &[(String, String)], act: &str) -> Page {
    let mut sent: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    sent.push(("act", act));
    site.submit(admin, SETTINGS, &sent).await
}

#[tokio::test]
async fn what_was_loaded_is_saved_once_and_not_over_what_somebody_else_saved() {
    let site = Site::start().await;
    let admin = site.sign_in(ADMIN).await;
    let loaded = fields(&site.open(&admin, SETTINGS).await);
    let (mut first, mut second) = (loaded.clone(), loaded);
    set(&mut first, "overlap_minutes", "15");
    set(&mut second, "default_registration_status", "Under review");
    set(&mut second, "key", "k-second");

    let saved = send(&site, &admin, &first, "save").await;
    let again = send(&site, &admin, &first, "save").await;
    let stale = send(&site, &admin, &second, "save").await;
    let over = send(&site, &admin, &second, "over:2").await;
    let versions = site.open(&admin, "/console/settings/versions").await;

    assert_eq!((saved.status, again.status), (303, 303), "{saved:?}");
    assert_eq!(stale.status, 412);
    assert!(
        stale
            .text
            .contains("Somebody else stored settings meanwhile.")
    );
    assert_eq!(
        typed(&stale, "default_registration_status"),
        ["Under review"]
    );
    assert!(!stale.text.contains(">csrf<") && !stale.text.contains(">key<"));
    assert_eq!(over.status, 303);
    let now = site.open(&admin, SETTINGS).await;
    assert_eq!(typed(&now, "version"), ["3"]);
    assert_eq!(typed(&now, "overlap_minutes"), ["10"]);
    assert!(versions.text.contains("Version 3") && versions.text.contains(ADMIN));
}

#[tokio::test]
async fn rows_come_and_go_and_what_was_typed_stays_though_it_is_wrong() {
    let site = Site::start().await;
    let admin = site.sign_in(ADMIN).await;
    let mut form = fields(&site.open(&admin, SETTINGS).await);
    let hostile = "\"><script>alert(1)</script>";
    set(&mut form, "my_domain", hostile);

    let added = send(&site, &admin, &form, "add:mappings").await;
    let mut form = fields(&added);
    set(&mut form, "mappings[8].salesforce", "no name");
    let refused = send(&site, &admin, &form, "save").await;
    let removed = send(&site, &admin, &fields(&refused), "remove:mappings[8]").await;

    assert_eq!(typed(&added, "rows.mappings"), ["9"]);
    assert_eq!(typed(&added, "my_domain"), [hostile]);
    assert_eq!(refused.status, 422);
    assert_eq!(typed(&refused, "mappings[8].salesforce"), ["no name"]);
    for place in [
        "my_domain",
        "mappings[8].salesforce",
        "mappings[8].channeltivity",
    ] {
        let said = format!("id=\"{place}-said\"");
        assert!(refused.text.contains(&said), "{place}");
    }
    assert!(!refused.text.contains("<script>alert"));
    assert_eq!(typed(&removed, "rows.mappings"), ["8"]);
    assert_eq!(typed(&removed, "my_domain"), [hostile]);
}

#[tokio::test]
async fn a_former_version_is_compared_and_restored() {
    let site = Site::start().await;
    let admin = site.sign_in(ADMIN).await;
    let mut form = fields(&site.open(&admin, SETTINGS).await);
    set(&mut form, "overlap_minutes", "15");
    assert_eq!(send(&site, &admin, &form, "save").await.status, 303);
    let former = "/console/settings/versions/1";

    let page = site.open(&admin, former).await;
    let restored = site
        .submit(&admin, former, &[("over", "2"), ("key", "k")])
        .await;
    let stale = site
        .submit(&admin, former, &[("over", "2"), ("key", "k2")])
        .await;

    assert!(
        page.text
            .contains("Overlap of incremental runs, in minutes")
    );
    assert!(page.text.contains("Restore version 1"));
    assert_eq!(restored.status, 303);
    assert_eq!(stale.status, 412);
    let now = site.open(&admin, SETTINGS).await;
    assert_eq!(typed(&now, "overlap_minutes"), ["10"]);
    assert_eq!(typed(&now, "version"), ["3"]);
}

#[tokio::test]
async fn try_it_shows_what_would_change_and_stores_nothing() {
    let site = Site::start().await;
    let admin = site.sign_in(ADMIN).await;
    let mut form = fields(&site.open(&admin, SETTINGS).await);
    set(&mut form, "default_registration_status", "Under review");

    let tried = send(&site, &admin, &form, "try").await;

    assert_eq!(tried.status, 200);
    assert!(tried.text.contains("the last 42 Opportunities"));
    assert!(tried.text.contains("<ins>Under review</ins>"));
    let now = site.open(&admin, SETTINGS).await;
    assert_eq!(typed(&now, "version"), ["1"]);
}
