//! The screens, each in a module of its own, which declares its addresses.

use std::sync::LazyLock;

use dealbridge_lambda::http::{Answer, Refusal, Route};

use crate::visit::Visit;

/// Gathers the screens of the modules.
macro_rules! screens {
    ($($(#[doc = $doc:literal])+ $variant:ident $module:ident,)+) => {
        $(mod $module;)+

        /// A screen or a form.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Screen {
            $($(#[doc = $doc])+ $variant($module::Screen),)+
        }

        static ROUTES: LazyLock<Vec<Route<Screen>>> = LazyLock::new(|| {
            let mut routes = Vec::new();
            $(routes.extend($module::ROUTES.iter().map(|route| route.map(Screen::$variant)));)+
            routes
        });

        /// Answers with a screen, for a person who may see it.
        pub(crate) async fn show(screen: Screen, visit: &Visit<'_>) -> Result<Answer, Refusal> {
            match screen {
                $(Screen::$variant(screen) => $module::show(screen, visit).await,)+
            }
        }
    };
}

// The records come last, for their addresses begin with a variable.
screens! {
    /// The start page.
    SyncManager sync_manager,
    /// The Integration Log.
    Log log,
    /// **Why?**
    Why why,
    /// Suppressions.
    Suppressions suppressions,
    /// **Settings ▸ Salesforce Integration**.
    Settings settings,
    /// People.
    People people,
    /// Deals, Leads, Referrals.
    Records records,
}

/// The addresses of all screens and forms, with those who may see and send them.
#[must_use]
pub fn routes() -> &'static [Route<Screen>] {
    &ROUTES
}
