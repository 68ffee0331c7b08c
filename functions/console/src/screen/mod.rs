//! The screens, each in a module of its own, which declares its addresses.

mod log;
mod people;
mod records;
mod settings;
mod suppressions;
mod sync_manager;
mod why;

use dealbridge_lambda::http::{Answer, Refusal, Route};

use crate::visit::Visit;

/// A screen or a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// The start page.
    SyncManager(sync_manager::Screen),
    /// The Integration Log.
    Log(log::Screen),
    /// **Why?**
    Why(why::Screen),
    /// Suppressions.
    Suppressions(suppressions::Screen),
    /// **Settings ▸ Salesforce Integration**.
    Settings(settings::Screen),
    /// People.
    People(people::Screen),
    /// Deals, Leads, Referrals.
    Records(records::Screen),
}

/// The addresses of all screens and forms, with those who may see and send them. The records' come last, for they begin
/// with a variable.
pub const ROUTES: [&[Route<Screen>]; 7] = [
    sync_manager::ROUTES,
    log::ROUTES,
    why::ROUTES,
    suppressions::ROUTES,
    settings::ROUTES,
    people::ROUTES,
    records::ROUTES,
];

/// Answers with a screen, for a person who may see it.
pub(crate) async fn show(screen: Screen, visit: &Visit<'_>) -> Result<Answer, Refusal> {
    match screen {
        Screen::SyncManager(screen) => sync_manager::show(screen, visit).await,
        Screen::Log(screen) => log::show(screen, visit).await,
        Screen::Why(screen) => why::show(screen, visit).await,
        Screen::Suppressions(screen) => suppressions::show(screen, visit).await,
        Screen::Settings(screen) => settings::show(screen, visit).await,
        Screen::People(screen) => people::show(screen, visit).await,
        Screen::Records(screen) => records::show(screen, visit).await,
    }
}
