//! Deals, Leads and Referrals: submitted, edited, deleted, listed with their links, and one with its history.

mod environment;
mod filter;
mod kind;
mod names;
mod submission;
mod sync;
mod view;

use std::sync::Arc;

use dealbridge_core::{
    link::store::LinkStore,
    ports::{Clock, Ids, Portal},
    record::{Record, RecordId, RecordKind},
    record_url::ConnectedOrg,
    send::SendStore,
};
use dealbridge_lambda::aws::{DynamoPortal, SqsWrites, Store, records};
use dealbridge_lambda::{
    Api, Invocation,
    access::{Caller, Rights},
    http::{Answer, Method, Page, Refusal, Request, Route, Routes, body, cursor, query},
    link_api,
};

use self::{names::Names, view::View};

pub use environment::Environment;

/// Default page size.
const PAGE: usize = 50;
/// Maximum page size.
const MAX_PAGE: usize = 200;
/// Maximum number of audit rows that a record's history is read from.
const HISTORY: i32 = 100;

/// The function with its adapters.
pub struct Records {
    /// Records, claims, history, receipts.
    pub store: Store,
    /// Settings and Users.
    pub portal: DynamoPortal,
    /// The queue of requests to Salesforce.
    pub writes: SqsWrites,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes ids of records whose author gives none.
    pub ids: Arc<dyn Ids>,
    /// The URL of the connected org.
    pub instance_url: String,
    /// The rights of callers.
    pub rights: Rights,
}

/// The calls that the function answers.
#[derive(Clone, Copy, Debug)]
pub enum Call {
    /// Shows what the settings say of a kind of record.
    Kind,
    /// Lists the records of a kind.
    List,
    /// Shows one record.
    One,
    /// Submits a record.
    Create,
    /// Edits a record.
    Edit,
    /// Deletes a record.
    Delete,
    /// Asks for a Sync Now.
    Sync,
    /// Shows what came of a Sync Now.
    Task,
}

impl Api for Records {
    type Call = Call;

    const ROUTES: Routes<Call> = Routes(&[
        Route::records(Method::Get, "/record-kinds/{kind}", Call::Kind),
        Route::records(Method::Get, "/{kind}", Call::List),
        Route::records(Method::Get, "/{kind}/{id}", Call::One),
        Route::records(Method::Post, "/{kind}", Call::Create),
        Route::records(Method::Patch, "/{kind}/{id}", Call::Edit),
        Route::records(Method::Delete, "/{kind}/{id}", Call::Delete),
        Route::records(Method::Post, "/{kind}/{id}/sync", Call::Sync),
        Route::records(Method::Get, "/tasks/{id}", Call::Task),
    ]);

    fn rights(&self) -> &Rights {
        &self.rights
    }

    async fn answer(
        &self,
        call: Call,
        request: &Request,
        caller: &Caller,
        _: Invocation,
    ) -> Result<Answer, Refusal> {
        let kind = || link_api::record_kind(request);
        match call {
            Call::Kind => self.kind(request, caller, kind()?).await,
            Call::List => self.list(request, caller, kind()?).await,
            Call::One => self.one(request, caller, kind()?).await,
            Call::Create => self.create(request, caller, kind()?).await,
            Call::Edit => self.edit(request, caller, kind()?).await,
            Call::Delete => self.delete(request, caller, kind()?).await,
            Call::Sync => self.sync(request, caller).await,
            Call::Task => self.task(request, caller).await,
        }
    }
}

