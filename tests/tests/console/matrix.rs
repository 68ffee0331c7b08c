//! Every page and form of the console by every kind of person: who is admitted.

use std::collections::BTreeSet;

use serde_json::json;

use dealbridge_tests::site::{ADMIN, DISTRIBUTOR, INTERNAL, PARTNER, Page, Person, Site};

/// An internal user in no group.
const WITHOUT_MODULE: &str = "ida.winter@alderpeak.example";

/// The people, in the order of the columns.
const PEOPLE: [&str; 7] = [
    "nobody",
    "partner",
    "distributor",
    "internal user",
    "internal user without the module",
    "administrator",
    "administrator who was disabled after signing in",
];

/// The answer that each gets: `s` is the way to the sign-in page, `-` is 403, `+` is any other.
const ROWS: &[(&str, &str)] = &[
    // route                            nobody partner distributor internal without admin disabled
    ("GET /console", "s - - - - + -"),
    ("POST /console/sync", "s - - - - + -"),
    ("GET /console/runs/{id}", "s - - - - + -"),
    ("POST /console/dead-letters/replay", "s - - - - + -"),
    ("GET /console/{kind}", "s - - + + + -"),
    ("GET /console/tasks/{id}", "s - - + - + -"),
    ("GET /console/{kind}/new", "s - - + - + -"),
    ("POST /console/{kind}/new", "s - - + - + -"),
    ("GET /console/{kind}/{id}", "s - - + + + -"),
    ("GET /console/{kind}/{id}/edit", "s - - + - + -"),
    ("POST /console/{kind}/{id}/edit", "s - - + - + -"),
    ("POST /console/{kind}/{id}/sync-now", "s - - + - + -"),
    ("GET /console/{kind}/{id}/linking", "s - - + + + -"),
    ("POST /console/{kind}/{id}/link-check", "s - - + + + -"),
    ("POST /console/{kind}/{id}/link-preview", "s - - + + + -"),
    ("POST /console/{kind}/{id}/link-confirm", "s - - + + + -"),
    ("GET /console/{kind}/{id}/unlinking", "s - - - - + -"),
    ("POST /console/{kind}/{id}/unlink", "s - - - - + -"),
    ("GET /console/log", "s - - - - + -"),
    ("POST /console/log/clear", "s - - - - + -"),
    ("GET /console/log/entries", "s - - - - + -"),
    ("GET /console/log/export", "s - - - - + -"),
    ("GET /console/why", "s - - - - + -"),
    ("GET /console/suppressions", "s - - - - + -"),
    ("POST /console/suppressions/allow", "s - - - - + -"),
    ("GET /console/settings", "s - - - - + -"),
    ("POST /console/settings", "s - - - - + -"),
    ("POST /console/settings/row", "s - - - - + -"),
    ("GET /console/settings/versions", "s - - - - + -"),
    ("GET /console/settings/versions/{version}", "s - - - - + -"),
    ("POST /console/settings/versions/{version}", "s - - - - + -"),
    ("GET /console/people", "s - - - - + -"),
    ("GET /console/people/groups", "s - - - - + -"),
    ("GET /console/people/organizations", "s - - - - + -"),
    ("GET /console/people/contacts", "s - - - - + -"),
];

fn verdict(page: &Page) -> &'static str {
    match page.status {
        303 if page.location().starts_with("/console/sign-in") => "s",
        403 => "-",
        _ => "+",
    }
}

async fn people(site: &Site) -> Vec<Person> {
    let modules = json!({ "modules": ["deal_registration", "lead_distribution", "referrals"] });
    for group in ["grp-partner-sales", "grp-dist-sales", "grp-channel"] {
        let changed = site.local(&format!("groups/{group}"), &modules).await;
        assert_eq!(changed.status, 200, "{changed:?}");
    }
    let user = |email: &str, groups: &[&str]| {
        json!({
            "name": "Ida", "email": email, "type": "internal",
            "organization": "org-alderpeak", "groups": groups, "status": "active",
        })
    };
    let leaver = "leaver@alderpeak.example";
    for (id, body) in [
        ("users/usr-ida", user(WITHOUT_MODULE, &[])),
        ("users/usr-leaver", user(leaver, &["grp-admins"])),
    ] {
        let invited = site.local(id, &body).await;
        assert!(invited.status < 300, "{invited:?}");
    }
    let mut people = vec![Person {
        cookie: String::new(),
        csrf: String::new(),
    }];
    for user in [PARTNER, DISTRIBUTOR, INTERNAL, WITHOUT_MODULE, ADMIN] {
        people.push(site.sign_in(user).await);
    }
    // Rights are looked up with the first page, and kept for a minute.
    people.push(site.session(leaver).await);
    people
}

#[tokio::test]
async fn every_page_admits_whom_it_is_for_and_nobody_else() {
    let site = Site::start().await;
    let people = people(&site).await;
    let disabled = site
        .local("users/usr-leaver", &json!({ "status": "disabled" }))
        .await;
    assert_eq!(disabled.status, 200, "{disabled:?}");
    let (mut faults, mut seen) = (Vec::new(), BTreeSet::new());

    for route in console::routes() {
        let key = format!("{} {}", route.method, route.path);
        let Some((_, row)) = ROWS.iter().find(|(known, _)| *known == key) else {
            faults.push(format!("{key} has no row"));
            continue;
        };
        let expected: Vec<&str> = row.split(' ').collect();
        assert_eq!(expected.len(), PEOPLE.len(), "{key}");
        let target = route
            .path
            .replace("{kind}", "deals")
            .replace("{id}", "none");
        for (place, person) in people.iter().enumerate() {
            let page = match route.method.as_str() {
                "GET" => site.open(person, &target).await,
                _ => site.submit(person, &target, &[]).await,
            };
            assert!(page.status < 500, "{key}: {page:?}");
            if verdict(&page) != expected[place] {
                faults.push(format!("{key}, {}: {}", PEOPLE[place], page.status));
            }
        }
        seen.insert(key);
    }
    let unknown = ROWS.iter().filter(|(key, _)| !seen.contains(*key));
    faults.extend(unknown.map(|(key, _)| format!("{key} is no route")));

    assert_eq!(faults, Vec::<String>::new());
}
