//! Deals, Leads and Referrals: lists, records, their links.

mod act;
mod form;
mod kind;
mod linking;
mod list;
mod menu;
mod preview;
mod record;
mod sheet;
mod shown;
mod sync;
mod unlinking;

use dealbridge_core::record::RecordKind;
use dealbridge_lambda::{
    http::{Answer, Method, Refusal, Route},
    link_api,
};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{functions::ApiCall, visit::Visit};

/// A screen or a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// The list of a kind.
    List,
    /// A record that is to be submitted.
    New,
    /// The form that submits it.
    Create,
    /// A Sync Now, until it has ended.
    Task,
    /// A record.
    Record,
    /// A record that is to be edited.
    Edit,
    /// The form that edits it.
    Save,
    /// The form that asks for a Sync Now.
    SyncNow,
    /// The first step of the link dialog.
    Linking,
    /// The part of it that says which record a URL names.
    CheckUrl,
    /// The second step of the link dialog.
    Preview,
    /// The form that links.
    Link,
    /// The unlink dialog.
    Unlinking,
    /// The form that unlinks.
    Unlink,
}

/// Their addresses. No form's is like one of the API's own, such as `/{kind}/{id}/sync`: the gateway could not tell them
/// apart.
pub(super) const ROUTES: &[Route<super::Screen>] = {
    use Method::{Get, Post};
    use Screen::{
        CheckUrl, Create, Edit, Link, Linking, List, New, Preview, Record, Save, SyncNow, Task,
        Unlink, Unlinking,
    };

    use super::Screen::Records as At;
    &[
        Route::internal(Get, "/console/{kind}", At(List)),
        Route::internal(Get, "/console/tasks/{id}", At(Task)),
        Route::internal(Get, "/console/{kind}/new", At(New)),
        Route::internal(Post, "/console/{kind}/new", At(Create)),
        Route::internal(Get, "/console/{kind}/{id}", At(Record)),
        Route::internal(Get, "/console/{kind}/{id}/edit", At(Edit)),
        Route::internal(Post, "/console/{kind}/{id}/edit", At(Save)),
        Route::internal(Post, "/console/{kind}/{id}/sync-now", At(SyncNow)),
        Route::internal(Get, "/console/{kind}/{id}/linking", At(Linking)),
        Route::internal(Post, "/console/{kind}/{id}/link-check", At(CheckUrl)),
        Route::internal(Post, "/console/{kind}/{id}/link-preview", At(Preview)),
        Route::internal(Post, "/console/{kind}/{id}/link-confirm", At(Link)),
        Route::admin(Get, "/console/{kind}/{id}/unlinking", At(Unlinking)),
        Route::admin(Post, "/console/{kind}/{id}/unlink", At(Unlink)),
    ]
};

/// Answers with a screen.
pub(super) async fn show(screen: Screen, visit: &Visit<'_>) -> Result<Answer, Refusal> {
    if screen == Screen::Task {
        return sync::task(visit).await;
    }
    let kind = link_api::record_kind(visit.request)?;
    match screen {
        Screen::List => list::page(visit, kind).await,
        Screen::New => form::new(visit, kind).await,
        Screen::Create => form::create(visit, kind).await,
        Screen::Task => sync::task(visit).await,
        Screen::Record => record::page(visit, kind, None).await,
        Screen::Edit => form::edit(visit, kind).await,
        Screen::Save => form::save(visit, kind).await,
        Screen::SyncNow => sync::now(visit, kind).await,
        Screen::Linking => linking::page(visit, kind).await,
        Screen::CheckUrl => linking::check(visit, kind).await,
        Screen::Preview => preview::page(visit, kind).await,
        Screen::Link => preview::link(visit, kind).await,
        Screen::Unlinking => unlinking::page(visit, kind).await,
        Screen::Unlink => unlinking::unlink(visit, kind).await,
    }
}

/// A call about the record that the visit's path names.
fn about(visit: &Visit<'_>, kind: RecordKind, call: ApiCall) -> Result<ApiCall, Refusal> {
    Ok(call.at("kind", kind.collection()).at("id", visit.at("id")?))
}

/// The address of a record's page.
fn address(kind: RecordKind, id: &str) -> String {
    format!("/console/{}/{id}", kind.collection())
}

/// The collection of a kind as a title.
fn plural(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Deal => "Deals",
        RecordKind::Lead => "Leads",
        RecordKind::Referral => "Referrals",
    }
}

/// A refusal that a page shows beside what was asked for.
struct Refused {
    status: u16,
    code: &'static str,
    detail: String,
    body: Value,
}

impl Refused {
    /// Reads a refusal.
    ///
    /// # Errors
    /// Returns the refusal itself if there is nothing to try again: the person may not do this, or the record is gone.
    fn of(refusal: Refusal) -> Result<Self, Refusal> {
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
    fn told(&self) -> &str {
        match self.detail.split_once(" Ask again with") {
            Some((what, _)) if self.is_of_budget() => what,
            _ => &self.detail,
        }
    }

    /// Whether the budget of Salesforce calls has no room for what was asked for.
    fn is_of_budget(&self) -> bool {
        self.code == "SF_BUDGET_SPENT"
    }
}

/// A short text that differs where the given one does, by which a form tells later what it showed.
fn digest(text: &str) -> String {
    let bytes = Sha256::digest(text);
    bytes[..8].iter().fold(String::new(), |mut digest, byte| {
        use std::fmt::Write as _;
        // Writing to a String cannot fail.
        let _ = write!(digest, "{byte:02x}");
        digest
    })
}
