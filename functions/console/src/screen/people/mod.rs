//! People, read-only: Users, Groups, Organizations, Contacts, and who has an address.

mod address;
mod frame;
mod list;
mod member;

use dealbridge_lambda::http::{Answer, Method, Refusal, Route};

use self::frame::{CONTACTS, GROUPS, ORGANIZATIONS, USERS};
use crate::visit::Visit;

/// A screen or a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// Users, or who has an address.
    Users,
    /// Groups.
    Groups,
    /// Organizations.
    Organizations,
    /// Contacts.
    Contacts,
}

/// Their addresses.
pub(super) const ROUTES: &[Route<Screen>] = &[
        Route::admin(Method::Get, USERS, Screen::Users),
        Route::admin(Method::Get, GROUPS, Screen::Groups),
        Route::admin(Method::Get, ORGANIZATIONS, Screen::Organizations),
        Route::admin(Method::Get, CONTACTS, Screen::Contacts),
];

/// Answers with a screen.
pub(super) async fn show(screen: Screen, visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let email = visit.query("email");
    match screen {
        Screen::Users if !email.is_empty() => address::page(visit, &email).await,
        Screen::Users => list::users(visit).await,
        Screen::Groups => list::groups(visit).await,
        Screen::Organizations => list::organizations(visit).await,
        Screen::Contacts => list::contacts(visit).await,
    }
}
