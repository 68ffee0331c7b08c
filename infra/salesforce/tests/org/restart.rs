//! State that stays over a restart.

use std::{fs, path::Path};

use salesforce_simulator::OrgOptions;
use serde_json::json;
use tempfile::TempDir;

use crate::fixture::{Org, account, contact, lead, opportunity, small_folder};

async fn start(folder: &Path, state: &Path) -> Org {
    Org::of(
        folder,
        OrgOptions {
            state_dir: Some(state.to_owned()),
            ..OrgOptions::with_own_clock()
        },
    )
    .await
}

async fn dump(org: &Org) -> Vec<serde_json::Value> {
    let mut all = Vec::new();
    for object in [
        "Account",
        "Contact",
        "Lead",
        "Opportunity",
        "OpportunityContactRole",
    ] {
        all.push(
            org.query_all(&format!(
                "SELECT FIELDS(ALL) FROM {object} ORDER BY Id LIMIT 200"
            ))
            .await
            .body,
        );
    }
    all
}

#[tokio::test]
async fn every_kind_of_change_stays() {
    let (folder, state) = (small_folder(), TempDir::new().expect("a folder"));
    let org = start(folder.path(), state.path()).await;
    org.admin("edit", json!({ "object": "Opportunity", "id": opportunity(1), "fields": { "Amount": 7.25, "CloseDate": "2026-07-01", "Sync__c": false } })).await;
    org.admin(
        "create",
        json!({ "object": "Account", "fields": { "Name": "Made" } }),
    )
    .await;
    org.admin(
        "delete",
        json!({ "object": "Opportunity", "id": opportunity(2) }),
    )
    .await;
    org.admin(
        "purge",
        json!({ "object": "Opportunity", "id": opportunity(3) }),
    )
    .await;
    org.admin("hide", json!({ "object": "Contact", "id": contact(3) }))
        .await;
    org.admin("convert", json!({ "lead": lead(1), "opportunity": true }))
        .await;
    org.admin(
        "merge",
        json!({ "object": "Lead", "winner": lead(2), "losers": [lead(3)] }),
    )
    .await;
    org.admin(
        "late",
        json!({ "object": "Account", "id": account(2), "seconds": 500 }),
    )
    .await;
    let (before, now) = (dump(&org).await, org.handle.now());
    org.handle.shutdown().await;

    let org = start(folder.path(), state.path()).await;

    assert_eq!(dump(&org).await, before);
    assert_eq!(org.handle.now(), now);
    let made = org
        .admin(
            "create",
            json!({ "object": "Account", "fields": { "Name": "Next" } }),
        )
        .await;
    assert_eq!(
        org.query("SELECT COUNT() FROM Account WHERE Name IN ('Made', 'Next')")
            .await
            .body["totalSize"],
        2,
        "{made}"
    );
}

#[tokio::test]
async fn a_torn_last_line_is_dropped_and_the_rest_stays() {
    let (folder, state) = (small_folder(), TempDir::new().expect("a folder"));
    let org = start(folder.path(), state.path()).await;
    for name in ["One", "Two"] {
        org.admin(
            "edit",
            json!({ "object": "Account", "id": account(1), "fields": { "Name": name } }),
        )
        .await;
    }
    org.handle.shutdown().await;
    let file = fs::read_dir(state.path())
        .expect("a folder")
        .next()
        .expect("a file")
        .expect("readable")
        .path();
    let bytes = fs::read(&file).expect("readable");
    fs::write(&file, &bytes[..bytes.len() - 10]).expect("writable");

    let org = start(folder.path(), state.path()).await;
    let torn = org.row("Account", &account(1)).await["Name"].clone();
    org.admin(
        "edit",
        json!({ "object": "Account", "id": account(1), "fields": { "Name": "Three" } }),
    )
    .await;
    org.handle.shutdown().await;
    let org = start(folder.path(), state.path()).await;

    assert_eq!(torn, "One");
    assert_eq!(org.row("Account", &account(1)).await["Name"], "Three");
}

#[tokio::test]
async fn changes_over_another_folder_are_forgotten_and_so_they_are_by_a_reset() {
    let (folder, state) = (small_folder(), TempDir::new().expect("a folder"));
    let org = start(folder.path(), state.path()).await;
    org.admin(
        "edit",
        json!({ "object": "Account", "id": account(1), "fields": { "Name": "Old" } }),
    )
    .await;
    org.handle.shutdown().await;
    let accounts = folder.path().join("Account.csv");
    let text = fs::read_to_string(&accounts)
        .expect("readable")
        .replace("\"Acme\"", "\"Acme Inc\"");
    fs::write(&accounts, text).expect("writable");

    let org = start(folder.path(), state.path()).await;
    let exported = org.row("Account", &account(1)).await["Name"].clone();
    org.admin(
        "edit",
        json!({ "object": "Account", "id": account(1), "fields": { "Name": "New" } }),
    )
    .await;
    org.admin("reset", json!({})).await;
    org.handle.shutdown().await;
    let org = start(folder.path(), state.path()).await;

    assert_eq!(exported, "Acme Inc");
    assert_eq!(org.row("Account", &account(1)).await["Name"], "Acme Inc");
}

#[tokio::test]
async fn what_an_administrator_hid_stays_hidden() {
    let (folder, state) = (small_folder(), TempDir::new().expect("a folder"));
    let org = start(folder.path(), state.path()).await;
    org.admin("fls", json!({ "object": "Contact", "field": "Title" }))
        .await;
    org.admin("fls", json!({ "object": "Account" })).await;
    org.handle.shutdown().await;

    let org = start(folder.path(), state.path()).await;

    for query in [
        "SELECT Title FROM Contact",
        "SELECT Account.Name FROM Contact",
    ] {
        assert_eq!(org.query(query).await.code(), "INVALID_FIELD", "{query}");
    }
}
