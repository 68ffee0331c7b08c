//! The identity of an org.

use salesforce_id::SalesforceId;

use crate::store::make_id;

/// The org that a folder stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrgIdentity {
    /// The organization's id, which begins with `00D`.
    pub organization_id: SalesforceId,
    /// The first label of its My Domain host.
    pub my_domain: String,
}

impl Default for OrgIdentity {
    fn default() -> Self {
        Self {
            organization_id: make_id("00D", "00", 1),
            my_domain: "local-org".to_owned(),
        }
    }
}
