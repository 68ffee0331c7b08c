//! The contents of a data directory, kept in a file beside them: a damaged directory is told from an empty one.

use std::{
    collections::BTreeSet,
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use dealbridge_core::SalesforceId;
use serde::{Deserialize, Serialize};

/// The file's name.
pub(super) const FILE: &str = "contents.json";
/// The version of the file's format.
const FORMAT: u32 = 1;

/// Everything that a directory can hold. What stands here without [`FILE`] was not put there by an orderly start.
const KNOWN: [&str; 5] = [
    "dynamodb.sqlite",
    "queues/queues.sqlite",
    "salesforce-org.jsonl",
    "preview-token-key",
    "token-key.pem",
];
/// SQLite's companions of a database file.
const COMPANIONS: [&str; 3] = ["", "-wal", "-shm"];

/// The org folder that a data directory belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The org's id.
    pub organization: SalesforceId,
    /// The folder.
    pub folder: PathBuf,
}

/// The stage that the first start on the directory reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// It is under way: nothing was imported, so nothing is lost by beginning anew.
    Begun,
    /// Everything is there.
    Complete,
}

/// The contents.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contents {
    format: u32,
    owner: Owner,
    state: State,
    files: BTreeSet<String>,
}

/// Reads the contents of a directory, or begins them where there are none. The sentence says what is wrong and what to do.
pub(super) fn open(directory: &Path, owner: &Owner) -> Result<Contents, String> {
    let file = directory.join(FILE);
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return begin(directory, owner),
        Err(error) => return Err(format!("{FILE} cannot be read ({error}); correct that")),
    };
    let mut contents: Contents = serde_json::from_str(&text)
        .map_err(|error| damaged(&format!("{FILE} cannot be read ({error})")))?;
    if contents.format != FORMAT {
        return Err(format!(
            "{FILE} has format {}, and this program reads format {FORMAT}; use the version that made it",
            contents.format
        ));
    }
    let theirs = &contents.owner;
    if theirs.organization != owner.organization {
        return Err(format!(
            "it belongs to the org {} of the folder {}, and --org {} is the org {}; use one data directory per org",
            theirs.organization,
            theirs.folder.display(),
            owner.folder.display(),
            owner.organization
        ));
    }
    if theirs.folder != owner.folder && theirs.folder.exists() {
        return Err(format!(
            "it belongs to the org folder {}, not to {}; use one data directory per org folder",
            theirs.folder.display(),
            owner.folder.display()
        ));
    }
    if contents.state == State::Begun {
        discard(directory)
            .map_err(|error| format!("could not begin anew: {error}; correct that"))?;
        return begin(directory, owner);
    }
    for name in &contents.files {
        match std::fs::metadata(directory.join(name)) {
            Ok(found) if found.len() > 0 => {}
            Ok(_) => return Err(damaged(&format!("{name} is empty"))),
            Err(error) => return Err(damaged(&format!("{name} is missing ({error})"))),
        }
    }
    // A folder that was moved is the same one elsewhere.
    contents.owner.folder.clone_from(&owner.folder);
    contents.keep(directory).map_err(cannot_write)?;
    Ok(contents)
}

/// Begins the contents of a directory that holds none of the files.
fn begin(directory: &Path, owner: &Owner) -> Result<Contents, String> {
    if let Some(name) = KNOWN.iter().find(|name| directory.join(name).exists()) {
        return Err(damaged(&format!("it has {name}, but {FILE} is missing")));
    }
    let contents = Contents {
        format: FORMAT,
        owner: owner.clone(),
        state: State::Begun,
        files: BTreeSet::new(),
    };
    contents.keep(directory).map_err(cannot_write)?;
    Ok(contents)
}

