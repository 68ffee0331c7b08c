//! Entries as a CSV file that is safe to open in a spreadsheet.

use dealbridge_core::{
    SalesforceObject,
    entry::Entry,
    record_url::{ConnectedOrg, url_of},
};
use dealbridge_lambda::http::Refusal;

/// The media type of the file.
pub(crate) const CSV: &str = "text/csv; charset=utf-8; header=present";

const HEADER: [&str; 13] = [
    "at",
    "level",
    "code",
    "message",
    "suggestion",
    "entity_kind",
    "entity_id",
    "salesforce_object",
    "salesforce_id",
    "salesforce_name",
    "salesforce_url",
    "task",
    "id",
];

/// Writes the entries, with a header row (RFC 4180).
pub(crate) fn write(entries: &[Entry], org: &ConnectedOrg) -> Result<String, Refusal> {
    let mut file = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    let broken = |error: csv::Error| Refusal::internal(&error);
    file.write_record(HEADER).map_err(broken)?;
    for entry in entries {
        let entity = entry.entity.as_ref();
        let record = entry.salesforce.as_ref();
        let object = record.and_then(|(id, _)| SalesforceObject::of(id));
        let url = record
            .zip(object)
            .map(|((id, _), object)| url_of(org, object, *id));
        let row = [
            entry.at.to_string(),
            entry.level.as_str().to_owned(),
            entry.code.to_string(),
            entry.message.clone(),
            entry.suggestion.clone(),
            entity.map_or_else(String::new, |id| id.kind().as_str().to_owned()),
            entity.map_or_else(String::new, |id| id.id().to_owned()),
            object.map_or_else(String::new, |object| object.api_name().to_owned()),
            record.map_or_else(String::new, |(id, _)| id.to_string()),
            record.map_or_else(String::new, |(_, name)| name.clone()),
            url.unwrap_or_default(),
            entry.task.clone(),
            entry.id.clone(),
        ];
        file.write_record(row.map(inert)).map_err(broken)?;
    }
    let bytes = file
        .into_inner()
        .map_err(|error| Refusal::internal(&error.into_error()))?;
    String::from_utf8(bytes).map_err(|error| Refusal::internal(&error))
}

/// A cell that no spreadsheet takes for a formula (OWASP, "CSV Injection").
fn inert(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_would_be_a_formula_is_text() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(inert(cell.to_owned()), format!("'{cell}"));
        }
        assert_eq!(inert("a=1".to_owned()), "a=1");
    }
}