impl Records {
    async fn list(
        &self,
        request: &Request,
        caller: &Caller,
        kind: RecordKind,
    ) -> Result<Answer, Refusal> {
        may_read(caller, kind)?;
        let query = request.query(&filter::PARAMETERS)?;
        let most = query::limit(&query, PAGE, MAX_PAGE)?;
        let list = cursor::List::of(request, &query);
        let place = query.text("cursor").map(|text| list.decode(text));
        let after = match place.transpose()? {
            Some(place) => Some(self.place(place).await?),
            None => None,
        };
        let mut page = Page::new(most);
        let Some(mut filter) = filter::of(&query, caller)? else {
            return Answer::json(200, &page.into_body(None));
        };
        if !names::owner_by_address(&self.store, &mut filter).await? {
            return Answer::json(200, &page.into_body(None));
        }
        let view = self.view(caller).await?;
        let found = self
            .store
            .records_after(kind, &filter, after.as_deref(), most)
            .await?;
        let names = self.names(caller, &found.records).await?;
        let (mut next, mut last) = (found.after, None);
        for record in &found.records {
            if !page.take(names.added(record, view.record(record))) {
                // Large records make a short page; the next one begins after its last record.
                next.clone_from(&last);
                break;
            }
            last = Some(records::place_of(&record.id));
        }
        // A place between the page's records is that of another Organization's, or of something else in the table: it
        // is kept here, and the cursor names it by a number.
        let cursor = match next {
            Some(key) if caller.only_organization().is_some() && last.as_ref() != Some(&key) => {
                Some(format!("{KEPT}{}", self.store.keep_list_place(&key).await?))
            }
            next => next,
        };
        let cursor = cursor.map(|place| list.encode(&place)).transpose()?;
        Answer::json(200, &page.into_body(cursor))
    }

    /// The place that a cursor names.
    async fn place(&self, place: String) -> Result<String, Refusal> {
        match place.strip_prefix(KEPT) {
            Some(id) => self
                .store
                .kept_list_place(id)
                .await?
                .ok_or_else(cursor::invalid),
            None => Ok(place),
        }
    }

    async fn one(
        &self,
        request: &Request,
        caller: &Caller,
        kind: RecordKind,
    ) -> Result<Answer, Refusal> {
        may_read(caller, kind)?;
        request.query(&[])?;
        let text = request.path_parameter("id")?;
        let unknown = || link_api::record_not_found(kind, text);
        let id = RecordId::new(kind, text).map_err(|_| unknown())?;
        let record = LinkStore::record(&self.store, &id)
            .await?
            .filter(|record| caller.sees(record.organization.as_deref()))
            .ok_or_else(unknown)?;
        let history = self.store.history(&record, HISTORY).await?;
        let view = self.view(caller).await?;
        let mut answer = view.tagged(200, &record)?;
        answer.body["history"] = view.history(&history).into();
        if caller.only_organization().is_none() {
            let problem = match record.creating.as_ref().filter(|one| one.has_problem) {
                Some(_) => self.store.send_problem(&record.id).await?,
                None => None,
            };
            answer.body["sendProblem"] = problem.as_ref().map(body::send_problem).into();
        }
        let names = self.names(caller, std::slice::from_ref(&record)).await?;
        answer.body = names.added(&record, answer.body);
        Ok(answer)
    }

    /// The names of the people of records, for the vendor's own people, to whom ids say little.
    async fn names(&self, caller: &Caller, records: &[Record]) -> Result<Names, Refusal> {
        if caller.is_internal {
            Names::of(&self.store, records).await
        } else {
            Ok(Names::default())
        }
    }

    /// The org whose records the answers link to.
    async fn connected(&self) -> Result<ConnectedOrg, Refusal> {
        let settings = self.portal.settings().await?;
        body::connected_org(&self.instance_url, &settings.my_domain)
    }

    /// The view of the caller, with the settings and the org whose records the answers link to.
    async fn view(&self, caller: &Caller) -> Result<View, Refusal> {
        let settings = self.portal.settings().await?;
        let org = body::connected_org(&self.instance_url, &settings.my_domain)?;
        Ok(View::new(caller, settings, org))
    }
}

/// The beginning of a place that the store keeps.
const KEPT: &str = "kept:";

fn may_read(caller: &Caller, kind: RecordKind) -> Result<(), Refusal> {
    if caller.may_read(kind) {
        Ok(())
    } else {
        Err(Refusal::forbidden(caller.lacks("read", kind)))
    }
}
