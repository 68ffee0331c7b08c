//! The function with its adapters.

use std::sync::Arc;

use dealbridge_core::ports::Clock;
use dealbridge_lambda::access::Rights;

use crate::{functions::Functions, session::Sessions, sign_in::provider::Provider};

/// The function with its adapters.
pub struct Console {
    /// The functions behind the API.
    pub functions: Functions,
    /// The provider that signs people in.
    pub provider: Provider,
    /// The sessions.
    pub sessions: Sessions,
    /// The rights of the people who are signed in.
    pub rights: Rights,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}
