//! The refusal of settings that contradict themselves or the connected org.

use dealbridge_core::settings::InvalidSetting;
use dealbridge_lambda::http::{ProblemCode, Refusal};
use serde_json::{Value, json};

/// 422: everything that is wrong, each with its place.
pub(crate) fn refusal(wrong: &[InvalidSetting]) -> Refusal {
    let lines: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    let problems: Vec<Value> = wrong
        .iter()
        .map(|one| json!({ "place": one.place, "problem": one.problem }))
        .collect();
    Refusal::new(ProblemCode::SettingsInvalid, lines.join("; ")).with("problems", &problems)
}
