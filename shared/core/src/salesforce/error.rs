//! The errors of Salesforce and of the connection to it.

use super::FieldPath;
use crate::{SalesforceId, SalesforceObject};

/// The field whose absence shows that the whole object does not exist, or is hidden: every object has it.
pub const OBJECT_ITSELF: &str = "Id";

/// Any error of Salesforce or of the connection to it. Texts never carry tokens.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SalesforceError {
    /// The token endpoint refused the login, or a fresh session was refused.
    #[error("Salesforce refused the login: {detail}")]
    AuthFailed {
        /// The reason it gave.
        detail: String,
    },
    /// The API is not enabled for the org or the user.
    #[error("the Salesforce API is disabled: {detail}")]
    ApiDisabled {
        /// The reason it gave.
        detail: String,
    },
    /// The integration user lacks a permission.
    #[error("the integration user lacks a permission: {detail}")]
    PermissionDenied {
        /// The reason it gave.
        detail: String,
    },
    /// The org's API requests are used up, or too many run at once.
    #[error("the Salesforce API request limit is reached: {detail}")]
    RequestLimit {
        /// The reason it gave.
        detail: String,
    },
    /// The setting `api_budget` leaves scheduled work no further call.
    #[error("the budget of Salesforce API calls is spent: {what}")]
    BudgetSpent {
        /// The part that is spent, in words.
        what: String,
        /// The time from which there is room again, in words.
        goes_on: String,
    },
    /// Salesforce cannot be reached, answers 5xx, or gives an answer that cannot be read, after bounded retries.
    #[error("Salesforce is unavailable: {detail}")]
    Unavailable {
        /// The failure.
        detail: String,
    },
    /// The query finds or scans more than Salesforce handles at once (QUERY_TIMEOUT, OPERATION_TOO_LARGE,
    /// EXCEEDED_ID_LIMIT): a smaller part of it may be answered.
    #[error("the query is too large for Salesforce: {detail}")]
    TooLarge {
        /// The reason it gave.
        detail: String,
    },
    /// A query was sent, and no complete answer came in time, after bounded retries: Salesforce is unavailable, or the
    /// query too large.
    #[error("Salesforce is unavailable: {detail}")]
    NoAnswer {
        /// The failure.
        detail: String,
    },
    /// A field or object that was asked for does not exist or is hidden from the integration user.
    #[error("Salesforce has no field {field} on {object}, or hides it from the integration user")]
    FieldMissing {
        /// The object.
        object: String,
        /// The field as Salesforce named it.
        field: String,
    },
    /// The connection's settings are incomplete or contradict each other.
    #[error("the Salesforce connection is not set up: {detail}")]
    NotConfigured {
        /// The missing or contradictory setting.
        detail: String,
    },
    /// The login leads to another org than the settings name: data of one org must never be written to the other.
    #[error(
        "the settings name the Salesforce org {settings}, but the login leads to the org {connected}"
    )]
    OrgChanged {
        /// The org that the settings (or a message) name.
        settings: SalesforceId,
        /// The org that the login leads to.
        connected: SalesforceId,
    },
    /// A page's locator is no longer valid, or belongs to a session that ended: the listing must be asked for again.
    #[error("the query locator has expired")]
    LocatorExpired,
    /// Salesforce refused this request for a reason of the record's or the request's own.
    #[error("Salesforce refused the request: {code}: {message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Salesforce's errorCode.
        code: String,
        /// Salesforce's message.
        message: String,
        /// The fields it names.
        fields: Vec<String>,
    },
}

impl SalesforceError {
    /// Returns the code in the Integration Log.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::AuthFailed { .. } => "SF_AUTH_FAILED",
            Self::ApiDisabled { .. } => "SF_API_DISABLED",
            Self::PermissionDenied { .. } => "SF_PERMISSION_DENIED",
            Self::RequestLimit { .. } => "SF_REQUEST_LIMIT",
            Self::BudgetSpent { .. } => "SF_BUDGET_SPENT",
            Self::FieldMissing { .. } => "SF_FIELD_MISSING",
            Self::NotConfigured { .. } => "SF_NOT_CONFIGURED",
            Self::OrgChanged { .. } => "SF_ORG_CHANGED",
            Self::Refused { code, .. } if code == LOCKED => "SF_UNAVAILABLE",
            Self::Refused { .. } if self.refused_field().is_some() => "SF_FIELD_TYPE_WRONG",
            Self::Refused { .. } => "SF_QUERY_REFUSED",
            Self::TooLarge { .. } => "SF_QUERY_TOO_LARGE",
            Self::Unavailable { .. } | Self::NoAnswer { .. } | Self::LocatorExpired => {
                "SF_UNAVAILABLE"
            }
        }
    }
}

/// The code of a refusal that passes by itself: another transaction holds the record.
const LOCKED: &str = "UNABLE_TO_LOCK_ROW";

impl SalesforceError {
    /// Returns the field that a refused query cannot use as it does: it is of another type, or cannot be filtered.
    #[must_use]
    pub fn refused_field(&self) -> Option<&str> {
        let Self::Refused { code, message, .. } = self else {
            return None;
        };
        let is_of_a_field = matches!(
            code.as_str(),
            "INVALID_FIELD" | "INVALID_QUERY_FILTER_OPERATOR" | "INVALID_OPERATOR"
        );
        let start = message.find("field '").filter(|_| is_of_a_field)? + "field '".len();
        let name = message[start..].split('\'').next()?;
        FieldPath::parse(name).is_ok().then_some(name)
    }

    /// Returns `true` if the error says that the object as a whole does not exist, or is hidden from the integration
    /// user.
    #[must_use]
    pub fn hides(&self, object: SalesforceObject) -> bool {
        matches!(
            self,
            Self::FieldMissing { object: named, field }
                if named.eq_ignore_ascii_case(object.api_name()) && field == OBJECT_ITSELF
        )
    }

    /// Returns `true` if the error stays until someone mends the settings, or the access that the integration user has.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        match self {
            Self::NotConfigured { .. } | Self::FieldMissing { .. } => true,
            Self::Refused { code, .. } => code != LOCKED,
            _ => false,
        }
    }
}
