//! Deals, Leads and Referrals with their links: lists, and one record with its history.

mod environment;

use std::sync::Arc;

use dealbridge_core::{
    link::store::LinkStore,
    ports::Portal,
    record::{LinkStatus, RecordId, RecordKind},
    record_url::ConnectedOrg,
    settings::Settings,
};
use dealbridge_lambda::aws::{
    DynamoPortal, Store,
    log::AuditRow,
    records::{self, LinkFilter},
};
use dealbridge_lambda::{
    Api, Invocation,
    access::{Caller, Rights},
    http::{Answer, Method, Page, Refusal, Request, Route, Routes, body, cursor, query},
    link_api,
};
use serde_json::{Value, json};

pub use environment::Environment;

/// Default page size.
const PAGE: usize = 50;
/// Maximum page size.
const MAX_PAGE: usize = 200;
/// Maximum number of acts in a record's history.
const HISTORY: i32 = 100;

/// The function with its adapters.
pub struct Records {
    /// Records and their history.
    pub store: Store,
    /// The settings.
    pub portal: DynamoPortal,
    /// The URL of the connected org.
    pub instance_url: String,
    /// The rights of callers.
    pub rights: Rights,
}

/// The calls that the function answers.
#[derive(Clone, Copy, Debug)]
pub enum Call {
    /// Lists the records of a kind.
    List,
    /// Shows one record.
    One,
}

impl Api for Records {
    type Call = Call;

    const ROUTES: Routes<Call> = Routes(&[
        Route::internal(Method::Get, "/{kind}", Call::List),
        Route::internal(Method::Get, "/{kind}/{id}", Call::One),
    ]);

    fn rights(&self) -> &Rights {
        &self.rights
    }

    async fn answer(
        &self,
        call: Call,
        request: &Request,
        _: &Caller,
        _: Invocation,
    ) -> Result<Answer, Refusal> {
        let kind = link_api::record_kind(request)?;
        match call {
            Call::List => self.list(request, kind).await,
            Call::One => self.one(request, kind).await,
        }
    }
}

impl Records {
    async fn list(&self, request: &Request, kind: RecordKind) -> Result<Answer, Refusal> {
        let query = request.query(&["status", "cursor", "limit"])?;
        let most = query::limit(&query, PAGE, MAX_PAGE)?;
        let filter = query.value("status", status)?.unwrap_or(LinkFilter::Any);
        let list = cursor::List::of(request, &query);
        let cursor = query.text("cursor").map(|text| list.decode(text));
        let after: Option<String> = cursor.transpose()?;
        let (settings, org) = self.org().await?;
        let found = self
            .store
            .records_after(kind, filter, after.as_deref(), most)
            .await?;
        let (mut page, mut next, mut last) = (Page::new(most), found.after, None);
        for record in &found.records {
            if !page.take(body::record(record, &settings, &org)) {
                // Large records make a short page; the next one begins after its last record.
                next = last;
                break;
            }
            last = Some(records::place_of(&record.id));
        }
        let cursor = next.map(|key| list.encode(&key)).transpose()?;
        Answer::json(200, &page.into_body(cursor))
    }

    async fn one(&self, request: &Request, kind: RecordKind) -> Result<Answer, Refusal> {
        request.query(&[])?;
        let text = request.path_parameter("id")?;
        let unknown = || link_api::record_not_found(kind, text);
        let id = RecordId::new(kind, text).map_err(|_| unknown())?;
        let record = LinkStore::record(&self.store, &id)
            .await?
            .ok_or_else(unknown)?;
        let (settings, org) = self.org().await?;
        let history = self.store.audit(&id, HISTORY).await?;
        let mut body = body::record(&record, &settings, &org);
        body["version"] = record.version.into();
        // The newest acts, as far as they fit into one response.
        let mut acts = Page::new(history.len());
        for row in &history {
            if !acts.take(act(row, &org)) {
                break;
            }
        }
        body["history"] = acts.into_items().into();
        Answer::json(200, &body)
    }

    /// The settings, and the org whose records the answers link to.
    async fn org(&self) -> Result<(Arc<Settings>, ConnectedOrg), Refusal> {
        let settings = self.portal.settings().await?;
        let org = body::connected_org(&self.instance_url, &settings.my_domain)?;
        Ok((settings, org))
    }
}

fn status(text: &str) -> Result<LinkFilter, String> {
    Ok(match text {
        "unlinked" => LinkFilter::Unlinked,
        "synced" => LinkFilter::Status(LinkStatus::Synced),
        "pending" => LinkFilter::Status(LinkStatus::Pending),
        "paused" => LinkFilter::Status(LinkStatus::Paused),
        "disconnected" => LinkFilter::Status(LinkStatus::Disconnected),
        other => {
            let known = "synced, pending, paused, disconnected, unlinked";
            return Err(format!(
                "{other:?} is not a status; the statuses are {known}"
            ));
        }
    })
}

fn act(row: &AuditRow, org: &ConnectedOrg) -> Value {
    json!({
        "at": row.at,
        "by": row.by,
        "action": row.action,
        "salesforce": row.salesforce.map(|id| body::salesforce(id, None, org)),
        "details": row.details,
    })
}
