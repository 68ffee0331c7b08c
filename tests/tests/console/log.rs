//! The Integration Log and the explanations, as an administrator uses them.

use dealbridge_tests::site::{ADMIN, Page, Person, Site};

/// The number of open problems that the overview tells.
async fn open_problems(site: &Site, admin: &Person) -> u64 {
    let page = site.open(admin, "/console/log").await.text;
    let told = page.split("<strong>").nth(1).unwrap();
    told.split('<').next().unwrap().parse().unwrap()
}

async fn clear(site: &Site, admin: &Person, field: (&str, &str)) -> Page {
    let form = [field, ("key", "k"), ("back", "/console/log?text=x")];
    site.submit(admin, "/console/log/clear", &form).await
}

#[tokio::test]
async fn problems_are_acknowledged_one_by_one_by_code_and_all_from_one_page() {
    let site = Site::imported().await;
    let admin = site.sign_in(ADMIN).await;
    let all = open_problems(&site, &admin).await;

    // A page has one key for all its buttons.
    for (field, acknowledged) in [
        (("opportunity", "006aP00000008IUQAY"), 1),
        (("code", "CONTACT_MISSING"), 2),
    ] {
        let done = clear(&site, &admin, field).await;
        assert_eq!(done.status, 303, "{done:?}");
        let back = format!("/console/log?text=x&acknowledged={acknowledged}");
        assert_eq!(done.location(), back);
        // The same button once more is the same act.
        assert_eq!(clear(&site, &admin, field).await.location(), back);
    }
    assert_eq!(open_problems(&site, &admin).await, all - 3);

    clear(&site, &admin, ("all", "true")).await;
    let page = site.open(&admin, "/console/log").await.text;
    assert!(page.contains("There is no open problem"), "{page}");
    let cleared = site.open(&admin, "/console/log?cleared=true").await.text;
    assert!(cleared.contains("Acknowledged") && cleared.contains("006aP00000008IUQAY"));
}

#[tokio::test]
async fn the_way_back_leads_nowhere_else() {
    let site = Site::imported().await;
    let admin = site.sign_in(ADMIN).await;

    for back in [
        "https://evil.example/",
        "//evil.example",
        "/console/logout?",
    ] {
        let form = [("all", "true"), ("key", back), ("back", back)];
        let done = site.submit(&admin, "/console/log/clear", &form).await;
        assert!(done.location().starts_with("/console/log?"), "{done:?}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_filter_stands_beside_its_field_and_what_was_typed_stays() {
    let site = Site::imported().await;
    let admin = site.sign_in(ADMIN).await;

    for (target, field, typed) in [
        (
            "/console/log?opportunity=nonsense",
            "opportunity",
            "nonsense",
        ),
        ("/console/log/entries?run=zz", "run", "zz"),
        ("/console/log/entries?code=NO_SUCH", "code", "NO_SUCH"),
        ("/console/why?q=nonsense", "q", "nonsense"),
        ("/console/people?email=nonsense", "email", "nonsense"),
    ] {
        let page = site.open(&admin, target).await;
        assert!(
            (400..500).contains(&page.status),
            "{target}: {}",
            page.status
        );
        assert!(
            page.text.contains(&format!("id=\"{field}-error\"")),
            "{target}"
        );
        assert!(
            page.text.contains(&format!("value=\"{typed}\"")),
            "{target}"
        );
    }
}

#[tokio::test]
async fn the_entries_are_a_file_with_the_same_filters() {
    let site = Site::imported().await;
    let admin = site.sign_in(ADMIN).await;

    let page = site
        .open(&admin, "/console/log/entries?code=STAGE_EMPTY")
        .await;
    assert!(page.text.contains("/console/log/export?code=STAGE_EMPTY"));
    let file = site
        .open(&admin, "/console/log/export?code=STAGE_EMPTY")
        .await;

    let header = |name: &str| file.headers[name].to_str().unwrap().to_owned();
    assert!(header("content-type").starts_with("text/csv"));
    assert!(header("content-disposition").starts_with("attachment"));
    let rows: Vec<&str> = file.text.lines().collect();
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(rows[1].contains(",error,STAGE_EMPTY,"), "{rows:?}");
}

#[tokio::test]
async fn an_explanation_has_every_condition_those_that_fail_first() {
    let site = Site::imported().await;
    let admin = site.sign_in(ADMIN).await;

    let page = site
        .open(&admin, "/console/why?q=006aP00000008NHQAY")
        .await
        .text;

    let (last_failure, first_pass) = (page.rfind("Fail</span>"), page.find("Pass</span>"));
    assert!(
        last_failure.is_some() && last_failure < first_pass,
        "{page}"
    );
    for text in [
        "Would not import",
        "pia.novak@meridianworks.example",
        "What to do: ",
    ] {
        assert!(page.contains(text), "{text}");
    }
}
