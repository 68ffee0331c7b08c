//! The file as it is written.

use dealbridge_core::{
    portal::{Contact, Group, Organization, User},
    settings::Settings,
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) settings: Settings,
    pub(super) organizations: Vec<Organization>,
    pub(super) groups: Vec<Group>,
    pub(super) users: Vec<User>,
    #[serde(default)]
    pub(super) contacts: Vec<Contact>,
    #[serde(default)]
    pub(super) leads: Vec<RecordEntry>,
    #[serde(default)]
    pub(super) deals: Vec<RecordEntry>,
    #[serde(default)]
    pub(super) referrals: Vec<RecordEntry>,
}

/// A record of the portal.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordEntry {
    pub(super) id: String,
    #[serde(default)]
    pub(super) owner: Option<String>,
    #[serde(default)]
    pub(super) fields: Map<String, Value>,
}

/// Reads the file's text. What is wrong is told with its line and its place in the document.
pub(super) fn read(text: &str) -> Result<File, String> {
    // Editors on Windows begin a file with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut document = serde_json::Deserializer::from_str(text);
    let file = serde_path_to_error::deserialize(&mut document).map_err(|failure| {
        let path = failure.path().to_string();
        sentence(failure.inner(), &path)
    })?;
    document.end().map_err(|failure| sentence(&failure, "."))?;
    Ok(file)
}

fn sentence(failure: &serde_json::Error, path: &str) -> String {
    let (line, column) = (failure.line(), failure.column());
    let what = failure.to_string();
    let what = what
        .strip_suffix(&format!(" at line {line} column {column}"))
        .unwrap_or(&what);
    let place = match path {
        "." => String::new(),
        path => format!(", {path}"),
    };
    let advice = if failure.is_data() {
        "correct it there"
    } else {
        "the file is not JSON from there on: look for a missing bracket, quote or comma"
    };
    format!("line {line}, column {column}{place}: {what}; {advice}")
}
