//! The codes of problems that only these calls have.

use dealbridge_lambda::problem_codes;

problem_codes! {
    /// A code of `/local/…`, beside those of the API.
    pub(super) enum LocalProblem {
        /// No portal user has that id or address.
        UserNotFound = 404 "USER_NOT_FOUND",
        /// No group has that id.
        GroupNotFound = 404 "GROUP_NOT_FOUND",
        /// No Organization has that id.
        OrganizationNotFound = 404 "ORGANIZATION_NOT_FOUND",
        /// Several portal users have that address.
        UserAmbiguous = 409 "USER_AMBIGUOUS",
        /// The record changed again and again.
        Busy = 409 "BUSY",
        /// A function did not answer in its time.
        TimedOut = 503 "TIMED_OUT",
        /// The queues were not empty in the time that was given.
        NotSettled = 503 "NOT_SETTLED",
    }
}
