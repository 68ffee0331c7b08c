use super::*;

fn connection(url: &str) -> Connection {
    Connection::parse(url).unwrap()
}

#[test]
fn only_supported_api_versions_are_taken() {
    for good in ["v66.0", "66.0", "66", " V41.0 ", "v68.0"] {
        assert!(good.parse::<ApiVersion>().is_ok(), "{good}");
    }
    for bad in ["", "v40.0", "v69.0", "latest", "v66.5", "-66", "v66.0/.."] {
        assert!(bad.parse::<ApiVersion>().is_err(), "{bad}");
    }
    assert_eq!(ApiVersion::default().to_string(), "v66.0");
}

#[test]
fn plain_http_is_for_loopback_only() {
    for good in [
        "https://acme.my.salesforce.com",
        "http://127.0.0.1:8100/",
        "http://localhost:1",
        "http://[::1]:80/x",
    ] {
        assert!(Connection::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "acme.my.salesforce.com",
        "http://acme.my.salesforce.com",
        "http://127.0.0.1.example.com",
        "ftp://acme.my.salesforce.com",
        "https://user:secret@acme.my.salesforce.com",
    ] {
        assert!(
            matches!(
                Connection::parse(bad),
                Err(SalesforceError::NotConfigured { .. })
            ),
            "{bad}"
        );
    }
}

#[test]
fn a_lightning_address_is_taken_as_its_my_domain() {
    assert_eq!(
        connection("https://acme--uat.sandbox.lightning.force.com/lightning/page").login_url(),
        "https://acme--uat.sandbox.my.salesforce.com"
    );
}

#[test]
fn an_instance_url_must_be_the_org_that_was_logged_in_to() {
    let own = connection("https://acme.my.salesforce.com");
    assert!(own.instance("https://acme.my.salesforce.com").is_ok());
    assert!(own.instance("https://ACME.my.salesforce.com/").is_ok());
    for foreign in [
        "https://other.my.salesforce.com",
        "https://acme.my.salesforce.com:8443",
        "http://acme.my.salesforce.com",
        "https://acme.my.salesforce.com@evil.example",
        "https://acme.my.salesforce.com.evil.example",
        "http://127.0.0.1",
        "",
    ] {
        assert!(own.instance(foreign).is_err(), "{foreign}");
    }
}

#[test]
fn a_shared_login_leads_to_any_my_domain_and_nowhere_else() {
    let shared = connection("https://login.salesforce.com");
    for good in [
        "https://acme.my.salesforce.com",
        "https://acme--uat.sandbox.my.salesforce.com",
        "https://acme.my.salesforce.mil",
        "https://na139.salesforce.com",
    ] {
        assert!(shared.instance(good).is_ok(), "{good}");
    }
    for foreign in [
        "https://my.salesforce.com.evil.example",
        "https://evilmy.salesforce.com",
        "https://.my.salesforce.com",
        "https://login.salesforce.com.evil.example",
        "https://acme.my.salesforce.com:444",
        "https://help.salesforce.com",
    ] {
        assert!(shared.instance(foreign).is_err(), "{foreign}");
    }
}

#[test]
fn sandboxes_have_their_own_audience() {
    for (url, audience) in [
        (
            "https://acme.my.salesforce.com",
            "https://login.salesforce.com",
        ),
        (
            "https://login.salesforce.com",
            "https://login.salesforce.com",
        ),
        (
            "https://acme--uat.sandbox.my.salesforce.com",
            "https://test.salesforce.com",
        ),
        ("https://test.salesforce.com", "https://test.salesforce.com"),
    ] {
        assert_eq!(connection(url).audience(), audience);
    }
}

#[test]
fn a_locator_is_a_path_of_the_connected_org() {
    let origin = Origin::parse("https://acme.my.salesforce.com").unwrap();
    let path = "/services/data/v66.0/query/0r8xx5R2sM3DgWhASK-2000";

    assert_eq!(origin.locator(path).unwrap().0, path);
    assert_eq!(
        origin
            .locator(&format!("https://acme.my.salesforce.com{path}"))
            .unwrap()
            .0,
        path
    );
    for foreign in [
        format!("https://evil.example{path}"),
        format!("//evil.example{path}"),
        "/services/data/../oauth2/revoke".to_owned(),
        "/services/data//x".to_owned(),
        "/services/data/v66.0/query/x?y=z".to_owned(),
        "/services/data/v66.0/query/x%2f..".to_owned(),
        "/services/apexrest/x".to_owned(),
        "@evil.example/services/data/x".to_owned(),
        String::new(),
    ] {
        assert!(origin.locator(&foreign).is_err(), "{foreign}");
    }
}
