//! Push: delivers the values that a link writes to Salesforce, without overwriting a user's newer edit.

use serde_json::{Map, Value};

use super::{
    read_one,
    store::{Audit, Committed, LinkChange, LinkStore, Outbox, PushQueue},
};
use crate::{
    SalesforceId, SalesforceObject, SystemModstamp,
    change::{Expected, Write},
    claim::{Claim, ClaimState, PendingWrite},
    code::Code,
    entry::LogLine,
    finding::Finding,
    message::{Disposition, Note, PushRequest, WriteRequest},
    ports::{Clock, PortError, Portal},
    record::{LinkStatus, Record},
    salesforce::{FieldPath, Salesforce, SalesforceError, UpdateOutcome},
    value::{self, cut, same},
};

/// The most times that one delivery reads again because a user was faster.
const MAX_ATTEMPTS: usize = 5;

/// The most characters of Salesforce's message that are kept with a link.
const MAX_REASON_CHARACTERS: usize = 1_000;

/// Salesforce's refusal of any write to a converted Lead.
const LEAD_IS_CONVERTED: &str = "CANNOT_UPDATE_CONVERTED_LEAD";

/// The use case, over its ports.
pub struct Push<'a, F, P, S, C: ?Sized> {
    /// Salesforce.
    pub salesforce: &'a F,
    /// Settings.
    pub portal: &'a P,
    /// Records and claims.
    pub store: &'a S,
    /// The time.
    pub clock: &'a C,
}

