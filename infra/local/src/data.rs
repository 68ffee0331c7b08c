//! The data directory: one process at a time, nothing of it missing, and whether the last process ended as it should.

mod contents;

use std::{
    fs::{File, TryLockError},
    io::Write,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use self::contents::Contents;
pub use self::contents::Owner;
use crate::error::LocalError;

/// The times in a row that processes ended without a word.
const INTERRUPTIONS: &str = "interruptions";

/// A data directory that this process alone uses.
#[derive(Debug)]
pub struct DataDirectory {
    path: PathBuf,
    contents: Mutex<Contents>,
    interruptions: AtomicU64,
    _lock: File,
}

impl DataDirectory {
    /// Makes the directory of an org folder if need be, and keeps others out of it until it is dropped.
    ///
    /// # Errors
    /// When it cannot be used, is another org folder's, is damaged, or another process uses it.
    pub fn open(path: &Path, owner: &Owner) -> Result<Self, LocalError> {
        let refused = |detail: String| {
            LocalError::new(format!(
                "the data directory {} cannot be used: {detail}, or choose another --data-dir",
                path.display()
            ))
        };
        let failed = |error: std::io::Error| refused(format!("{error}; correct that"));
        std::fs::create_dir_all(path).map_err(failed)?;
        let lock = File::create(path.join("lock")).map_err(failed)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => {
                refused("another dealbridge is running on it; stop that one".to_owned())
            }
            TryLockError::Error(error) => failed(error),
        })?;
        let contents = contents::open(path, owner).map_err(refused)?;
        let interruptions = std::fs::read_to_string(path.join(INTERRUPTIONS))
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(0);
        let directory = Self {
            path: path.to_owned(),
            contents: Mutex::new(contents),
            interruptions: AtomicU64::new(interruptions),
            _lock: lock,
        };
        // CountedRuns until this process ends as it should and takes it back.
        directory.remember(interruptions + 1).map_err(failed)?;
        Ok(directory)
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Notes that everything is there: from here on, what is missing is damage.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub fn complete(&self) -> Result<(), LocalError> {
        self.contents().complete(&self.path).map_err(|error| {
            LocalError::new(format!(
                "the data directory {} cannot be written: {error}; correct that, or choose another --data-dir",
                self.path.display()
            ))
        })
    }

    fn contents(&self) -> std::sync::MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of processes before this one that ended without a word while messages were on their way.
    #[must_use]
    pub fn interruptions(&self) -> u64 {
        self.interruptions.load(Ordering::Relaxed)
    }

    /// Forgets earlier interruptions: nothing is on its way that remembers them.
    pub fn settled(&self) {
        self.interruptions.store(0, Ordering::Relaxed);
        // At worst the next process is patient for longer than it need be.
        let _ = self.remember(1);
    }

    /// Takes back this process's own count: it ends in order.
    pub fn ends(&self) {
        let _ = self.remember(self.interruptions());
    }

    fn remember(&self, interruptions: u64) -> std::io::Result<()> {
        let file = self.path.join(INTERRUPTIONS);
        let next = self.path.join("interruptions.next");
        let mut written = File::create(&next)?;
        writeln!(written, "{interruptions}")?;
        std::fs::rename(next, file)
    }
}

/// A secret that is kept in a file of the directory which only its owner can read, or made afresh where there is none.
///
/// # Errors
/// When it can be neither read nor kept.
pub fn secret(
    directory: Option<&DataDirectory>,
    name: &str,
    make: impl FnOnce() -> Result<String, LocalError>,
) -> Result<String, LocalError> {
    let Some(directory) = directory else {
        return make();
    };
    let file = directory.path.join(name);
    let refused = |error: std::io::Error| {
        LocalError::new(format!(
            "{} cannot be used: {error}; correct its permissions, or choose another --data-dir",
            file.display()
        ))
    };
    let secret = match std::fs::read_to_string(&file) {
        Ok(secret) if secret.trim().is_empty() => {
            return Err(LocalError::new(format!(
                "{} is empty: restore it from a copy, or remove it to have another one made",
                file.display()
            )));
        }
        Ok(secret) => secret,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let secret = make()?;
            keep(&file, &secret).map_err(refused)?;
            secret
        }
        Err(error) => return Err(refused(error)),
    };
    let mut contents = directory.contents();
    contents.add(&directory.path, name).map_err(refused)?;
    Ok(secret)
}

/// Writes a file as a whole, for its owner alone.
fn keep(file: &Path, secret: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let next = file.with_extension("next");
    options.open(&next)?.write_all(secret.as_bytes())?;
    std::fs::rename(&next, file)
}

#[cfg(test)]
mod tests {
    use dealbridge_core::SalesforceId;

    use super::*;

    fn owner() -> Owner {
        Owner {
            organization: SalesforceId::parse("00DaP000000000VUAQ").unwrap(),
            folder: PathBuf::from("org"),
        }
    }

    fn directory(path: &Path) -> DataDirectory {
        DataDirectory::open(path, &owner()).unwrap()
    }

    #[test]
    fn one_process_at_a_time_uses_a_directory() {
        let folder = tempfile::tempdir().unwrap();
        let first = directory(folder.path());

        let error = DataDirectory::open(folder.path(), &owner())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("another dealbridge is running on it"),
            "{error}"
        );

        drop(first);
        assert!(DataDirectory::open(folder.path(), &owner()).is_ok());
    }

    #[test]
    fn a_process_that_ends_without_a_word_is_counted_and_one_that_says_it_is_not() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(directory(folder.path()).interruptions(), 0);
        assert_eq!(directory(folder.path()).interruptions(), 1);

        let third = directory(folder.path());
        assert_eq!(third.interruptions(), 2);
        third.ends();
        drop(third);

        let fourth = directory(folder.path());
        assert_eq!(fourth.interruptions(), 2);
        fourth.settled();
        drop(fourth);
        assert_eq!(directory(folder.path()).interruptions(), 1);
    }

    #[test]
    fn a_secret_is_made_once_and_kept_for_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let data = directory(folder.path());
        let make = |text: &str| secret(Some(&data), "key.pem", || Ok(text.to_owned()));

        assert_eq!(make("first").unwrap(), "first");
        assert_eq!(make("second").unwrap(), "first");
        assert_eq!(
            secret(None, "key.pem", || Ok("third".into())).unwrap(),
            "third"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let file = std::fs::metadata(folder.path().join("key.pem")).unwrap();
            assert_eq!(file.permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn an_empty_secret_is_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let data = directory(folder.path());
        std::fs::write(folder.path().join("key.pem"), " \n").unwrap();

        let error = secret(Some(&data), "key.pem", || Ok("made".into())).unwrap_err();

        assert!(error.to_string().contains("key.pem is empty"), "{error}");
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("taken");
        std::fs::write(&file, "").unwrap();

        let error = DataDirectory::open(&file, &owner())
            .unwrap_err()
            .to_string();

        assert!(error.contains("taken cannot be used"), "{error}");
    }
}
