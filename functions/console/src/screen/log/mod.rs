//! The Integration Log: open problems, and the entries of runs and actions.

mod entries;
mod export;
mod filter;
mod parts;
mod problems;

use dealbridge_lambda::http::{Answer, Method, Refusal, Route};

use self::parts::{CLEAR, ENTRIES, EXPORT, PROBLEMS};
use crate::visit::Visit;

/// A screen or a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// The open problems.
    Problems,
    /// The form that acknowledges problems.
    Clear,
    /// The entries.
    Entries,
    /// The entries as a file.
    Export,
}

/// Their addresses.
pub(super) const ROUTES: &[Route<Screen>] = &[
        Route::admin(Method::Get, PROBLEMS, Screen::Problems),
        Route::admin(Method::Post, CLEAR, Screen::Clear),
        Route::admin(Method::Get, ENTRIES, Screen::Entries),
        Route::admin(Method::Get, EXPORT, Screen::Export),
];

/// Answers with a screen.
pub(super) async fn show(screen: Screen, visit: &Visit<'_>) -> Result<Answer, Refusal> {
    match screen {
        Screen::Problems => problems::page(visit).await,
        Screen::Clear => problems::clear(visit).await,
        Screen::Entries => entries::page(visit).await,
        Screen::Export => export::file(visit).await,
    }
}
