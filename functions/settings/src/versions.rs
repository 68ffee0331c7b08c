//! The versions of the settings: who stored which, and when.

use dealbridge_lambda::{
    aws::settings::{SettingsVersion, VERSIONS_KEPT},
    http::{Answer, Page, ProblemCode, Refusal, Request, cursor::List, query::limit},
};
use serde_json::{Value, json};

use crate::SettingsFunction;

/// The versions of a page: each is read whole, and may be as large as an item of the store.
const MOST: usize = 20;

impl SettingsFunction {
    /// `GET /settings/versions`: the current one first.
    pub(crate) async fn versions(&self, request: &Request) -> Result<Answer, Refusal> {
        let query = request.query(&["limit", "cursor"])?;
        let most = limit(&query, MOST, MOST)?;
        let list = List::of(request, &query);
        let cursor = query.text("cursor");
        let after: Option<u64> = cursor.map(|cursor| list.decode(cursor)).transpose()?;
        let mut page = Page::new(most);
        let Some(current) = self.store.current_settings().await? else {
            return Answer::json(200, &page.into_body(None));
        };
        let oldest = current.version.saturating_sub(VERSIONS_KEPT).max(1);
        let first = match after {
            Some(after) => after.saturating_sub(1),
            None => {
                let _ = page.take(shown(&current));
                current.version - 1
            }
        };
        let last = (first + 1).saturating_sub(most as u64).max(oldest);
        let mut reached = after.unwrap_or(current.version);
        for kept in self.store.settings_versions(last..=first).await? {
            if !page.take(shown(&kept)) {
                break;
            }
            reached = kept.version;
        }
        let cursor = (reached > oldest && page.is_complete()).then(|| list.encode(&reached));
        Answer::json(200, &page.into_body(cursor.transpose()?))
    }

    /// `GET /settings/versions/{version}`.
    pub(crate) async fn version_of(&self, request: &Request) -> Result<Answer, Refusal> {
        request.query(&[])?;
        let text = request.path_parameter("version")?;
        let kept = match text.parse() {
            Ok(version) => self.store.settings_version(version).await?,
            Err(_) => None,
        };
        let kept = kept.ok_or_else(|| {
            let detail = format!(
                "There is no version {text:?} of the settings: the last {VERSIONS_KEPT} are kept. GET /settings/versions lists them."
            );
            Refusal::new(ProblemCode::SettingsVersionNotFound, detail)
        })?;
        let mut body = shown(&kept);
        body["settings"] =
            serde_json::from_str(&kept.json).map_err(|error| Refusal::internal(&error))?;
        Answer::json(200, &body)
    }
}

fn shown(kept: &SettingsVersion) -> Value {
    json!({ "version": kept.version, "storedAt": kept.at, "storedBy": kept.by })
}