/// The reason why a delivery has to be repeated.
#[derive(Debug, thiserror::Error)]
enum Again {
    #[error(transparent)]
    Port(#[from] PortError),
    #[error(transparent)]
    Salesforce(#[from] SalesforceError),
    #[error("the Salesforce record is locked by another transaction")]
    Locked,
    #[error("the records kept changing")]
    Busy,
}

/// The result of one write, by field.
#[derive(Default)]
struct Delivered {
    findings: Vec<Finding>,
    written: bool,
    reason: Option<String>,
}

impl<F: Salesforce, P: Portal, S: LinkStore, C: Clock + ?Sized> Push<'_, F, P, S, C> {
    /// Delivers one write. Safe to repeat: a write that was delivered, or whose link was removed, is done.
    ///
    /// A write of another org than the settings' is reported and not sent. While the login leads to another org, the
    /// write stays in the outbox, from where each scheduled run sends it again.
    pub async fn deliver(&self, request: &WriteRequest) -> Disposition {
        match self.try_deliver(request).await {
            Ok(()) => Disposition::Done,
            Err(Again::Salesforce(error @ SalesforceError::OrgChanged { .. })) => {
                tracing::error!(record.id = %request.record, error.code = error.code(), "Left the values of the {} to the next run: {error}", request.record);
                Disposition::Done
            }
            Err(error) => {
                tracing::warn!(record.id = %request.record, error.detail = %error, "Could not write the {} to Salesforce, it goes back to the queue: {error}", request.record);
                Disposition::Retry
            }
        }
    }

    async fn try_deliver(&self, request: &WriteRequest) -> Result<(), Again> {
        if self.portal.settings().await?.organization_id != request.org {
            let finding = Finding::new(Code::MessageOfOtherOrg)
                .value(request.org.to_string())
                .other(format!("the values of the {}", request.record));
            let line = LogLine {
                salesforce: Some(request.salesforce),
                name: String::new(),
                entity: Some(request.record.clone()),
                findings: vec![finding],
            };
            let request = PushRequest::Write(request.clone());
            return Ok(self.store.refuse_push(&request, &line).await?);
        }
        let Some((claim, pending, object)) = self.pending(request).await? else {
            // It was delivered before, or its link was removed or moved.
            let request = PushRequest::Write(request.clone());
            return Ok(self.store.forget(&request).await?);
        };
        let salesforce = self.salesforce.of(request.org).await?;
        let push = Push {
            salesforce: &salesforce,
            ..*self
        };
        let Some(delivered) = push.write(object, claim.salesforce, pending).await? else {
            // The next run finds the Lead converted. It carries the write to the Opportunity, or reports the fields
            // that are not written.
            return Ok(());
        };
        for _ in 0..MAX_ATTEMPTS {
            // Read again: the hourly run may have moved claim or record since.
            let Some((claim, ..)) = self.pending(request).await? else {
                return Ok(());
            };
            let Some(record) = self.store.record(&request.record).await? else {
                return Ok(());
            };
            if self
                .store
                .commit_link(&self.change(request, claim, record, &delivered))
                .await?
                == Committed::Yes
            {
                return Ok(());
            }
        }
        Err(Again::Busy)
    }

    /// Returns the claim with the write that the request names, if it is still to be delivered.
    async fn pending(
        &self,
        request: &WriteRequest,
    ) -> Result<Option<(Claim, PendingWrite, SalesforceObject)>, PortError> {
        let claim = self.store.claim(request.org, request.salesforce).await?;
        Ok(claim
            .filter(|claim| claim.state == ClaimState::Live && claim.record == request.record)
            .and_then(|claim| {
                let pending = claim
                    .pending
                    .clone()
                    .filter(|pending| pending.id == request.write)?;
                let object = SalesforceObject::of(&claim.salesforce)?;
                Some((claim, pending, object))
            }))
    }

    /// Writes the fields. A field that a user changed since the preview, or that Salesforce refuses, is left out and
    /// reported. A converted Lead takes no more field values: then nothing is settled.
    async fn write(
        &self,
        object: SalesforceObject,
        id: SalesforceId,
        pending: PendingWrite,
    ) -> Result<Option<Delivered>, Again> {
        let mut delivered = Delivered::default();
        let PendingWrite {
            mut fields,
            before,
            mut seen,
            ..
        } = pending;
        let mut is_retyped = false;
        // Beside those rounds, each refusal takes at least one field away.
        for _ in 0..MAX_ATTEMPTS + fields.len() {
            if fields.is_empty() {
                return Ok(Some(delivered));
            }
            match self
                .salesforce
                .update(object, id, &fields, Some(seen))
                .await?
            {
                UpdateOutcome::Written => {
                    delivered.written = true;
                    return Ok(Some(delivered));
                }
                UpdateOutcome::Locked => return Err(Again::Locked),
                UpdateOutcome::Gone => {
                    let reason = "the record no longer exists in Salesforce";
                    delivered.refuse(fields.keys(), reason, "ENTITY_IS_DELETED");
                    return Ok(Some(delivered));
                }
                UpdateOutcome::ChangedSince => match self
                    .leave_newer_edits(object, id, &mut fields, &before, &mut delivered)
                    .await?
                {
                    Some(stamp) => seen = stamp,
                    None => return Ok(Some(delivered)),
                },
                // A field that was blank did not show its type.
                UpdateOutcome::Refused { code, message, .. }
                    if code == "JSON_PARSER_ERROR"
                        && !std::mem::replace(&mut is_retyped, true)
                        && retype(&mut fields, &message) => {}
                UpdateOutcome::Refused { code, .. } if code == LEAD_IS_CONVERTED => {
                    return Ok(None);
                }
                UpdateOutcome::Refused {
                    code,
                    message,
                    fields: named,
                } => {
                    let blamed = blamed(&fields, &named, &message);
                    delivered.refuse(blamed.iter(), &message, &code);
                    fields.retain(|field, _| !blamed.contains(field));
                }
            }
        }
        Err(Again::Busy)
    }

    /// Leaves out the fields that a user changed since the preview, and those that hold their values already, because
    /// an earlier delivery wrote them and died. Returns the stamp that the rest may be written over.
    async fn leave_newer_edits(
        &self,
        object: SalesforceObject,
        id: SalesforceId,
        fields: &mut Map<String, Value>,
        before: &Map<String, Value>,
        delivered: &mut Delivered,
    ) -> Result<Option<SystemModstamp>, Again> {
        let paths: Vec<FieldPath> = fields
            .keys()
            .filter_map(|field| FieldPath::parse(field).ok())
            .collect();
        let row = read_one(self.salesforce, object, id, paths).await?;
        let Some(row) = row.filter(|row| !row.is_checked("IsDeleted")) else {
            delivered.refuse(
                fields.keys(),
                "the record no longer exists in Salesforce",
                "NOT_FOUND",
            );
            return Ok(None);
        };
        let is_newer = |field: &str, target: &Value| {
            // A value that cannot be read cannot be known to be newer: Salesforce decides whether the field may be
            // written.
            let Some(now) = row.get(field) else {
                return false;
            };
            !same(now, before.get(field).unwrap_or(&Value::Null)) && !same(now, target)
        };
        let newer: Vec<String> = fields
            .iter()
            .filter(|(field, target)| is_newer(field, target))
            .map(|(field, _)| field.clone())
            .collect();
        if !newer.is_empty() {
            let mut finding = Finding::new(Code::WriteSkipped);
            finding.context.field = newer.join(", ");
            delivered.findings.push(finding);
        }
        fields.retain(|field, target| {
            let is_there = row.get(field).is_some_and(|now| same(now, target));
            delivered.written |= is_there;
            !is_there && !newer.contains(field)
        });
        Ok(row.stamp())
    }

    fn change(
        &self,
        request: &WriteRequest,
        claim: Claim,
        record: Record,
        delivered: &Delivered,
    ) -> LinkChange {
        let mut next = record.clone();
        next.version += 1;
        if let Some(link) = next
            .link
            .as_mut()
            .filter(|link| link.status == LinkStatus::Pending)
        {
            (link.status, link.reason) = (LinkStatus::Synced, delivered.reason.clone());
        }
        let name = record
            .link
            .as_ref()
            .and_then(|link| link.name.clone())
            .unwrap_or_default();
        let next_claim = Claim {
            pending: None,
            // The row is another one by this write, and it may carry the stamp of the one that was read.
            digest: claim.digest.filter(|_| !delivered.written),
            version: claim.version + 1,
            ..claim.clone()
        };
        let mut findings: Vec<Finding> = delivered
            .findings
            .iter()
            .map(|finding| finding.clone().other(record.id.to_string()))
            .collect();
        if delivered.written {
            findings.push(Finding::new(Code::WriteDelivered).other(record.id.to_string()));
        }
        LinkChange {
            org: request.org,
            writes: vec![
                Write::Record(Box::new(next), Expected::Version(record.version)),
                Write::Claim(next_claim, Expected::Version(claim.version)),
            ],
            audit: Some(Audit {
                record: record.id.clone(),
                action: if delivered.written {
                    "write-delivered"
                } else {
                    "write-refused"
                },
                by: "integration".to_owned(),
                salesforce: Some(claim.salesforce),
                details: delivered.reason.clone().unwrap_or_default(),
            }),
            line: LogLine {
                salesforce: Some(claim.salesforce),
                name,
                entity: Some(record.id),
                findings,
            },
            outbox: Outbox::Remove(Note::Write(claim.salesforce)),
            watch: None,
            links_lead: false,
            receipt: None,
        }
    }
}

impl Delivered {
    fn refuse<'f>(&mut self, fields: impl Iterator<Item = &'f String>, message: &str, code: &str) {
        let names = fields.cloned().collect::<Vec<_>>().join(", ");
        let mut finding = Finding::new(Code::WriteRefused)
            .value(message)
            .details(code);
        finding.context.field = names;
        self.findings.push(finding);
        self.reason = Some(cut(
            &format!("Salesforce refused a value: {message}"),
            MAX_REASON_CHARACTERS,
        ));
    }
}

