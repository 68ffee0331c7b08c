//! Who has an address, and what an import says of it.

use serde_json::{Value, json};

use crate::product::{ADMIN, Product};

async fn address(product: &Product, email: &str) -> Value {
    let target = format!("/people?email={email}");
    product.get(ADMIN, &target).await.ok()
}

/// The codes of what keeps an import from finding somebody in a role.
fn codes(role: &Value) -> Vec<&str> {
    let hindrances = role["hindrances"].as_array().unwrap();
    let codes = hindrances.iter().map(|one| one["code"].as_str().unwrap());
    codes.collect()
}

#[tokio::test]
async fn an_address_tells_status_organization_groups_and_what_the_import_says() {
    let product = Product::start(None).await;

    let found = address(&product, "ROSA.lindqvist@fjordpartners.example").await;
    assert_eq!(found["users"][0]["effectiveStatus"], "active");
    assert_eq!(found["organizations"][0]["name"], "Fjord Partners");
    assert!(
        found["groups"][0]["modules"]
            .as_array()
            .unwrap()
            .contains(&json!("deal_registration"))
    );
    assert_eq!(
        found["asPartner"],
        json!({ "found": true, "hindrances": [] })
    );
    assert_eq!(
        codes(&found["asDistributor"]),
        ["DISTRIBUTOR_USER_WRONG_TYPE"]
    );

    let pending = address(&product, "pia.novak@meridianworks.example").await;
    assert_eq!(codes(&pending["asPartner"]), ["PARTNER_USER_PENDING"]);
    let said = pending["asPartner"]["hindrances"][0]["message"].as_str();
    assert_eq!(
        said.unwrap(),
        "Channeltivity Partner Email of an Opportunity holds pia.novak@meridianworks.example: the Partner User Pia Novak has never activated the account."
    );

    let shared = address(&product, "office@meridianworks.example").await;
    assert_eq!(shared["users"].as_array().unwrap().len(), 2);
    assert_eq!(codes(&shared["asPartner"]), ["PARTNER_EMAIL_AMBIGUOUS"]);

    let nobody = address(&product, "nobody@nowhere.example").await;
    assert_eq!(nobody["users"], json!([]));
    assert_eq!(codes(&nobody["asPartner"]), ["PARTNER_USER_NOT_FOUND"]);
}

#[tokio::test]
async fn what_the_import_says_of_an_address_is_what_it_says_of_an_opportunity_with_it() {
    let product = Product::imported().await;
    let problems = product.get(ADMIN, "/problems?limit=500").await.ok();
    let mut compared = 0;
    for entry in problems["items"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|one| one["entries"].as_array().unwrap())
    {
        let (code, message) = (
            entry["code"].as_str().unwrap(),
            entry["message"].as_str().unwrap(),
        );
        let role = match code.split_once('_').unwrap().0 {
            "PARTNER" => "asPartner",
            "DISTRIBUTOR" => "asDistributor",
            _ => continue,
        };
        let held = message
            .split_once(" holds ")
            .and_then(|(_, held)| held.split([',', ':', ' ']).next());
        let Some(email) = held.filter(|held| held.contains('@') && !code.ends_with("INVALID"))
        else {
            continue;
        };
        let found = address(&product, email).await;
        assert!(codes(&found[role]).contains(&code), "{message} {found}");
        compared += 1;
    }
    assert!(compared > 10, "{compared}");
}

#[tokio::test]
async fn an_address_is_asked_for_by_administrators_and_must_be_one() {
    let product = Product::start(None).await;

    for query in ["", "?email=", "?email=nonsense"] {
        let refused = product.get(ADMIN, &format!("/people{query}")).await;
        assert_eq!(refused.refusal(), (400, "MALFORMED"), "{query}");
    }
}
