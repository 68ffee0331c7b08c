//! Push: delivers the values that links and edits write to Salesforce, without overwriting a user's newer edit unseen.

mod due;
mod outbox;
mod settle;

use serde_json::{Map, Value};

use self::{
    due::{Due, Outgoing},
    settle::Delivered,
};
use super::{
    read_one,
    store::{Committed, LinkStore, Outbox},
};
use crate::{
    SalesforceObject, SystemModstamp,
    claim::{Claim, ClaimState},
    code::Code,
    entry::LogLine,
    finding::Finding,
    message::{Disposition, PushRequest, WriteRequest},
    ports::{Clock, PortError, Portal},
    problem::OpenProblem,
    salesforce::{Row, Salesforce, SalesforceError, UpdateOutcome},
    settings::Settings,
    value,
};
pub use outbox::{enqueue, send_outbox};

/// The most times that one delivery reads again because somebody was faster.
const MAX_ATTEMPTS: usize = 6;

/// The reason why nothing of a link is written to a record that is deleted.
const GONE: &str = "the record no longer exists in Salesforce";

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

/// Salesforce's present values, as far as they are known.
enum Present {
    Unknown,
    Gone,
    Row(Row),
}

impl Present {
    fn row(&self) -> Option<&Row> {
        match self {
            Self::Row(row) => Some(row),
            Self::Unknown | Self::Gone => None,
        }
    }
}

/// The result of one attempt.
#[derive(PartialEq, Eq)]
enum Round {
    /// Nothing is left to do for this delivery.
    Done,
    /// Something moved: look again.
    Again,
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
        let settings = self.portal.settings().await?;
        if settings.organization_id != request.org {
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
        let Some(mut due) = self.due(request).await? else {
            // It was delivered before, or its link was removed or moved.
            let request = PushRequest::Write(request.clone());
            return Ok(self.store.forget(&request).await?);
        };
        let salesforce = self.salesforce.of(request.org).await?;
        let push = Push {
            salesforce: &salesforce,
            ..*self
        };
        let mut present = Present::Unknown;
        for _ in 0..MAX_ATTEMPTS {
            if push.round(request, &settings, due, &mut present).await? == Round::Done {
                return Ok(());
            }
            // Read again: an edit, or a run, may have moved claim or record since.
            due = match self.due(request).await? {
                Some(due) => due,
                None => return Ok(()),
            };
        }
        Err(Again::Busy)
    }

    /// Returns the write that the request names, if it is still to be delivered.
    async fn due(&self, request: &WriteRequest) -> Result<Option<Due>, PortError> {
        let record = self.store.record(&request.record).await?;
        // The claim is read last, as close to the write as can be: a link that was removed writes nothing.
        let claim = self.store.claim(request.org, request.salesforce).await?;
        let is_its =
            |claim: &Claim| claim.state == ClaimState::Live && claim.record == request.record;
        let Some(claim) = claim.filter(is_its) else {
            return Ok(None);
        };
        let pending = claim.pending.clone();
        let Some(pending) = pending.filter(|pending| pending.id == request.write) else {
            return Ok(None);
        };
        let Some(object) = SalesforceObject::of(&claim.salesforce) else {
            return Ok(None);
        };
        Ok(record.map(|record| Due {
            claim,
            pending,
            object,
            record,
        }))
    }

