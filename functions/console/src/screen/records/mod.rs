//! Deals, Leads and Referrals: lists, records, their links.

mod act;
mod address;
mod form;
mod kind;
mod linking;
mod list;
mod menu;
mod preview;
mod record;
mod refused;
mod seen;
mod sheet;
mod shown;
mod sync;
mod task;
mod unlinking;

use dealbridge_lambda::{
    http::{Answer, Method, Refusal, Route},
    link_api,
};

use crate::visit::Visit;

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
pub(super) const ROUTES: &[Route<Screen>] = &[
    Route::internal(Method::Get, "/console/{kind}", Screen::List),
    Route::internal(Method::Get, "/console/tasks/{id}", Screen::Task),
    Route::internal(Method::Get, "/console/{kind}/new", Screen::New),
    Route::internal(Method::Post, "/console/{kind}/new", Screen::Create),
    Route::internal(Method::Get, "/console/{kind}/{id}", Screen::Record),
    Route::internal(Method::Get, "/console/{kind}/{id}/edit", Screen::Edit),
    Route::internal(Method::Post, "/console/{kind}/{id}/edit", Screen::Save),
    Route::internal(Method::Post, "/console/{kind}/{id}/sync-now", Screen::SyncNow),
    Route::internal(Method::Get, "/console/{kind}/{id}/linking", Screen::Linking),
    Route::internal(Method::Post, "/console/{kind}/{id}/link-check", Screen::CheckUrl),
    Route::internal(Method::Post, "/console/{kind}/{id}/link-preview", Screen::Preview),
    Route::internal(Method::Post, "/console/{kind}/{id}/link-confirm", Screen::Link),
    Route::admin(Method::Get, "/console/{kind}/{id}/unlinking", Screen::Unlinking),
    Route::admin(Method::Post, "/console/{kind}/{id}/unlink", Screen::Unlink),
];

/// Answers with a screen.
pub(super) async fn show(screen: Screen, visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let kind = || link_api::record_kind(visit.request);
    match screen {
        Screen::List => list::page(visit, kind()?).await,
        Screen::New => form::new(visit, kind()?).await,
        Screen::Create => form::create(visit, kind()?).await,
        Screen::Task => task::page(visit).await,
        Screen::Record => record::page(visit, kind()?, None).await,
        Screen::Edit => form::edit(visit, kind()?).await,
        Screen::Save => form::save(visit, kind()?).await,
        Screen::SyncNow => sync::now(visit, kind()?).await,
        Screen::Linking => linking::page(visit, kind()?).await,
        Screen::CheckUrl => linking::check(visit, kind()?).await,
        Screen::Preview => preview::page(visit, kind()?).await,
        Screen::Link => preview::link(visit, kind()?).await,
        Screen::Unlinking => unlinking::page(visit, kind()?).await,
        Screen::Unlink => unlinking::unlink(visit, kind()?).await,
    }
}
