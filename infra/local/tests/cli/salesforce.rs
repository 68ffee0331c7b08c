//! `--salesforce-url`: an org that is served elsewhere, here a simulated one.

use std::path::Path;

use dealbridge_local::{folder::PortalFolder, org_fields::declared};
use salesforce_simulator::{OrgFolder, OrgHandle, OrgOptions, OrgServer};

use crate::place::{Ended, Folder, SAMPLE, command, ended};

async fn org(folder: &str) -> OrgHandle {
    let settings = PortalFolder::load(Path::new(folder)).unwrap().settings;
    let data = OrgFolder::load(Path::new(folder), &declared(&settings)).unwrap();
    OrgServer::start(data, OrgOptions::with_own_clock())
        .await
        .unwrap()
}

/// Runs a command against the org. Its own folder gives the portal's side.
async fn against(org: &OrgHandle, secret: &str, arguments: &[&str]) -> Ended {
    let mut command = command(arguments);
    command
        .args(["--salesforce-url", org.instance_url(), "--org", SAMPLE])
        .env("SALESFORCE_CLIENT_ID", &org.client().id)
        .env("SALESFORCE_CLIENT_SECRET", secret);
    tokio::task::spawn_blocking(move || ended(command))
        .await
        .unwrap()
}

#[tokio::test]
async fn an_org_that_is_served_elsewhere_is_imported() {
    let org = org(SAMPLE).await;
    let secret = org.client().secret.clone();

    let ended = against(&org, &secret, &["sync", "--json"]).await;

    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.json()["counts"]["imported"], 12);
    assert!(org.counters()["query"] + org.counters()["queryAll"] > 0);
}

#[tokio::test]
async fn a_wrong_secret_fails_the_run_with_one_entry_and_imports_nothing() {
    let org = org(SAMPLE).await;

    for arguments in [&["sync", "--json"][..], &["up", "--port", "0"], &["sync"]] {
        let ended = against(&org, "wrong", arguments).await;

        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(
            ended.err.contains("run-00000001 failed: SF_AUTH_FAILED: "),
            "{ended:?}"
        );
        assert!(
            ended.err.contains("Check the client id, the secret"),
            "{ended:?}"
        );
        assert!(!ended.out.contains("listening"), "{ended:?}");
        if arguments.contains(&"--json") {
            let report = ended.json();
            assert_eq!(report["run"]["status"], "failed");
            assert_eq!(report["counts"]["listed"], 0);
            assert_eq!(report["errors"].as_array().unwrap().len(), 1);
            assert_eq!(report["errors"][0]["code"], "SF_AUTH_FAILED");
        }
    }
    against(&org, "wrong", &["explain", "006aP00000008G0"])
        .await
        .refused_with(&["SF_AUTH_FAILED"]);
}

#[test]
fn an_org_without_the_custom_fields_fails_the_run_with_one_entry() {
    let folder = Folder::new();
    for field in [
        "Sync_to_Portal__c",
        "Register_as_Deal__c",
        "Partner_Email__c",
    ] {
        folder.edit("Opportunity.csv", field, &format!("Other_{field}"));
    }

    let ended = folder.sync();

    assert_eq!(ended.code, Some(1), "{ended:?}");
    let report = ended.json();
    assert_eq!(report["errors"].as_array().unwrap().len(), 1);
    assert_eq!(report["errors"][0]["code"], "SF_FIELD_MISSING");
    assert_eq!(
        (&report["counts"]["imported"], &report["counts"]["failed"]),
        (&0.into(), &0.into())
    );
    assert!(ended.err.contains("Create the field"), "{ended:?}");
}
