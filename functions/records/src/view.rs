//! A record as its reader may see it: the vendor's people and the portal see all of it, Partner and Distributor Users
//! the portal's side alone.

use std::sync::Arc;

use dealbridge_core::{record::Record, record_url::ConnectedOrg, settings::Settings};
use dealbridge_lambda::{
    access::Caller,
    aws::log::AuditRow,
    http::{Answer, IfMatch, Page, Refusal, body},
};
use serde_json::{Value, json};

/// The acts on the portal's side.
const OF_THE_PORTAL: [&str; 2] = ["create", "edit"];

/// The part of a record that a reader may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    /// Everything.
    Vendor,
    /// The portal's side.
    Party,
}

/// The view of one reader.
pub(crate) struct View {
    reader: Reader,
    settings: Arc<Settings>,
    org: ConnectedOrg,
}

impl View {
    pub(crate) fn new(caller: &Caller, settings: Arc<Settings>, org: ConnectedOrg) -> Self {
        let reader = match caller.only_organization() {
            Some(_) => Reader::Party,
            None => Reader::Vendor,
        };
        Self {
            reader,
            settings,
            org,
        }
    }

    /// The record.
    pub(crate) fn record(&self, record: &Record) -> Value {
        match self.reader {
            Reader::Vendor => body::record(record, &self.settings, &self.org),
            Reader::Party => json!({
                "kind": record.id.kind(),
                "id": record.id.id(),
                "owner": record.owner,
                "organization": record.organization,
                "partner": record.partner,
                "distributor": record.distributor,
                "endUser": body::end_user(record),
                "registrationStatus": record.registration_status,
                "fields": record.fields,
                "version": record.version,
            }),
        }
    }

    /// The record with its version as `ETag`.
    pub(crate) fn tagged(&self, status: u16, record: &Record) -> Result<Answer, Refusal> {
        let answer = Answer::json(status, &self.record(record))?;
        Ok(answer.header("etag", IfMatch::etag(record.version)))
    }

    /// The newest acts on the record, as far as they fit into one response.
    pub(crate) fn history(&self, rows: &[AuditRow]) -> Vec<Value> {
        let is_shown = |row: &&AuditRow| {
            self.reader == Reader::Vendor || OF_THE_PORTAL.contains(&row.action.as_str())
        };
        let mut acts = Page::new(rows.len());
        for row in rows.iter().filter(is_shown) {
            if !acts.take(self.act(row)) {
                break;
            }
        }
        acts.into_items()
    }

    fn act(&self, row: &AuditRow) -> Value {
        let mut act = json!({ "at": row.at, "by": row.by, "action": row.action });
        if self.reader == Reader::Vendor {
            let salesforce = row
                .salesforce
                .map(|id| body::salesforce(id, None, &self.org));
            act["salesforce"] = salesforce.unwrap_or(Value::Null);
        }
        act["details"] = json!(row.details);
        act
    }
}
