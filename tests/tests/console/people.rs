//! People, as an administrator sees them.

use dealbridge_tests::site::{ADMIN, Site};

#[tokio::test]
async fn an_address_tells_why_a_user_is_not_found() {
    let site = Site::start().await;
    let admin = site.sign_in(ADMIN).await;
    let about = async |email: &str| {
        let target = format!("/console/people?email={email}");
        site.open(&admin, &target).await.text
    };

    let pending = about("pia.novak@meridianworks.example").await;
    for text in [
        "Pending",
        "Partner User",
        "Meridian Works",
        "Deal registration",
        "PARTNER_USER_PENDING",
    ] {
        assert!(pending.contains(text), "{text}");
    }
    let found = about("rosa.lindqvist@fjordpartners.example").await;
    assert!(
        found.contains("An import takes the User with this address"),
        "{found}"
    );
    let nobody = about("nobody@nowhere.example").await;
    assert!(
        nobody.contains("Nobody in the portal has this address"),
        "{nobody}"
    );
}

#[tokio::test]
async fn the_people_of_an_organization_are_listed_and_an_unknown_one_says_what_to_do() {
    let site = Site::start().await;
    let admin = site.sign_in(ADMIN).await;

    let users = site
        .open(&admin, "/console/people?organization=org-fjord")
        .await
        .text;
    assert!(users.contains("rosa.lindqvist@fjordpartners.example"));
    assert!(!users.contains("pia.novak@meridianworks.example"));
    let unknown = site
        .open(&admin, "/console/people?organization=org-none")
        .await
        .text;
    assert!(
        unknown.contains("The ids are under Organizations"),
        "{unknown}"
    );
}
