//! Allow import: lifts the suppression that an unlink left.

use super::{
    LinkError, Refusal, Unlinks,
    store::{Audit, Committed, LinkChange, LinkStore, Outbox, Receipted},
};
use crate::{
    SalesforceId,
    change::{Expected, Write},
    claim::{Claim, ClaimState},
    code::Code,
    entry::LogLine,
    finding::Finding,
    ports::{Clock, PortError, Portal},
    problem::OpenProblem,
};

/// The most times that a request is decided again because something changed under it.
const MAX_ATTEMPTS: usize = 4;

impl<P: Portal, S: LinkStore, C: Clock + ?Sized> Unlinks<'_, P, S, C> {
    /// Allows the import of a Salesforce record again; the next run looks at it whatever its stamp.
    ///
    /// # Errors
    /// [`Refusal::NotSuppressed`], or a fault.
    pub async fn allow_import(
        &self,
        id: SalesforceId,
        user: &str,
        receipt: impl Fn(&Claim) -> Option<Receipted> + Send,
    ) -> Result<Claim, LinkError> {
        let settings = self.portal.settings().await?;
        for _ in 0..MAX_ATTEMPTS {
            let claim = self.store.claim(settings.organization_id, id).await?;
            let claim = claim
                .filter(|claim| claim.state == ClaimState::Suppressed)
                .ok_or(Refusal::NotSuppressed(id))?;
            let released = Claim {
                state: ClaimState::Released,
                version: claim.version + 1,
                suppression: None,
                ..claim.clone()
            };
            let change = LinkChange {
                org: settings.organization_id,
                writes: vec![Write::Claim(
                    released.clone(),
                    Expected::Version(claim.version),
                )],
                audit: Some(Audit {
                    record: claim.record.clone(),
                    action: "allow-import",
                    by: user.to_owned(),
                    salesforce: Some(id),
                    details: "the suppression is lifted".to_owned(),
                    earlier: Vec::new(),
                }),
                line: LogLine {
                    salesforce: Some(id),
                    name: String::new(),
                    entity: Some(claim.record.clone()),
                    findings: vec![
                        Finding::new(Code::ImportAllowed).other(claim.record.to_string()),
                    ],
                },
                outbox: Outbox::Keep,
                watch: Some(OpenProblem::watch(id, "", self.clock.now())),
                links_lead: false,
                receipt: receipt(&released),
            };
            if self.store.commit_link(&change).await? == Committed::Yes {
                return Ok(released);
            }
        }
        Err(PortError {
            operation: format!("allowing the import of {id}"),
            detail: "it kept changing".to_owned(),
        }
        .into())
    }
}
