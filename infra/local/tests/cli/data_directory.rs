//! The data directory: damage is told, never taken for an empty directory, and a full disk ends a command.

use std::{fs, path::Path, process::Command};

use crate::place::{Folder, command, dealbridge, ended, text};

fn sync(org: &str, data: &Path) -> crate::place::Ended {
    dealbridge(&["sync", "--json", "--org", org, "--data-dir", text(data)])
}

#[test]
fn whatever_is_missing_or_empty_is_named_and_nothing_is_begun_anew() {
    let folder = Folder::new();
    let data = tempfile::tempdir().unwrap();
    let first = sync(folder.path(), data.path());
    assert_eq!(first.code, Some(0), "{first:?}");

    for name in [
        "contents.json",
        "dynamodb.sqlite",
        "queues/queues.sqlite",
        "salesforce-org.jsonl",
        "preview-token-key",
    ] {
        let file = data.path().join(name);
        let away = data.path().join("away");
        fs::rename(&file, &away).unwrap();
        sync(folder.path(), data.path()).refused_with(&[
            &format!(
                "the data directory {} cannot be used",
                data.path().display()
            ),
            "it is damaged",
            name,
            "restore it from a copy",
        ]);
        assert!(!file.exists(), "{name}");

        fs::write(&file, "").unwrap();
        sync(folder.path(), data.path()).refused_with(&["it is damaged", name]);
        fs::rename(&away, &file).unwrap();
    }

    let again = sync(folder.path(), data.path());
    assert_eq!(again.json()["counts"]["unchanged"], 12);
}

#[test]
fn a_damaged_line_of_the_org_s_changes_is_refused_and_one_cut_short_is_not() {
    let folder = Folder::new();
    let data = tempfile::tempdir().unwrap();
    sync(folder.path(), data.path());
    let file = data.path().join("salesforce-org.jsonl");
    let whole = fs::read_to_string(&file).unwrap();

    fs::write(&file, format!("{whole}{{\"clock\":1,\n{whole}")).unwrap();
    sync(folder.path(), data.path()).refused_with(&["salesforce-org.jsonl", "line 2 is damaged"]);

    fs::write(&file, format!("{whole}{{\"clock\":1,")).unwrap();
    assert_eq!(sync(folder.path(), data.path()).code, Some(0));
}

#[test]
fn a_second_org_folder_is_refused() {
    let (first, second) = (Folder::new(), Folder::new());
    let data = tempfile::tempdir().unwrap();
    sync(first.path(), data.path());

    sync(second.path(), data.path()).refused_with(&[
        "it belongs to the org folder",
        "use one data directory per org folder",
    ]);
}

/// A limit on the size of files stands for the disk: a write beyond it fails in the same way, and needs no disk to fill.
#[test]
#[cfg(unix)]
fn a_full_disk_ends_the_command_with_one_message() {
    // In units of 512 bytes: no room for the people, and room for them but not for the Deals.
    for limit in [400, 600] {
        let data = tempfile::tempdir().unwrap();
        let program = command(&[]);
        let mut shell = Command::new("sh");
        let script = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$@\"");
        shell
            .args(["-c", &script, "sh"])
            .arg(program.get_program())
            .args(["sync", "--json", "--data-dir", text(data.path())]);

        let ended = ended(shell);

        ended.refused_with(&["cannot be written", "free space on its disk"]);
        // A worker may say, before the command ends, that it gives a batch back.
        let told = ended.err.lines().filter(|line| !line.contains("WARN"));
        assert_eq!(told.count(), 1, "{}", ended.err);
    }
}
