//! From a deployment that was just made to its first import.

use std::path::Path;

use dealbridge_core::run::RunStatus;
use dealbridge_local::{
    LocalProduct, PortalSide,
    load::{self, ApiAddress, LoadOptions, Mode, Outcome, TokenSource},
};
use reqwest::Method;
use serde_json::{Value, json};

use super::Portal;
use crate::product::{ADMIN, Product, options};

async fn loaded(product: &Product, folder: &Path, mode: Mode) -> Outcome {
    let answer = product
        .local(Method::GET, "token?client=portal", None)
        .await;
    let token = answer.ok()["token"].as_str().unwrap().to_owned();
    let options = LoadOptions {
        folder: folder.to_owned(),
        api: ApiAddress::parse(&product.address).unwrap(),
        token: TokenSource::Given(token),
        mode,
    };
    load::load(&options).await.unwrap()
}

fn counts(outcome: &Outcome) -> Vec<(u64, u64, u64)> {
    let tallies = outcome.tallies.values();
    let tallies = tallies.map(|tally| (tally.created, tally.changed, tally.left));
    tallies.collect()
}

#[tokio::test]
async fn an_empty_deployment_is_loaded_set_up_and_imports() {
    let sample = options(None).org;
    let product = LocalProduct::start_with(&options(None), PortalSide::Empty).await;
    let product = Product::over(product.unwrap()).await;
    let nobody = product
        .local(Method::GET, &format!("token?user={ADMIN}"), None)
        .await;
    assert_eq!(nobody.refusal(), (404, "USER_NOT_FOUND"));

    let planned = loaded(&product, &sample, Mode::DryRun).await;
    assert_eq!(
        counts(&planned),
        [(6, 0, 0), (6, 0, 0), (21, 0, 0), (2, 0, 0)]
    );
    assert!(
        Portal::of(&product)
            .await
            .all("/users?limit=500")
            .await
            .is_empty()
    );

    let first = loaded(&product, &sample, Mode::Write).await;
    assert_eq!(
        (counts(&first), &first.failed),
        (counts(&planned), &Vec::new())
    );
    let again = loaded(&product, &sample, Mode::Write).await;
    assert_eq!(
        counts(&again),
        [(0, 0, 6), (0, 0, 6), (0, 0, 21), (0, 0, 2)]
    );

    let text = std::fs::read_to_string(sample.join("channeltivity.json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        product.put_settings(&document["settings"]).await.status,
        200
    );
    let report = product.app.full_run().await.unwrap();

    assert_eq!(report.status, RunStatus::Succeeded);
    let counts = report.run.counts;
    assert_eq!(
        (counts.listed, counts.imported, counts.failed),
        (42, 12, 30)
    );
}

#[tokio::test]
async fn a_load_changes_what_differs_and_leaves_who_is_not_in_the_folder() {
    let product = Product::standing_still().await;
    let portal = Portal::of(&product).await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "users.csv",
        "id,name,email,type,organization,groups,status\n\
         usr-rosa,Rosa L,rosa.lindqvist@fjordpartners.example,partner,org-fjord,grp-partner-sales,active\n\
         usr-una,Una,una@fjordpartners.example,partner,org-fjord,grp-partner-sales;grp-una,active\n",
    );
    write(
        "groups.csv",
        "id,name,type,modules\ngrp-una,Una,partner,mdf;training\n",
    );

    let outcome = loaded(&product, folder.path(), Mode::Write).await;

    assert_eq!(outcome.failed, []);
    assert_eq!(portal.get("/users/usr-rosa").await.body["name"], "Rosa L");
    let una = portal.get("/users/usr-una").await.body;
    assert_eq!(una["groups"], json!(["grp-partner-sales", "grp-una"]));
    assert_eq!(portal.all("/users?limit=500").await.len(), 22);
}

#[tokio::test]
async fn a_load_that_is_stopped_is_finished_by_the_same_command() {
    let product = Product::standing_still().await;
    let portal = Portal::of(&product).await;
    let folder = tempfile::tempdir().unwrap();
    let row = |at: u32| {
        format!(
            "usr-many-{at},Many {at},many-{at}@fjordpartners.example,partner,org-fjord,grp-partner-sales,active"
        )
    };
    let rows: Vec<String> = (0..100).map(row).collect();
    let text = format!(
        "id,name,email,type,organization,groups,status\n{}\n",
        rows.join("\n")
    );
    std::fs::write(folder.path().join("users.csv"), text).unwrap();
    let is_begun = async || {
        while portal.all("/users?limit=500").await.len() < 40 {}
    };

    tokio::select! {
        outcome = loaded(&product, folder.path(), Mode::Write) => unreachable!("{outcome:?}"),
        () = is_begun() => {}
    }
    let finished = loaded(&product, folder.path(), Mode::Write).await;

    let [(created, 0, left)] = counts(&finished)[..] else {
        unreachable!("{finished:?}");
    };
    assert!(
        left >= 19 && created > 0 && created + left == 100,
        "{finished:?}"
    );
    let fjord = portal.delete("/organizations/org-fjord").await;
    let users = portal.all("/users?organization=org-fjord&limit=500").await;
    assert_eq!(fjord.body["users"], users.len());
}