/// Removes what an unfinished first start left behind.
fn discard(directory: &Path) -> io::Result<()> {
    for name in KNOWN {
        for companion in COMPANIONS {
            match std::fs::remove_file(directory.join(format!("{name}{companion}"))) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    std::fs::remove_file(directory.join(FILE))
}

fn damaged(what: &str) -> String {
    format!(
        "it is damaged: {what}; restore it from a copy, or remove the whole directory to begin with an empty one"
    )
}

fn cannot_write(error: io::Error) -> String {
    format!("{FILE} cannot be written ({error}); correct that")
}

impl Contents {
    /// Notes that everything that is there belongs to the directory from here on.
    pub(super) fn complete(&mut self, directory: &Path) -> io::Result<()> {
        let there = KNOWN.iter().filter(|name| directory.join(name).exists());
        self.files.extend(there.map(|name| (*name).to_owned()));
        self.state = State::Complete;
        self.keep(directory)
    }

    /// Notes a file that was made after the first start.
    pub(super) fn add(&mut self, directory: &Path, name: &str) -> io::Result<()> {
        if self.files.insert(name.to_owned()) {
            self.keep(directory)?;
        }
        Ok(())
    }

    /// Writes the file as a whole.
    fn keep(&self, directory: &Path) -> io::Result<()> {
        let next = directory.join("contents.next");
        let mut file = std::fs::File::create(&next)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.flush()?;
        file.sync_all()?;
        std::fs::rename(next, directory.join(FILE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(folder: &Path) -> Owner {
        Owner {
            organization: SalesforceId::parse("00DaP000000000VUAQ").unwrap(),
            folder: folder.to_owned(),
        }
    }

    /// A directory of a folder, complete with a database and a key.
    fn complete(directory: &Path, folder: &Path) {
        let mut contents = open(directory, &owner(folder)).unwrap();
        for name in ["dynamodb.sqlite", "preview-token-key"] {
            std::fs::write(directory.join(name), "content").unwrap();
        }
        contents.complete(directory).unwrap();
    }

    #[test]
    fn each_file_that_is_missing_or_empty_is_named_with_what_to_do() {
        for name in ["dynamodb.sqlite", "preview-token-key"] {
            for remove in [true, false] {
                let directory = tempfile::tempdir().unwrap();
                complete(directory.path(), directory.path());
                let file = directory.path().join(name);
                if remove {
                    std::fs::remove_file(file).unwrap();
                } else {
                    std::fs::write(file, "").unwrap();
                }

                let refused = open(directory.path(), &owner(directory.path())).unwrap_err();

                assert!(
                    refused.contains(&format!("damaged: {name} is ")),
                    "{refused}"
                );
                assert!(refused.contains("restore it from a copy"), "{refused}");
            }
        }
    }

    #[test]
    fn files_without_their_contents_are_no_empty_directory() {
        let directory = tempfile::tempdir().unwrap();
        complete(directory.path(), directory.path());
        std::fs::remove_file(directory.path().join(FILE)).unwrap();

        let refused = open(directory.path(), &owner(directory.path())).unwrap_err();
        assert!(
            refused.contains("dynamodb.sqlite, but contents.json is missing"),
            "{refused}"
        );

        std::fs::write(directory.path().join(FILE), "{").unwrap();
        let refused = open(directory.path(), &owner(directory.path())).unwrap_err();
        assert!(
            refused.contains("contents.json cannot be read"),
            "{refused}"
        );
    }

    #[test]
    fn a_first_start_that_was_cut_short_is_begun_anew() {
        let directory = tempfile::tempdir().unwrap();
        open(directory.path(), &owner(directory.path())).unwrap();
        let database = directory.path().join("dynamodb.sqlite");
        std::fs::write(&database, "half").unwrap();

        open(directory.path(), &owner(directory.path())).unwrap();

        assert!(!database.exists());
    }

    #[test]
    fn one_directory_belongs_to_one_org_folder_which_may_move() {
        let directory = tempfile::tempdir().unwrap();
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        complete(directory.path(), first.path());

        let refused = open(directory.path(), &owner(second.path())).unwrap_err();
        assert!(
            refused.contains("one data directory per org folder"),
            "{refused}"
        );

        let mut other = owner(first.path());
        other.organization = SalesforceId::parse("00DbY000000001FUAQ").unwrap();
        let refused = open(directory.path(), &other).unwrap_err();
        assert!(refused.contains("00DbY000000001FUAQ"), "{refused}");

        drop(first);
        open(directory.path(), &owner(second.path())).unwrap();
    }
}
