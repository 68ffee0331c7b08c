//! Settings before they are stored and after: what they may name, their check, their trial, their versions.

use reqwest::Method;
use serde_json::{Value, json};

use crate::product::{ADMIN, Answer, Product};

async fn settings(product: &Product) -> Value {
    product.get(ADMIN, "/settings").await.ok()
}

async fn post(product: &Product, target: &str, body: &Value) -> Answer {
    let body = Some(body.clone());
    product.call(ADMIN, Method::POST, target, body).await
}

fn places(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap().iter();
    list.map(|one| one["place"].as_str().unwrap()).collect()
}

/// Removes the settings, as in a deployment that has none yet.
async fn forget_settings(product: &Product) {
    let store = &product.app.store;
    let delete = store.client().delete_item();
    let delete = delete
        .table_name(&store.tables().records)
        .set_key(Some(dealbridge_aws::keys::settings()));
    delete.send().await.unwrap();
}

#[tokio::test]
async fn the_fields_that_settings_may_name_are_those_that_the_integration_user_sees() {
    let product = Product::start(None).await;

    let fields = product.get(ADMIN, "/settings/fields").await.ok();

    let paths = |object: usize| -> Vec<&str> {
        let fields = fields["objects"][object]["fields"].as_array().unwrap();
        let path = |field: &'_ Value| field["path"].as_str().map(str::len);
        assert!(fields.iter().all(|field| path(field) > Some(0)));
        fields
            .iter()
            .map(|field| field["path"].as_str().unwrap())
            .collect()
    };
    assert_eq!(fields["objects"][0]["object"], "Opportunity");
    for path in ["Channel_Stage__c", "Account.Website"] {
        assert!(paths(0).contains(&path), "{path}");
    }
    assert!(paths(1).contains(&"Company"));
    let named = &fields["named"];
    let flags = named["flags"].as_array().unwrap();
    assert!(flags.contains(&json!("Sync_to_Portal__c")), "{named}");
    assert!(!flags.contains(&json!("Partner_Email__c")), "{named}");
    assert_eq!(fields["problem"], Value::Null);
}

#[tokio::test]
async fn without_salesforce_the_fields_of_the_portal_are_told_and_why_the_others_are_not() {
    let product = Product::start(None).await;
    let order = json!({ "match": "/oauth2/token", "status": 400, "times": 9, "body": { "error": "invalid_grant", "error_description": "inactive user" } });
    product.org("fail", order).await;

    let fields = product.get(ADMIN, "/settings/fields").await.ok();
    let test = post(&product, "/settings/test", &json!({})).await.ok();

    assert_eq!(fields["problem"]["code"], "SF_AUTH_FAILED");
    assert_eq!(fields["objects"], json!([]));
    assert_eq!(fields["endUserFields"][0]["name"], "end_user.company");
    assert_eq!(
        (&test["connected"], &test["problem"]["code"]),
        (&json!(false), &json!("SF_AUTH_FAILED"))
    );
}

#[tokio::test]
async fn the_test_names_the_integration_user_and_the_field_that_is_hidden_from_it() {
    let product = Product::start(None).await;
    let mut wrong = settings(&product).await;
    wrong["fields"]["partner_email"] = "Nothing__c".into();

    let test = post(&product, "/settings/test", &json!({ "settings": wrong })).await;
    let test = test.ok();

    assert_eq!(test["connected"], true);
    assert_eq!(test["user"]["username"], "integration@alderpeak.example");
    assert!(places(&test["warnings"]).contains(&"fields.partner_email"));
    let problem = test["warnings"][0]["problem"].as_str().unwrap();
    assert!(problem.contains("Nothing__c on Opportunity"), "{problem}");
}

#[tokio::test]
async fn a_check_tells_everything_that_is_wrong_and_stores_nothing() {
    let product = Product::start(None).await;
    let before = settings(&product).await;
    let mut wrong = before.clone();
    wrong["my_domain"] = "".into();
    wrong["mappings"][0]["salesforce"] = "no name".into();
    wrong["mappings"][1]["channeltivity"] = "satge".into();

    let checked = post(&product, "/settings/check", &wrong).await.ok();

    assert_eq!(
        places(&checked["problems"]),
        [
            "mappings[0].salesforce",
            "my_domain",
            "mappings[1].channeltivity"
        ]
    );
    let refused = product.put_settings(&wrong).await;
    assert_eq!(refused.refusal(), (422, "SETTINGS_INVALID"));
    assert_eq!(refused.body["problems"], checked["problems"]);
    assert_eq!(settings(&product).await, before);
}