/// Changes values to the other JSON type if Salesforce cannot read the one they have; `true` if there are any.
fn retype(fields: &mut Map<String, Value>, message: &str) -> bool {
    let mut is_any = false;
    for value in fields.values_mut() {
        if let Some(other) = value::in_other_type(value, message) {
            *value = other;
            is_any = true;
        }
    }
    is_any
}

/// Returns the fields that a refusal is about: those it names, else those its message names as a word, else all of
/// them.
fn blamed(fields: &Map<String, Value>, named: &[String], message: &str) -> Vec<String> {
    let words: Vec<&str> = message
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .collect();
    let of = |is_named: &dyn Fn(&str) -> bool| -> Vec<String> {
        fields
            .keys()
            .filter(|field| is_named(field))
            .cloned()
            .collect()
    };
    let by_name = of(&|field| named.iter().any(|name| name.eq_ignore_ascii_case(field)));
    let by_message = || of(&|field| words.contains(&field));
    let blamed = if by_name.is_empty() {
        by_message()
    } else {
        by_name
    };
    if blamed.is_empty() {
        fields.keys().cloned().collect()
    } else {
        blamed
    }
}

/// Sends every request that is still to be delivered: those left by a crash between transaction and queue, or held up by
/// an outage. A note that cannot be read is set aside, with an entry in the log; the others are sent all the same.
///
/// # Errors
/// Returns an error if the store or the queue cannot be reached.
pub async fn send_outbox<S: LinkStore, Q: PushQueue>(
    store: &S,
    queue: &Q,
) -> Result<usize, PortError> {
    let notes = store.outbox().await?;
    for (key, why) in &notes.unreadable {
        let mut finding = Finding::new(Code::OutboxNoteUnreadable).value(why.clone());
        finding.context.field.clone_from(key);
        let line = LogLine {
            salesforce: SalesforceId::parse(key).ok(),
            name: String::new(),
            entity: None,
            findings: vec![finding],
        };
        store.set_aside(key, &line).await?;
    }
    if !notes.requests.is_empty() {
        queue.send(&notes.requests).await?;
    }
    Ok(notes.requests.len())
}
