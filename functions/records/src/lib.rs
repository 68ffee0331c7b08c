//! Deals, Leads and Referrals with their links: lists, and one record with its history.

use std::sync::Arc;

use dealbridge_core::{
    link::store::LinkStore,
    pasted::ConnectedOrg,
    ports::Portal,
    record::{LinkStatus, RecordId, RecordKind},
    settings::Settings,
};
use dealbridge_lambda::aws::{
    DynamoPortal, Store,
    log::AuditRow,
    records::{self, LinkFilter},
};
use dealbridge_lambda::{
    Function, Invocation,
    access::Groups,
    http::{self, Answer, Page, Refusal, Request, body, cursor},
};
use lambda_runtime::Error;
use serde_json::{Value, json};

/// The calls that the function answers.
pub const ROUTES: [(&str, &str); 2] = [("GET", "/{kind}"), ("GET", "/{kind}/{id}")];

/// Records per page, unless asked otherwise.
const PAGE: usize = 50;
/// The most per page.
const LONGEST_PAGE: usize = 200;
/// Acts of a record's history.
const HISTORY: i32 = 100;

/// The function with its adapters.
pub struct Records {
    /// Records and their history.
    pub store: Store,
    /// The settings.
    pub portal: DynamoPortal,
    /// The address of the connected org.
    pub salesforce_url: String,
    /// Who is who.
    pub groups: Groups,
}

impl Function for Records {
    async fn handle(&self, event: Value, _: Invocation) -> Result<Value, Error> {
        let request = Request::from_event(event, &self.groups)?;
        Ok(http::respond(self.route(&request).await))
    }
}

impl Records {
    async fn route(&self, request: &Request) -> Result<Answer, Refusal> {
        let (method, path) = request.route();
        // Routes name the kind as a variable or in words.
        let mut parts = path.split('/').skip(1);
        let (kind, id) = (parts.next(), parts.next());
        if method != "GET" || parts.next().is_some() {
            return Err(request.unknown_route(&ROUTES));
        }
        request.require_internal()?;
        let kind = match kind {
            Some("{kind}") => request.path_parameter("kind")?,
            kind => kind.unwrap_or_default(),
        };
        let kind = kind_of(kind)?;
        match id {
            None => self.list(request, kind).await,
            Some(_) => self.one(request, kind).await,
        }
    }

    async fn list(&self, request: &Request, kind: RecordKind) -> Result<Answer, Refusal> {
        let query = request.query(&["status", "cursor", "limit"])?;
        let most = query.value("limit", limit)?.unwrap_or(PAGE);
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
                // Large records make a short page; the next one begins behind the last of this one.
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
        let unknown = || {
            let detail = format!("There is no {} {text:?}.", kind.label());
            Refusal::not_found("RECORD_NOT_FOUND", detail)
        };
        let id = RecordId::new(kind, text).map_err(|_| unknown())?;
        let record = LinkStore::record(&self.store, &id)
            .await?
            .ok_or_else(unknown)?;
        let (settings, org) = self.org().await?;
        let history = self.store.audit(&id, HISTORY).await?;
        let mut body = body::record(&record, &settings, &org);
        body["version"] = record.version.into();
        // The newest acts, as far as they fit into one answer.
        let mut acts = Page::new(history.len());
        for row in &history {
            if !acts.take(act(row, &org)) {
                break;
            }
        }
        body["history"] = acts.into_items().into();
        Answer::json(200, &body)
    }

    /// The settings, and the org that links lead to.
    async fn org(&self) -> Result<(Arc<Settings>, ConnectedOrg), Refusal> {
        let settings = self.portal.settings().await?;
        let org = body::connected_org(&self.salesforce_url, &settings.my_domain)?;
        Ok((settings, org))
    }
}

fn kind_of(collection: &str) -> Result<RecordKind, Refusal> {
    RecordKind::ALL
        .into_iter()
        .find(|kind| kind.collection() == collection)
        .ok_or_else(|| {
            let known = RecordKind::ALL.map(RecordKind::collection).join(", ");
            let detail = format!("There is no list {collection:?}; records are in {known}.");
            Refusal::not_found("ROUTE_NOT_FOUND", detail)
        })
}

fn limit(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|limit| (1..=LONGEST_PAGE).contains(limit))
        .ok_or_else(|| format!("{text:?} is no number from 1 to {LONGEST_PAGE}"))
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
            return Err(format!("{other:?} is no status; the statuses are {known}"));
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
