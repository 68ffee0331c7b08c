//! Writing fields of one record, without overwriting anybody's edit.

use dealbridge_core::{
    SalesforceId, SalesforceObject, SystemModstamp,
    salesforce::{FieldPath, Row, SalesforceError, UpdateOutcome},
    value,
};
use jiff::{Timestamp, fmt::rfc2822::DateTimePrinter};
use reqwest::Method;
use serde_json::{Map, Value};

use crate::{answer::Answer, api_usage::CallKind, call::Call, client::SalesforceClient};

/// The code of a row that another transaction holds.
pub(crate) const LOCKED: &str = "UNABLE_TO_LOCK_ROW";

/// The reason to refuse a field of another record.
pub(crate) const NOT_OWN: &str = "only a field of the record itself can be written";

impl SalesforceClient {
    /// Writes the fields. A retry writes the same values, so it is safe; but it may find the record changed by the
    /// attempt before it, whose response was lost. Then the record itself tells.
    pub(crate) async fn write(
        &self,
        object: SalesforceObject,
        id: SalesforceId,
        fields: &Map<String, Value>,
        unless_changed_since: Option<SystemModstamp>,
    ) -> Result<UpdateOutcome, SalesforceError> {
        if let Some(refused) = unwritable(fields) {
            return Ok(refused);
        }
        if fields.is_empty() {
            return Ok(UpdateOutcome::Written);
        }
        let path = self.path(&format!("sobjects/{object}/{id}"));
        let call = Call {
            method: Method::PATCH,
            body: Some(Value::Object(fields.clone()).to_string()),
            if_unmodified_since: unless_changed_since.map(http_date).transpose()?,
            ..Call::get(CallKind::Update, &path, Some(object.api_name()))
        };
        let outcome = self.make(&call, |_| Ok(())).await;
        match outcome.result {
            Ok(_) => Ok(UpdateOutcome::Written),
            Err(SalesforceError::Refused { status: 412, .. }) => {
                if outcome.earlier_unknown {
                    self.compare(&path, fields).await
                } else {
                    Ok(UpdateOutcome::ChangedSince)
                }
            }
            Err(error) => settled(error),
        }
    }

    /// Compares the record with the values: if they are equal, the lost response was a success.
    async fn compare(
        &self,
        path: &str,
        fields: &Map<String, Value>,
    ) -> Result<UpdateOutcome, SalesforceError> {
        let names: Vec<_> = fields.keys().map(String::as_str).collect();
        let path = format!("{path}?fields={}", names.join(","));
        let call = Call::get(CallKind::Retrieve, &path, None);
        match self.make(&call, Answer::json::<Row>).await.result {
            Ok((row, _)) => {
                let holds = |(name, value): (&String, &Value)| {
                    row.get(name).is_some_and(|found| value::same(found, value))
                };
                Ok(if fields.iter().all(holds) {
                    UpdateOutcome::Written
                } else {
                    UpdateOutcome::ChangedSince
                })
            }
            Err(error) => settled(error),
        }
    }
}

/// Converts refusals that concern this record alone into outcomes.
fn settled(error: SalesforceError) -> Result<UpdateOutcome, SalesforceError> {
    match error {
        SalesforceError::Refused { code, .. } if code == LOCKED => Ok(UpdateOutcome::Locked),
        SalesforceError::Refused { status, code, .. }
            if status == 404 || code == "ENTITY_IS_DELETED" =>
        {
            Ok(UpdateOutcome::Gone)
        }
        SalesforceError::Refused {
            code,
            message,
            fields,
            ..
        } => Ok(UpdateOutcome::Refused {
            code,
            message,
            fields,
        }),
        error => Err(error),
    }
}

/// Refuses a parent's field or a malformed name, whatever Salesforce would make of it.
fn unwritable(fields: &Map<String, Value>) -> Option<UpdateOutcome> {
    let name = unwritable_field(fields)?;
    Some(UpdateOutcome::Refused {
        code: "INVALID_FIELD".to_owned(),
        message: NOT_OWN.to_owned(),
        fields: vec![name.to_owned()],
    })
}

/// The first field that is not one of the record itself.
pub(crate) fn unwritable_field(fields: &Map<String, Value>) -> Option<&str> {
    fields
        .keys()
        .find(|name| !FieldPath::parse(name).is_ok_and(|path| !path.is_parent_path()))
        .map(String::as_str)
}

fn http_date(stamp: SystemModstamp) -> Result<String, SalesforceError> {
    Timestamp::from_second(stamp.as_second())
        .and_then(|at| DateTimePrinter::new().timestamp_to_rfc9110_string(&at))
        .map_err(|_| SalesforceError::Refused {
            status: 400,
            code: "INVALID_STAMP".to_owned(),
            message: "the stamp lies outside the calendar of HTTP".to_owned(),
            fields: Vec::new(),
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stamp_is_sent_as_an_http_date() {
        let stamp = SystemModstamp::parse("2026-05-01T07:25:37.000+0000").unwrap();

        assert_eq!(http_date(stamp).unwrap(), "Fri, 01 May 2026 07:25:37 GMT");
    }

    #[test]
    fn a_parent_s_field_is_refused_without_asking() {
        let fields = json!({ "Amount": 1, "Account.Name": "x" });

        assert!(matches!(
            unwritable(fields.as_object().unwrap()),
            Some(UpdateOutcome::Refused { fields, .. }) if fields == ["Account.Name"]
        ));
    }
}
