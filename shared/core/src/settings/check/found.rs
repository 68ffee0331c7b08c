//! The findings of a check of the settings.

/// A setting that is invalid or contradicts another.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct InvalidSetting {
    /// The place, as a path into the settings.
    pub place: String,
    /// The problem and its remedy.
    pub problem: String,
}

/// The invalid settings, in the order of the settings.
#[derive(Default)]
pub(super) struct Found(Vec<InvalidSetting>);

impl Found {
    pub(super) fn add(&mut self, place: impl Into<String>, problem: impl Into<String>) {
        self.0.push(InvalidSetting {
            place: place.into(),
            problem: problem.into(),
        });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_all(self) -> Vec<InvalidSetting> {
        self.0
    }
}
