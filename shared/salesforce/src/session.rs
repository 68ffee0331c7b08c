//! The session that a login gives.

use dealbridge_core::SalesforceId;
use reqwest::header::HeaderValue;
use tokio::sync::OnceCell;

use crate::connection::Origin;

/// The part of a login that a request needs.
pub(crate) struct Session {
    /// Distinguishes sessions without comparing secrets.
    pub(crate) number: u64,
    /// The origin that requests are sent to.
    pub(crate) instance: Origin,
    /// The `Authorization` header, marked sensitive.
    pub(crate) authorization: HeaderValue,
    /// The org that the session belongs to, as the login named it or as it was queried since.
    pub(crate) organization: OnceCell<SalesforceId>,
    /// The user that the login is of, as far as it named one.
    pub(crate) user: Option<SalesforceId>,
}
