//! `dealbridge sync`.

use std::{path::Path, process::Stdio};

use serde_json::{Value, json};

use crate::place::{Folder, command, dealbridge, text};

/// The counts of the sample org.
const IMPORTED: u64 = 12;
const FAILED: u64 = 30;

fn counts(report: &Value) -> (u64, u64, u64) {
    let count = |name: &str| report["counts"][name].as_u64().unwrap();
    (count("imported"), count("unchanged"), count("failed"))
}

#[test]
fn the_json_report_stands_alone_on_standard_output() {
    let ended = dealbridge(&["sync", "--json"]);

    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    let report = ended.json();
    assert_eq!(report["run"]["id"], "run-00000001");
    assert_eq!(report["run"]["status"], "succeeded");
    assert!(report["run"]["finishedAt"].is_string());
    assert_eq!(
        report["counts"],
        json!({ "listed": IMPORTED + FAILED, "imported": IMPORTED, "updated": 0, "unchanged": 0, "failed": FAILED, "suppressed": 0, "left": 0 })
    );
    assert_eq!(report["codes"]["SYNC_FLAG_NOT_SET"], 2);
    assert_eq!(report["usage"]["salesforce"]["query"], 2);
}

#[test]
fn the_report_for_a_person_has_counts_codes_and_what_to_do() {
    let ended = dealbridge(&["sync"]);

    assert_eq!(ended.code, Some(0), "{ended:?}");
    for part in [
        "run-00000001 succeeded after",
        "imported        12",
        "     2  SYNC_FLAG_NOT_SET",
        "-> Tick Sync with Channeltivity (Sync_to_Portal__c) on the Opportunity in Salesforce",
    ] {
        assert!(ended.out.contains(part), "{part:?} is not in {}", ended.out);
    }
}

fn sync(org: &str, data: &Path) -> Value {
    let ended = dealbridge(&["sync", "--json", "--org", org, "--data-dir", text(data)]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.json()
}

#[test]
fn a_second_run_on_the_same_data_changes_nothing_and_an_edited_folder_counts() {
    let folder = Folder::new();
    let data = tempfile::tempdir().unwrap();
    assert_eq!(
        counts(&sync(folder.path(), data.path())),
        (IMPORTED, 0, FAILED)
    );

    let again = sync(folder.path(), data.path());
    assert_eq!(again["run"]["id"], "run-00000002");
    assert_eq!(counts(&again), (0, IMPORTED, FAILED));

    folder
        .edit(
            "channeltivity.json",
            "\"groups\": [\"grp-partner-sales\"], \"status\": \"disabled\"",
            "\"groups\": [\"grp-partner-sales\"], \"status\": \"active\"",
        )
        .edit(
            "channeltivity.json",
            "noor.haddad@fjordpartners.example",
            "noor@fjordpartners.example",
        );
    let report = sync(folder.path(), data.path());
    assert_eq!(counts(&report), (1, IMPORTED, FAILED - 1));
    assert_eq!(report["codes"].get("PARTNER_USER_DISABLED"), None);
    // The address that the user had before leads nowhere.
    assert_eq!(report["codes"].get("PARTNER_NO_DEAL_ACCESS"), None);
    assert_eq!(report["codes"]["PARTNER_USER_NOT_FOUND"], 2);
}

#[test]
fn a_data_directory_serves_one_process_at_a_time() {
    let data = tempfile::tempdir().unwrap();
    let lock = std::fs::File::create(data.path().join("lock")).unwrap();
    lock.lock().unwrap();

    dealbridge(&["sync", "--data-dir", text(data.path())])
        .refused_with(&["another dealbridge is running on it"]);
}

/// Kills the program as soon as a file of its data directory is there.
fn kill_at(data: &Path, file: &str) {
    let mut sync = command(&["sync", "--json", "--data-dir", text(data)]);
    let mut child = sync
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !data.join(file).exists() && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_process_that_is_killed_leaves_nothing_that_the_next_run_does_not_make_whole() {
    let data = tempfile::tempdir().unwrap();
    for file in [
        "lock",
        "dynamodb.sqlite",
        "queues",
        "queues/queues.sqlite",
        "preview-token-key",
    ] {
        kill_at(data.path(), file);
    }

    let report = sync(crate::place::SAMPLE, data.path());

    let (imported, unchanged, failed) = counts(&report);
    assert_eq!((imported + unchanged, failed), (IMPORTED, FAILED));
    assert_eq!(
        counts(&sync(crate::place::SAMPLE, data.path())),
        (0, IMPORTED, FAILED)
    );
}
