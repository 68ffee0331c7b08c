//! Paths of fields, as mappings name them.

use serde::{Deserialize, Serialize};

/// A field's path as a mapping names it: `Amount`, or dotted through parents as `Account.Name`.
///
/// Only names of the shape that Salesforce allows are accepted, so a path can be put into SOQL as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FieldPath(String);

/// A text that is not a field path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a Salesforce field name: use its API name, such as Amount, Product__c or Account.Name"
)]
pub struct InvalidFieldPath {
    /// The text, shortened.
    pub text: String,
}

impl FieldPath {
    /// Returns the External Id field that the deployment guide has an administrator create.
    pub(crate) fn channeltivity_id() -> Self {
        Self("Channeltivity_Id__c".to_owned())
    }

    /// Parses an API name or a dotted path of at most five parents (the limit of SOQL).
    ///
    /// # Errors
    /// Returns an error if a part is not an API name or there are too many parts.
    pub fn parse(text: &str) -> Result<Self, InvalidFieldPath> {
        let part_ok = |part: &str| {
            part.len() <= 80
                && part.starts_with(|c: char| c.is_ascii_alphabetic())
                && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if text.split('.').count() > 6 || !text.split('.').all(part_ok) {
            return Err(InvalidFieldPath {
                text: text.chars().take(80).collect(),
            });
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the path as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns `true` if it is this path, in whatever case: Salesforce ignores case.
    #[must_use]
    pub fn is(&self, path: &str) -> bool {
        self.0.eq_ignore_ascii_case(path)
    }

    /// Returns `true` if the path leads through a parent. Such a field may be read, not written.
    #[must_use]
    pub fn is_parent_path(&self) -> bool {
        self.0.contains('.')
    }
}

impl TryFrom<String> for FieldPath {
    type Error = InvalidFieldPath;

    fn try_from(text: String) -> Result<Self, InvalidFieldPath> {
        Self::parse(&text)
    }
}

impl From<FieldPath> for String {
    fn from(path: FieldPath) -> Self {
        path.0
    }
}

impl std::fmt::Display for FieldPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
