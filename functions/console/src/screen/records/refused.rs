//! Refusals of the API, as the pages about a record show them.

use dealbridge_lambda::http::Refusal;
use serde_json::Value;

/// A refusal that a page shows beside what was asked for.
pub(super) struct Refused {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) detail: String,
    pub(super) body: Value,
}

impl Refused {
    /// Reads a refusal.
    ///
    /// # Errors
    /// Returns the refusal itself if there is nothing to try again: the person may not do this, or the record is gone.
    pub(super) fn of(refusal: Refusal) -> Result<Self, Refusal> {
        let (status, code) = (refusal.status(), refusal.code());
        if matches!(status, 401 | 403) || matches!(code, "RECORD_NOT_FOUND" | "ROUTE_NOT_FOUND") {
            return Err(refusal);
        }
        refusal.log();
        let body = refusal.into_answer().body;
        Ok(Self {
            status,
            code,
            detail: body["detail"].as_str().unwrap_or_default().to_owned(),
            body,
        })
    }

    /// The detail in a person's terms: of the budget, the page has a button for what the API's clients are told to send.
    pub(super) fn told(&self) -> &str {
        match self.detail.split_once(" Ask again with") {
            Some((what, _)) if self.is_of_budget() => what,
            _ => &self.detail,
        }
    }

    /// Returns whether the budget of Salesforce calls has no room for what was asked for.
    pub(super) fn is_of_budget(&self) -> bool {
        self.code == "SF_BUDGET_SPENT"
    }
}
