//! Deals, Leads and Referrals in the console: submitted, edited, linked, unlinked by forms.

use serde_json::json;

use dealbridge_tests::site::{ADMIN, INTERNAL, Page, Person, Site};

const LEAD: &str = "https://alderpeak.lightning.force.com/lightning/r/Lead/00QaP000000033wUAA/view";
const AT: &str = "/console/leads/lead-quayside";

/// The value of a hidden field.
fn hidden(page: &Page, name: &str) -> String {
    let before = format!("name=\"{name}\" value=\"");
    let value = page.text.split(&before).nth(1);
    let value = value.and_then(|rest| rest.split('"').next());
    value.unwrap_or_default().to_owned()
}

/// The text of the element with an id, up to the next tag.
fn text<'a>(page: &'a Page, id: &str) -> &'a str {
    let element = page.text.split(&format!("id=\"{id}\"")).nth(1);
    let text = element.and_then(|rest| rest.split('>').nth(1));
    text.and_then(|rest| rest.split('<').next())
        .unwrap_or_default()
}

#[tokio::test]
async fn a_deal_is_submitted_and_every_wrong_field_is_told_beside_it() {
    let site = Site::start().await;
    let person = site.sign_in(INTERNAL).await;
    let name = "Ilex <script>alert(1)</script> \u{202e}=cmd|' /C calc'!A0";
    let mut form = vec![
        ("key", "k-1"),
        ("fields.name", name),
        ("fields.stage", "Qualified"),
        ("fields.amount", "much"),
        ("fields.close_date", ""),
        ("fields.product", "Gateway S"),
        ("endUser.email", "no address"),
        ("owner", "nobody@fjordpartners.example"),
    ];

    let refused = site.submit(&person, "/console/deals/new", &form).await;

    assert_eq!(refused.status, 422);
    for (field, told) in [
        ("fields.amount-error", "Takes an amount"),
        ("fields.close_date-error", "Close date is required"),
        ("endUser.email-error", "Takes an email address"),
        ("owner-error", "There is no User"),
    ] {
        assert!(
            text(&refused, field).starts_with(told),
            "{field}: {}",
            text(&refused, field)
        );
    }
    assert!(
        refused.text.contains("value=\"much\""),
        "what was typed is kept"
    );

    for (field, value) in [
        ("fields.amount", "1200.5"),
        ("fields.close_date", "2027-03-31"),
        ("endUser.email", "ann@ilex.example"),
        ("owner", "rosa.lindqvist@fjordpartners.example"),
    ] {
        form.iter_mut()
            .filter(|(known, _)| *known == field)
            .for_each(|one| one.1 = value);
    }
    let made = site.submit(&person, "/console/deals/new", &form).await;
    assert_eq!(made.status, 303, "{made:?}");
    let again = site.submit(&person, "/console/deals/new", &form).await;
    assert_eq!(
        again.location(),
        made.location(),
        "a form sent twice makes one Deal"
    );

    for page in [made.location(), "/console/deals?q=ilex"] {
        let page = site.open(&person, page).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("Ilex &lt;script&gt;") && !page.text.contains("<script>alert"));
        assert!(page.text.contains("Rosa Lindqvist"));
    }
}

#[tokio::test]
async fn an_edit_of_a_deal_that_changed_meanwhile_keeps_what_was_typed() {
    let site = Site::start().await;
    let person = site.sign_in(INTERNAL).await;
    let at = "/console/deals/deal-office-move";
    let shown = site.open(&person, &format!("{at}/edit")).await;
    let was = |page: &Page, field: &str| hidden(page, &format!("was.{field}"));
    let (amount, stage) = (was(&shown, "fields.amount"), was(&shown, "fields.stage"));
    let form = |version: String, stage_value: &'static str, amount: String, stage: String| {
        [
            ("key".to_owned(), format!("k-{version}")),
            ("version".to_owned(), version),
            (
                "fields.name".to_owned(),
                "Ferrous Foundry - office move".to_owned(),
            ),
            ("was.fields.name".to_owned(), was(&shown, "fields.name")),
            ("fields.amount".to_owned(), "1500".to_owned()),
            ("was.fields.amount".to_owned(), amount),
            ("fields.stage".to_owned(), stage_value.to_owned()),
            ("was.fields.stage".to_owned(), stage),
            ("fields.close_date".to_owned(), "2027-01-15".to_owned()),
            (
                "was.fields.close_date".to_owned(),
                was(&shown, "fields.close_date"),
            ),
            ("fields.product".to_owned(), "Gateway S".to_owned()),
            (
                "was.fields.product".to_owned(),
                was(&shown, "fields.product"),
            ),
            ("owner".to_owned(), "usr-rosa".to_owned()),
            ("was.owner".to_owned(), was(&shown, "owner")),
        ]
    };
    let save = async |form: &[(String, String)]| {
        let form: Vec<(&str, &str)> = form
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        site.submit(&person, &format!("{at}/edit"), &form).await
    };
    let meanwhile = json!({ "fields": { "amount": 99, "stage": "Won" } });
    site.local("records/deals/deal-office-move", &meanwhile)
        .await;

    let stale = save(&form(hidden(&shown, "version"), "Proposal", amount, stage)).await;

    assert_eq!(stale.status, 412);
    assert!(
        stale
            .text
            .contains("Somebody else changed this Deal meanwhile.")
    );
    assert!(
        stale.text.contains("value=\"1500\""),
        "what was typed is kept"
    );
    assert!(
        text(&stale, "fields.amount-hint").contains("99"),
        "the newer value is told"
    );
    assert!(
        stale.text.contains("value=\"Won\" selected"),
        "the rest is the newer"
    );

    let (amount, stage) = (was(&stale, "fields.amount"), was(&stale, "fields.stage"));
    let saved = save(&form(hidden(&stale, "version"), "Won", amount, stage)).await;
    assert_eq!(saved.status, 303, "{saved:?}");
    let page = site.open(&person, at).await;
    assert!(page.text.contains("1500") && page.text.contains("Won"));
}