#[tokio::test]
async fn a_field_of_another_type_is_refused_as_it_is_chosen_and_one_that_is_stored_is_a_warning() {
    let product = Product::start(None).await;
    let before = settings(&product).await;
    let mut chosen = before.clone();
    // The amount, mapped to the text that the sample's number of devices is mapped to already.
    chosen["mappings"][2]["salesforce"] = "Devices__c".into();
    chosen["mappings"][2]["on_create"] = "to_channeltivity".into();
    chosen["mappings"][2]["on_update"] = "to_channeltivity".into();

    let stored = post(&product, "/settings/check", &before).await.ok();
    let refused = product.put_settings(&chosen).await;

    assert_eq!(places(&stored["problems"]), [""; 0]);
    assert_eq!(places(&stored["warnings"]), ["mappings[5].salesforce"]);
    assert_eq!(refused.refusal(), (422, "SETTINGS_INVALID"));
    assert_eq!(
        places(&refused.body["problems"]),
        ["mappings[2].salesforce"]
    );
}

/// The verdicts of a trial, by Opportunity.
fn verdicts(tried: &Value, side: &str) -> Vec<(String, String)> {
    let of = |item: &Value| {
        let id = item["opportunity"]["id"].as_str().unwrap().to_owned();
        (id, item[side]["verdict"].as_str().unwrap().to_owned())
    };
    let mut verdicts: Vec<_> = tried["items"].as_array().unwrap().iter().map(of).collect();
    verdicts.sort();
    verdicts
}

#[tokio::test]
async fn a_trial_foretells_what_the_next_run_does_and_writes_nothing() {
    let product = Product::start(None).await;
    let before = settings(&product).await;
    let mut bold = before.clone();
    let product_field = bold["deal_fields"].as_array().unwrap().iter();
    let at = product_field
        .enumerate()
        .find(|(_, field)| field["name"] == "product")
        .unwrap()
        .0;
    bold["deal_fields"][at]["required"] = false.into();

    let same = post(&product, "/settings/trial", &before).await.ok();
    let tried = post(&product, "/settings/trial", &bold).await.ok();

    assert_eq!(same["changed"], 0);
    assert_eq!(same["today"], same["then"]);
    assert!(tried["changed"].as_u64() > Some(0), "{tried}");
    assert_eq!(tried["today"], same["today"]);
    assert_eq!(settings(&product).await, before);
    let runs = product.get(ADMIN, "/problems").await.ok();
    assert_eq!(runs["items"], json!([]));
    product.put_settings(&bold).await.ok();
    let counts = product.run("hourly").await;
    let foretold = |verdict: &str| tried["then"][verdict].as_u64().unwrap_or(0);
    assert_eq!(counts["imported"].as_u64(), Some(foretold("would_import")));
    assert_eq!(counts["failed"].as_u64(), Some(foretold("would_fail")));
    let after = post(&product, "/settings/trial", &bold).await.ok();
    assert_eq!(
        after["today"]["unchanged"].as_u64(),
        Some(foretold("would_import"))
    );
}

#[tokio::test]
async fn a_trial_costs_few_calls_and_they_are_counted() {
    let product = Product::imported().await;
    let bold = settings(&product).await;
    let before = product.get(ADMIN, "/usage").await.ok();

    let tried = post(&product, "/settings/trial", &bold).await.ok();

    let after = product.get(ADMIN, "/usage").await.ok();
    let spent = |purpose: &str| {
        let calls = |usage: &Value| usage["calls"][purpose].as_u64().unwrap();
        calls(&after) - calls(&before)
    };
    assert_eq!(tried["items"].as_array().unwrap().len(), 42);
    assert!((2..=4).contains(&spent("import")), "{}", spent("import"));
    assert_eq!(spent("list") + spent("describe"), 0);
}

