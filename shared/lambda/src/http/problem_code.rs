//! The codes of the API's problems, each with its HTTP status.
//!
//! Codes of the Integration Log ([`Code`](dealbridge_core::code::Code)) are problem codes too, where a call meets what
//! a run would meet; [`Refusal::logged`](super::Refusal::logged) takes those.

/// A machine-readable problem code.
pub trait Coded {
    /// The code.
    fn code(&self) -> &'static str;
    /// The HTTP status of the code.
    fn status(&self) -> u16;
}

/// Declares an enum of problem codes: one row each, the variant, its HTTP status and its code.
#[macro_export]
macro_rules! problem_codes {
    ($(#[$attribute:meta])* $visibility:vis enum $name:ident { $($(#[doc = $doc:literal])+ $variant:ident = $status:literal $code:literal,)+ }) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        $visibility enum $name { $($(#[doc = $doc])+ $variant),+ }

        impl $name {
            /// All codes, in the order of the table.
            $visibility const ALL: &'static [Self] = &[$(Self::$variant),+];
        }

        impl $crate::http::Coded for $name {
            fn code(&self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            fn status(&self) -> u16 {
                match self { $(Self::$variant => $status),+ }
            }
        }
    };
}

problem_codes! {
    /// A problem code of the API, besides those of the Integration Log. `docs/openapi.yaml` lists all of them.
    pub enum ProblemCode {
        /// The request is not as the API describes it.
        Malformed = 400 "MALFORMED",
        /// A change that requires confirmation was not confirmed.
        NotConfirmed = 400 "NOT_CONFIRMED",
        /// A link names no master, though the two sides differ in some fields.
        MasterNotChosen = 400 "MASTER_NOT_CHOSEN",
        /// No integration has that name.
        IntegrationUnknown = 400 "INTEGRATION_UNKNOWN",
        /// The cursor is not of this list.
        CursorInvalid = 400 "CURSOR_INVALID",
        /// The request has no verified caller.
        Unauthorized = 401 "UNAUTHORIZED",
        /// The caller lacks the permission.
        Forbidden = 403 "FORBIDDEN",
        /// No route has that path.
        RouteNotFound = 404 "ROUTE_NOT_FOUND",
        /// No Deal, Lead or Referral has that id.
        RecordNotFound = 404 "RECORD_NOT_FOUND",
        /// No Organization has that id.
        OrganizationNotFound = 404 "ORGANIZATION_NOT_FOUND",
        /// No Group has that id.
        GroupNotFound = 404 "GROUP_NOT_FOUND",
        /// No User has that id.
        UserNotFound = 404 "USER_NOT_FOUND",
        /// No Contact has that id.
        ContactNotFound = 404 "CONTACT_NOT_FOUND",
        /// No run has that id.
        RunNotFound = 404 "RUN_NOT_FOUND",
        /// No task has that id.
        TaskNotFound = 404 "TASK_NOT_FOUND",
        /// No settings are stored.
        SettingsNotFound = 404 "SETTINGS_NOT_FOUND",
        /// No such version of the settings is kept.
        SettingsVersionNotFound = 404 "SETTINGS_VERSION_NOT_FOUND",
        /// The dead letter does not exist, or another receiver has it.
        DeadLetterNotFound = 404 "DEAD_LETTER_NOT_FOUND",
        /// The import of the Salesforce record is not suppressed.
        NotSuppressed = 404 "NOT_SUPPRESSED",
        /// The path does not support this method.
        MethodNotAllowed = 405 "METHOD_NOT_ALLOWED",
        /// The record is not linked.
        NotLinked = 409 "NOT_LINKED",
        /// The record is linked, and was to be deleted.
        UnlinkFirst = 409 "UNLINK_FIRST",
        /// Another record has the id.
        RecordExists = 409 "RECORD_EXISTS",
        /// Records of this kind are not created in Salesforce.
        SendOff = 409 "SEND_OFF",
        /// Something changed since the preview.
        PreviewStale = 409 "PREVIEW_STALE",
        /// The org that the settings name has links.
        OrgHasLinks = 409 "ORG_HAS_LINKS",
        /// The settings name another org.
        OrgNotNamed = 409 "ORG_NOT_NAMED",
        /// Links are being moved to another org, or cleared.
        OrgChanging = 409 "ORG_CHANGING",
        /// Both orgs have a link of one Salesforce record.
        OrgMoveConflict = 409 "ORG_MOVE_CONFLICT",
        /// Something depends on what is to be deleted.
        StillNeeded = 409 "STILL_NEEDED",
        /// A run is active.
        RunActive = 409 "RUN_ACTIVE",
        /// The settings changed since they were read.
        SettingsChanged = 412 "SETTINGS_CHANGED",
        /// The resource is in another version than `If-Match` names.
        VersionChanged = 412 "VERSION_CHANGED",
        /// Fields of the body have values that they do not take.
        FieldsInvalid = 422 "FIELDS_INVALID",
        /// The settings contradict themselves or the connected org.
        SettingsInvalid = 422 "SETTINGS_INVALID",
        /// The Salesforce record is no Opportunity.
        NotAnOpportunity = 422 "NOT_AN_OPPORTUNITY",
        /// The text is no URL or id of a Salesforce record.
        UrlInvalid = 422 "URL_INVALID",
        /// The URL is of another org, or not of a Salesforce org.
        UrlOtherOrg = 422 "URL_OTHER_ORG",
        /// The URL is of a record that is neither a Lead nor an Opportunity.
        UrlNotLeadOrOpportunity = 422 "URL_NOT_LEAD_OR_OPPORTUNITY",
        /// The record does not exist in Salesforce, or is hidden from the integration user.
        SalesforceRecordNotFound = 422 "SF_RECORD_NOT_FOUND",
        /// The Salesforce record is in the Recycle Bin.
        SalesforceRecordDeleted = 422 "SF_RECORD_DELETED",
        /// The Lead was merged into another.
        LeadMerged = 422 "SF_LEAD_MERGED",
        /// The Lead was converted.
        LeadConverted = 422 "SF_LEAD_CONVERTED",
        /// The idempotency key was used for another request.
        IdempotencyKeyReused = 422 "IDEMPOTENCY_KEY_REUSED",
        /// The request names no version in `If-Match`.
        PreconditionRequired = 428 "PRECONDITION_REQUIRED",
        /// An internal error.
        Internal = 500 "INTERNAL",
        /// The store or a queue did not answer in time.
        Unavailable = 503 "UNAVAILABLE",
    }
}