/// The second step of the link dialog.
async fn previewed(site: &Site, person: &Person, url: &str, master: &str) -> Page {
    let form = [("salesforceUrl", url), ("master", master)];
    site.submit(person, &format!("{AT}/link-preview"), &form)
        .await
}

/// The form that links, as the second step has it.
async fn confirmed(site: &Site, person: &Person, page: &Page, tick: &str) -> Page {
    let (token, key) = (hidden(page, "previewToken"), hidden(page, "key"));
    let rows: Vec<&str> = page.text.split("name=\"seen\" value=\"").skip(1).collect();
    let mut form = vec![
        ("salesforceUrl", LEAD),
        ("master", "salesforce"),
        ("previewToken", &token),
        ("key", &key),
        ("confirm", tick),
    ];
    form.extend(
        rows.iter()
            .filter_map(|row| Some(("seen", row.split('"').next()?))),
    );
    site.submit(person, &format!("{AT}/link-confirm"), &form)
        .await
}

#[tokio::test]
async fn a_lead_is_linked_in_two_steps_and_unlinked_by_an_administrator() {
    let site = Site::start().await;
    let (internal, admin) = (site.sign_in(INTERNAL).await, site.sign_in(ADMIN).await);

    let preview = previewed(&site, &internal, LEAD, "salesforce").await;
    assert_eq!(preview.status, 200);
    assert!(preview.text.contains("Aoife") && preview.text.contains("Channeltivity has no value"));
    let unticked = confirmed(&site, &internal, &preview, "").await;
    assert_eq!(unticked.status, 400);
    assert!(!text(&unticked, "confirm-error").is_empty());

    let edit = json!({ "fields": { "title": "Head chef" } });
    site.local("records/leads/lead-quayside", &edit).await;
    let stale = confirmed(&site, &internal, &preview, "yes").await;
    assert_eq!(stale.status, 409);
    assert_eq!(
        stale.text.matches("<tr class=\"marked\">").count(),
        1,
        "{}",
        stale.text
    );
    assert!(stale.text.contains("1 field is marked as changed."));
    let linked = confirmed(&site, &internal, &stale, "yes").await;
    assert_eq!(linked.status, 303, "{linked:?}");

    let page = site.open(&internal, linked.location()).await;
    assert!(page.text.contains("Linked to the Salesforce"));
    assert!(page.text.contains("View in Salesforce") && !page.text.contains("Unlink"));
    let page = site.open(&admin, AT).await;
    assert!(page.text.contains(&format!("{AT}/unlinking")));

    let dialog = site.open(&admin, &format!("{AT}/unlinking")).await;
    let (key, version) = (hidden(&dialog, "key"), hidden(&dialog, "version"));
    let unlink = async |tick: &str| {
        let form = [
            ("key", key.as_str()),
            ("version", version.as_str()),
            ("confirm", tick),
        ];
        site.submit(&admin, &format!("{AT}/unlink"), &form).await
    };
    assert_eq!(unlink("").await.status, 400);
    let unlinked = unlink("yes").await;
    assert_eq!(unlinked.status, 200);
    assert!(
        unlinked
            .text
            .contains("are no longer linked; both keep their values")
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_url_is_told_beside_it() {
    let site = Site::imported().await;
    let person = site.sign_in(INTERNAL).await;

    for (url, code) in [
        (
            "https://alderpeak.lightning.force.com/lightning/r/Account/001aP00000003rUQAQ/view",
            "URL_NOT_LEAD_OR_OPPORTUNITY",
        ),
        (
            "https://other.lightning.force.com/lightning/r/Lead/00QaP000000033wUAA/view",
            "URL_OTHER_ORG",
        ),
        ("nonsense", "URL_INVALID"),
        ("006aP00000008G0", "ALREADY_LINKED_OTHER"),
    ] {
        let form = [("salesforceUrl", url)];
        let typed = site
            .submit(&person, &format!("{AT}/link-check"), &form)
            .await;
        assert_eq!(typed.status, 200, "{url}");
        assert!(
            typed
                .text
                .starts_with("<p class=\"error\" id=\"salesforceUrl-error\""),
            "{}",
            typed.text
        );
        let refused = previewed(&site, &person, url, "salesforce").await;
        assert!(refused.status >= 400, "{url}");
        for page in [typed, refused] {
            assert!(
                page.text.contains(&format!("<code>{code}</code>")),
                "{url}: {}",
                page.text
            );
        }
    }
    let named = site
        .submit(
            &person,
            &format!("{AT}/link-check"),
            &[("salesforceUrl", LEAD)],
        )
        .await;
    assert!(
        named.text.contains("Lead 00QaP000000033wUAA"),
        "{}",
        named.text
    );
    let no_master = previewed(&site, &person, LEAD, "").await;
    assert_eq!(no_master.status, 400);
    assert!(text(&no_master, "master-error").starts_with("Choose the master"));
}
