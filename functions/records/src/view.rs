//! A record as its reader may see it: the vendor's people and the portal see all of it, Partner and Distributor Users
//! the portal's side alone.

use std::sync::Arc;

use dealbridge_core::{
    record::{Act, Record},
    record_url::ConnectedOrg,
    settings::Settings,
};
use dealbridge_lambda::{
    access::Caller,
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
    pub(crate) fn history(&self, acts: &[Act]) -> Vec<Value> {
        let is_shown = |act: &&Act| {
            self.reader == Reader::Vendor || OF_THE_PORTAL.contains(&act.action.as_str())
        };
        let mut shown = Page::new(acts.len());
        for act in acts.iter().filter(is_shown) {
            if !shown.take(self.act(act)) {
                break;
            }
        }
        shown.into_items()
    }

    fn act(&self, act: &Act) -> Value {
        let mut shown = json!({ "at": act.at, "by": act.by, "action": act.action });
        if self.reader == Reader::Vendor {
            let salesforce = act
                .salesforce
                .map(|id| body::salesforce(id, None, &self.org));
            shown["salesforce"] = salesforce.unwrap_or(Value::Null);
        }
        let details = Some(&act.details).filter(|details| !details.is_empty());
        shown["details"] = json!(details);
        shown
    }
}
