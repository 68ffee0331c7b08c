//! The settings as they are stored, for the screens that go by them.

use dealbridge_core::settings::Settings;
use dealbridge_lambda::http::{Coded, ProblemCode, Refusal};

use crate::{functions::ApiCall, visit::Visit};

/// Returns the stored settings with their version; none where none were stored yet.
pub(crate) async fn settings(visit: &Visit<'_>) -> Result<Option<(Settings, u64)>, Refusal> {
    match visit.call(ApiCall::get("/settings")).await {
        Ok(answer) => {
            let version = answer.headers.get("etag").map(|tag| tag.trim_matches('"'));
            let version = version.and_then(|version| version.parse().ok());
            let settings =
                serde_json::from_value(answer.body).map_err(|error| Refusal::internal(&error))?;
            Ok(Some((settings, version.unwrap_or_default())))
        }
        Err(refusal) if refusal.code() == ProblemCode::SettingsNotFound.code() => Ok(None),
        Err(refusal) => Err(refusal),
    }
}
