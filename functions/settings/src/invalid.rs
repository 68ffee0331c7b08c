//! The refusal of settings that contradict themselves or the connected org.

use dealbridge_core::settings::{InvalidSetting, InvalidSettings};
use dealbridge_lambda::http::{ProblemCode, Refusal};
use serde_json::{Value, json};

/// 422: everything that is wrong, each with its place.
pub(crate) fn refusal(wrong: &[InvalidSetting]) -> Refusal {
    let lines: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    Refusal::new(ProblemCode::SettingsInvalid, lines.join("; ")).with("problems", &list(wrong))
}

/// The refusal of a body that holds no valid settings: 400 for another form than theirs.
pub(crate) fn of_body(wrong: &InvalidSettings) -> Refusal {
    match wrong {
        InvalidSettings::Form(one) => {
            Refusal::malformed(format!("The body cannot be read: {one}."))
                .with("problems", &list(wrong.all()))
        }
        InvalidSettings::Invalid(all) => refusal(all),
    }
}

/// Settings with their problems, as answers list them.
pub(crate) fn list(wrong: &[InvalidSetting]) -> Vec<Value> {
    wrong
        .iter()
        .map(|one| json!({ "place": one.place, "problem": one.problem }))
        .collect()
}