#[tokio::test]
async fn where_today_s_flag_is_missing_a_trial_shows_the_settings_that_mend_it() {
    let product = Product::start(None).await;
    let good = settings(&product).await;
    let mut broken = good.clone();
    broken["fields"]["import_flag"] = "Nothing__c".into();
    product.put_settings(&broken).await.ok();

    let tried = post(&product, "/settings/trial", &good).await.ok();
    let refused = post(&product, "/settings/trial", &broken).await;

    assert_eq!(tried["todayFault"]["code"], "SF_FIELD_MISSING");
    assert_eq!(tried["today"], Value::Null);
    assert!(tried["then"]["would_import"].as_u64() > Some(0));
    assert_eq!(refused.refusal(), (409, "SF_FIELD_MISSING"));
}

#[tokio::test]
async fn a_trial_tells_the_values_that_a_record_would_have() {
    let product = Product::start(None).await;
    let mut other = settings(&product).await;
    other["default_registration_status"] = "Under review".into();

    let tried = post(&product, "/settings/trial", &other).await.ok();

    assert_eq!(verdicts(&tried, "today"), verdicts(&tried, "then"));
    let would_import = tried["then"]["would_import"].as_u64();
    assert_eq!(tried["changed"].as_u64(), would_import);
    let items = tried["items"].as_array().unwrap();
    let changed = items.iter().find(|item| item["isChanged"] == true).unwrap();
    assert_eq!(
        changed["fields"],
        json!([{ "field": "registrationStatus", "today": "Submitted", "then": "Under review" }])
    );
}

#[tokio::test]
async fn every_version_is_kept_with_who_stored_it_and_can_be_stored_again() {
    let product = Product::start(None).await;
    let first = settings(&product).await;
    for minutes in 11..=35 {
        let mut next = first.clone();
        next["overlap_minutes"] = minutes.into();
        product.put_settings(&next).await.ok();
    }

    let page = product.get(ADMIN, "/settings/versions").await.ok();
    let cursor = page["cursor"].as_str().unwrap();
    let target = format!("/settings/versions?cursor={cursor}");
    let last = product.get(ADMIN, &target).await.ok();
    let kept = product.get(ADMIN, "/settings/versions/1").await.ok();

    let versions: Vec<u64> = [&page, &last]
        .iter()
        .flat_map(|page| page["items"].as_array().unwrap())
        .map(|one| one["version"].as_u64().unwrap())
        .collect();
    assert_eq!(versions, (1..=26).rev().collect::<Vec<u64>>());
    assert_eq!(last["cursor"], Value::Null);
    assert_eq!(page["items"][0]["storedBy"], ADMIN);
    assert!(page["items"][0]["storedAt"].is_string());
    // The first ones came from the folder.
    assert_eq!(kept["storedBy"], Value::Null);
    assert_eq!(kept["settings"], first);
    product.put_settings(&kept["settings"]).await.ok();
    assert_eq!(settings(&product).await, first);
    let none = product.get(ADMIN, "/settings/versions/99").await;
    assert_eq!(none.refusal(), (404, "SETTINGS_VERSION_NOT_FOUND"));
}

#[tokio::test]
async fn a_deployment_without_settings_begins_with_what_its_org_suggests() {
    let product = Product::start(None).await;
    forget_settings(&product).await;

    let fields = product.get(ADMIN, "/settings/fields").await.ok();
    let mut first = fields["standard"].clone();
    first["fields"] = json!({
        "sync_flag": "Sync_to_Portal__c",
        "import_flag": "Register_as_Deal__c",
        "partner_email": "Partner_Email__c",
    });
    // A loopback address has no My Domain.
    first["my_domain"] = "alderpeak".into();
    let tried = post(&product, "/settings/trial", &first).await.ok();
    let versions = product.get(ADMIN, "/settings/versions").await.ok();
    let stored = product.put_settings(&first).await;

    assert_eq!(tried["today"], Value::Null);
    assert_eq!(tried["items"].as_array().unwrap().len(), 42);
    assert_eq!(versions["items"], json!([]));
    assert_eq!(stored.headers["etag"], "\"1\"");
    assert_eq!(stored.ok()["warnings"], Value::Null);
    assert_eq!(
        settings(&product).await["organization_id"],
        first["organization_id"]
    );
}
