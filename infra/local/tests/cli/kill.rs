//! Killing the program in the middle of an import.

use std::{path::Path, process::Stdio};

use serde_json::Value;

use crate::place::{command, dealbridge, text};

/// Points at which a run is killed.
const KILLS: u64 = 20;

/// The bytes in a folder, which grow as a run goes on: messages, Deals, log entries.
fn bytes(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

/// Starts a run and kills it as soon as its data have grown by that much, unless it ends before.
fn kill_after(data: &Path, growth: u64) {
    let before = bytes(data);
    let mut sync = command(&["sync", "--json", "--data-dir", text(data)]);
    let mut child = sync
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while bytes(data) < before + growth && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

fn sync(data: &Path) -> Value {
    let ended = dealbridge(&["sync", "--json", "--data-dir", text(data)]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.json()
}

/// The state that a run leaves behind, as the next one finds it.
fn state(data: &Path) -> Value {
    let report = sync(data);
    serde_json::json!({ "counts": report["counts"], "codes": report["codes"] })
}

#[test]
fn a_run_that_is_killed_twenty_times_ends_in_the_state_of_one_that_was_not() {
    let whole = tempfile::tempdir().unwrap();
    sync(whole.path());
    let grown = bytes(whole.path());

    let killed = tempfile::tempdir().unwrap();
    for kill in 1..=KILLS {
        kill_after(killed.path(), kill * kill * grown / (KILLS * KILLS * 2));
    }
    sync(killed.path());

    assert_eq!(state(killed.path()), state(whole.path()));
}

#[test]
fn a_run_that_is_killed_at_any_point_is_made_whole_by_the_next_one() {
    let whole = tempfile::tempdir().unwrap();
    sync(whole.path());
    let (grown, expected) = (bytes(whole.path()), state(whole.path()));

    std::thread::scope(|scope| {
        for kill in 1..=KILLS / 4 {
            let expected = &expected;
            scope.spawn(move || {
                let data = tempfile::tempdir().unwrap();
                kill_after(data.path(), grown * kill * 4 / (KILLS + 4));
                sync(data.path());
                assert_eq!(state(data.path()), *expected);
            });
        }
    });
}
