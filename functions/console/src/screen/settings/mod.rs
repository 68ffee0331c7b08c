//! **Settings ▸ Salesforce Integration**.

mod acts;
mod connection;
mod controls;
mod difference;
mod draft;
mod form;
mod labels;
mod notation;
mod offers;
mod page;
mod rows;
mod saving;
mod trial;
mod versions;

use dealbridge_lambda::http::{Answer, Method, Refusal, Route};

use crate::visit::Visit;

/// A screen or a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// The settings.
    Show,
    /// The form: a check, a trial, a test, a row more or less, or the change itself.
    Send,
    /// The part that says what is wrong with one row, as it is chosen.
    Row,
    /// The versions.
    Versions,
    /// A version.
    Version,
    /// The form that restores a version.
    Restore,
}

/// Their addresses.
pub(super) const ROUTES: &[Route<Screen>] = &[
        Route::admin(Method::Get, "/console/settings", Screen::Show),
        Route::admin(Method::Post, "/console/settings", Screen::Send),
        Route::admin(Method::Post, "/console/settings/row", Screen::Row),
        Route::admin(
            Method::Get,
            "/console/settings/versions",
            Screen::Versions,
        ),
        Route::admin(
            Method::Get,
            "/console/settings/versions/{version}",
            Screen::Version,
        ),
        Route::admin(
            Method::Post,
            "/console/settings/versions/{version}",
            Screen::Restore,
        ),
];

/// Answers with a screen.
pub(super) async fn show(screen: Screen, visit: &Visit<'_>) -> Result<Answer, Refusal> {
    match screen {
        Screen::Show => acts::stored(visit).await,
        Screen::Send => acts::sent(visit).await,
        Screen::Row => acts::row(visit).await,
        Screen::Versions => versions::list(visit).await,
        Screen::Version => versions::show(visit).await,
        Screen::Restore => versions::restore(visit).await,
    }
}
