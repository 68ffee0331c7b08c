//! Errors of this machine, as sentences for the person at the keyboard.

/// Something that stops a command. Each line says what was wrong, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalError {
    lines: Vec<String>,
}

impl LocalError {
    /// One sentence.
    #[must_use]
    pub fn new(line: impl Into<String>) -> Self {
        Self {
            lines: vec![line.into()],
        }
    }

    /// An error with its source, in one sentence.
    #[must_use]
    pub fn chain(error: &dyn std::error::Error) -> Self {
        let source = error.source();
        let source = source.map_or_else(String::new, |source| format!(": {source}"));
        Self::new(format!("{error}{source}"))
    }

    /// Several findings of one check.
    #[must_use]
    pub fn all<E: std::fmt::Display>(errors: impl IntoIterator<Item = E>) -> Self {
        Self {
            lines: errors.into_iter().map(|error| error.to_string()).collect(),
        }
    }
}

impl std::fmt::Display for LocalError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.lines.join("\n"))
    }
}

impl std::error::Error for LocalError {}

impl From<dealbridge_core::ports::PortError> for LocalError {
    fn from(error: dealbridge_core::ports::PortError) -> Self {
        Self::new(error.to_string())
    }
}
