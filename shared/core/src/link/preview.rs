//! Preview: reads both context and shows what a confirm would do. Writes nothing.

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    FieldPreview, LinkContext, LinkError, Links, Master, Refusal, SalesforceRecord, connected_org,
    plan::{self, Plan},
    read_target,
    store::LinkStore,
    token::{LIFETIME, Previewed},
};
use crate::{
    claim::{Claim, ClaimState},
    mapping::ObjectMapping,
    ports::{Clock, Portal},
    record::RecordId,
    record_url,
    salesforce::{Row, Salesforce},
    size::Sizes,
};

/// A preview of a link.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// The Salesforce record that the text names.
    pub salesforce: SalesforceRecord,
    /// Fields by which a person recognises it: stage, Account, company.
    pub recognise: Vec<(String, String)>,
    /// The choice of the master.
    pub master: Master,
    /// The token for the confirm.
    pub preview_token: String,
    /// The time at which the token expires.
    pub expires_at: Timestamp,
    /// Each mapped field.
    pub fields: Vec<FieldPreview>,
}

/// Both context with the Salesforce record's values.
pub(crate) struct PlannedLink {
    pub(crate) context: LinkContext,
    pub(crate) row: Row,
    pub(crate) plan: Plan,
}

impl<F: Salesforce, P: Portal, S: LinkStore, Q, C: Clock + ?Sized> Links<'_, F, P, S, Q, C> {
    /// Previews a link.
    ///
    /// # Errors
    /// Returns a refusal, or a fault of the store or of Salesforce.
    pub async fn preview(
        &self,
        record: &RecordId,
        pasted: &str,
        master: Master,
        user: &str,
    ) -> Result<Preview, LinkError> {
        let context = self.context(record, pasted).await?;
        if !context.is_this_link() {
            context.refuse_if_linked()?;
        }
        let planned = self.planned_link(context, master).await?;
        let expires_at = self
            .clock
            .now()
            .saturating_add(LIFETIME)
            .unwrap_or(Timestamp::MAX);
        let previewed = planned.previewed(master, user, expires_at)?;
        let LinkContext { org, target, .. } = &planned.context;
        let name = planned.row.text("Name").unwrap_or_default();
        let recognise = ["StageName", "Account.Name", "Company", "Status"]
            .iter()
            .filter_map(|path| Some(((*path).to_owned(), planned.row.text(path)?.to_owned())))
            .collect();
        Ok(Preview {
            salesforce: SalesforceRecord::new(org, target.object, target.id, name),
            recognise,
            master,
            preview_token: self.tokens.issue(&previewed),
            expires_at,
            fields: planned.plan.fields,
        })
    }

    /// Reads a pasted text for a record that is to be linked: the Salesforce record that it names. Nothing asks Salesforce,
    /// so whether that record exists is not known yet.
    ///
    /// # Errors
    /// Returns a refusal: the text names no Lead or Opportunity, or one of the two is linked. Or a fault of the store.
    pub async fn check(
        &self,
        record: &RecordId,
        pasted: &str,
    ) -> Result<SalesforceRecord, LinkError> {
        let context = self.context(record, pasted).await?;
        if !context.is_this_link() {
            context.refuse_if_linked()?;
        }
        let LinkContext { org, target, .. } = &context;
        Ok(SalesforceRecord::new(org, target.object, target.id, ""))
    }

    /// Reads the record, the text and the claim.
    pub(crate) async fn context(
        &self,
        record: &RecordId,
        text: &str,
    ) -> Result<LinkContext, LinkError> {
        let settings = self.portal.settings().await?;
        let org = connected_org(self.instance_url, &settings)?;
        let record = self
            .store
            .record(record)
            .await?
            .ok_or_else(|| Refusal::RecordNotFound(record.clone()))?;
        let target = record_url::parse(text, &org).map_err(Refusal::Url)?;
        let claim = self
            .store
            .claim(settings.organization_id, target.id)
            .await?;
        let claim = match claim {
            Some(claim) if claim.state == ClaimState::Live && claim.record != record.id => {
                Some(self.without_deleted_holder(claim).await?)
            }
            claim => claim,
        };
        Ok(LinkContext {
            settings,
            org,
            record,
            claim,
            target,
        })
    }

    /// Returns the claim as an unlink would have left it, if its record was deleted while it was linked: such a record
    /// holds nothing.
    async fn without_deleted_holder(&self, claim: Claim) -> Result<Claim, LinkError> {
        Ok(match self.store.record(&claim.record).await? {
            Some(_) => claim,
            None => Claim {
                state: ClaimState::Suppressed,
                epoch: claim.epoch + 1,
                ..claim
            },
        })
    }

    /// Reads the Salesforce record and plans.
    pub(crate) async fn planned_link(
        &self,
        context: LinkContext,
        master: Master,
    ) -> Result<PlannedLink, LinkError> {
        let salesforce = self.salesforce.of(context.settings.organization_id).await?;
        let row = read_target(&salesforce, context.target, &context.settings).await?;
        let plan = plan::plan(
            &context.record,
            &row,
            context.target.object,
            &context.settings,
            master,
        );
        refuse_too_large(&context, &plan)?;
        Ok(PlannedLink { context, row, plan })
    }
}

/// Refuses values that would make the record too large for the store, or the claim, which keeps the pending write and
/// the values before it.
fn refuse_too_large(context: &LinkContext, plan: &Plan) -> Result<(), Refusal> {
    let kept = context
        .record
        .fields
        .iter()
        .filter(|(name, _)| !plan.to_channeltivity.contains_key(*name));
    let record = Sizes::of(kept.chain(&plan.to_channeltivity));
    let claim = Sizes::of(plan.to_salesforce.iter().chain(&plan.salesforce_before));
    let too_large = [record, claim].into_iter().find(Sizes::is_too_large);
    let Some(sizes) = too_large else {
        return Ok(());
    };
    let ObjectMapping { fields, rows, .. } = context.settings.mapping(context.target.object);
    let named = sizes.finding(fields, rows).context;
    Err(Refusal::TooLarge {
        record: context.record.id.clone(),
        size: named.value,
        largest: named.other,
    })
}

impl PlannedLink {
    /// Returns the facts that a token binds.
    pub(crate) fn previewed(
        &self,
        master: Master,
        user: &str,
        expires_at: Timestamp,
    ) -> Result<Previewed, LinkError> {
        let LinkContext {
            settings,
            record,
            claim,
            target,
            ..
        } = &self.context;
        let stamp = self.row.stamp().ok_or(Refusal::SalesforceNotFound {
            object: target.object,
            id: target.id,
        })?;
        let ObjectMapping { fields, rows, .. } = settings.mapping(target.object);
        let flags = (&settings.fields.sync_flag, &settings.fields.import_flag);
        // The fields that could not be read are part of the preview: they may become readable without any change of a
        // record.
        let unread = &self.plan.unread;
        let mapping = serde_json::to_vec(&(fields, rows, &settings.fixed_values, flags, unread))
            .unwrap_or_default();
        let mapping = Sha256::digest(mapping)[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok(Previewed {
            record: record.id.clone(),
            version: record.version,
            salesforce: target.id,
            stamp,
            epoch: claim.as_ref().map(|claim| claim.epoch),
            mapping,
            master,
            user: user.to_owned(),
            expires: expires_at.as_second(),
        })
    }
}
