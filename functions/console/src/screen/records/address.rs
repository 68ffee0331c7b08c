//! The addresses of records, here and in the API.

use dealbridge_core::record::RecordKind;
use dealbridge_lambda::http::Refusal;

use crate::{functions::ApiCall, visit::Visit};

/// A call about the record that the visit's path names.
pub(super) fn about(visit: &Visit<'_>, kind: RecordKind, call: ApiCall) -> Result<ApiCall, Refusal> {
    Ok(call.at("kind", kind.collection()).at("id", visit.at("id")?))
}

/// The address of a record's page.
pub(super) fn of(kind: RecordKind, id: &str) -> String {
    format!("/console/{}/{id}", kind.collection())
}

/// The collection of a kind as a title.
pub(super) fn plural(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Deal => "Deals",
        RecordKind::Lead => "Leads",
        RecordKind::Referral => "Referrals",
    }
}
