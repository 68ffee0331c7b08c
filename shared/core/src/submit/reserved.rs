//! Values that only the vendor sets in a record.

use super::{Author, Refusal, values::Submission};

/// Refuses a registration status of a Partner or Distributor User, whichever it is: the answer does not depend on what
/// the record holds.
pub(super) fn refuse_status(values: &Submission, author: &Author) -> Result<(), Refusal> {
    if author.party.is_some() && values.registration_status.is_some() {
        return Err(Refusal::Reserved("registrationStatus"));
    }
    Ok(())
}

/// Refuses another owner than the record has.
pub(super) fn refuse_owner(values: &Submission, author: &Author) -> Result<(), Refusal> {
    if author.party.is_some() && values.owner.is_some() {
        return Err(Refusal::Reserved("owner"));
    }
    Ok(())
}
