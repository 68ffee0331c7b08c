//! The keys that cookies are encrypted with.

use cookie::Key;
use dealbridge_lambda::environment::{InvalidVariable, Setting, Variables};

/// The fewest characters of a key.
const MIN_LENGTH: usize = 32;

/// One key, or two while they are changed: the first encrypts, each reads.
#[derive(Clone)]
pub struct SessionKeys(pub(super) Vec<Key>);

impl std::fmt::Debug for SessionKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SessionKeys({})", self.0.len())
    }
}

impl SessionKeys {
    /// Reads one or two keys with a blank between them, the younger one first. [`None`] if one is too short, or if there
    /// are more.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let keys: Vec<&str> = text.split_whitespace().collect();
        let is_usable =
            matches!(keys.len(), 1 | 2) && keys.iter().all(|key| key.len() >= MIN_LENGTH);
        is_usable.then(|| {
            let keys = keys.iter().map(|key| Key::derive_from(key.as_bytes()));
            Self(keys.collect())
        })
    }
}

impl Setting for SessionKeys {
    const VARIABLES: &'static [&'static str] = &["CONSOLE_SESSION_KEYS"];

    fn read(variables: &Variables) -> Result<Self, InvalidVariable> {
        let name = "CONSOLE_SESSION_KEYS";
        Self::parse(variables.required(name)?).ok_or_else(|| {
            let problem = format!(
                "is not one key, or two with a blank between them, of at least {MIN_LENGTH} characters each"
            );
            InvalidVariable::new(name, problem)
        })
    }
}