    /// Tries once: looks at Salesforce where that is needed, resolves what was changed on both sides, writes, and
    /// settles what came of it.
    ///
    /// A field that Salesforce refuses is left out and reported. A converted Lead takes no more field values, and no edit
    /// flows to a record that is deleted or whose Sync Flag is off: these are left to the next run, which carries the
    /// write to the Opportunity, or has the link rest.
    async fn round(
        &self,
        request: &WriteRequest,
        settings: &Settings,
        due: Due,
        present: &mut Present,
    ) -> Result<Round, Again> {
        if matches!(present, Present::Unknown) && due.needs_row(settings) {
            *present = self.read(&due, settings).await?;
        }
        if let Present::Row(row) = &*present {
            if row.is_checked("IsConverted")
                || (due.is_paused(row, settings) && !due.pending.is_of_link())
            {
                return Ok(Round::Done);
            }
            let resolved = due.resolve(row, settings);
            if !resolved.is_nothing() {
                let seen = row.stamp().unwrap_or(SystemModstamp::from_second(0));
                let change = settle::resolution(request.org, due, seen, resolved);
                self.store.commit_link(&change).await?;
                return Ok(Round::Again);
            }
        }
        let mut outgoing = due.outgoing(present.row(), settings);
        let mut delivered = Delivered::default();
        delivered.is_skipped = outgoing.skipped.is_some();
        delivered.findings.extend(outgoing.skipped.take());
        delivered.written = outgoing.is_there;
        let mut is_retyped = false;
        let mut fields = outgoing.fields.clone();
        if matches!(present, Present::Gone) {
            if !due.pending.is_of_link() {
                return Ok(Round::Done);
            }
            outgoing.sent.clear();
            delivered.refuse(outgoing.of_link.keys(), GONE, "NOT_FOUND");
            fields.clear();
        }
        // Each refusal takes at least one field away.
        while !fields.is_empty() {
            let seen = Some(outgoing.seen);
            let outcome = self
                .salesforce
                .update(due.object, due.claim.salesforce, &fields, seen);
            match outcome.await? {
                UpdateOutcome::Written => {
                    delivered.written = true;
                    break;
                }
                UpdateOutcome::Locked => return Err(Again::Locked),
                UpdateOutcome::Gone if !due.pending.is_of_link() => return Ok(Round::Done),
                UpdateOutcome::Gone => {
                    outgoing.sent.clear();
                    delivered.refuse(outgoing.of_link.keys(), GONE, "ENTITY_IS_DELETED");
                    break;
                }
                UpdateOutcome::ChangedSince => {
                    *present = self.read(&due, settings).await?;
                    return Ok(Round::Again);
                }
                // A field that was blank did not show its type.
                UpdateOutcome::Refused { code, message, .. }
                    if code == "JSON_PARSER_ERROR"
                        && !std::mem::replace(&mut is_retyped, true)
                        && retype(&mut fields, &message) => {}
                UpdateOutcome::Refused { code, .. } if code == LEAD_IS_CONVERTED => {
                    return Ok(Round::Done);
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
        // What was read is older than what was written.
        *present = Present::Unknown;
        self.settle(request, settings, &outgoing, &delivered).await
    }

    async fn read(&self, due: &Due, settings: &Settings) -> Result<Present, SalesforceError> {
        let fields = due.fields_to_read(settings);
        let row = read_one(self.salesforce, due.object, due.claim.salesforce, fields).await?;
        Ok(match row.filter(|row| !row.is_checked("IsDeleted")) {
            Some(row) => Present::Row(row),
            None => Present::Gone,
        })
    }

    /// Writes down what came of a delivery.
    async fn settle(
        &self,
        request: &WriteRequest,
        settings: &Settings,
        outgoing: &Outgoing,
        delivered: &Delivered,
    ) -> Result<Round, Again> {
        for _ in 0..MAX_ATTEMPTS {
            // Read again: the hourly run may have moved claim or record since.
            let Some(now) = self.due(request).await? else {
                return Ok(Round::Done);
            };
            let mut change = settle::delivery(request.org, now, outgoing, delivered, settings);
            if delivered.is_skipped {
                // The next run brings the user's value, whatever its stamp.
                let now = self.clock.now();
                change.watch = Some(OpenProblem::watch(request.salesforce, "", now));
            }
            if self.store.commit_link(&change).await? == Committed::Yes {
                return Ok(match change.outbox {
                    Outbox::Keep => Round::Again,
                    _ => Round::Done,
                });
            }
        }
        Err(Again::Busy)
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
