//! Confirm: makes the link that was previewed, in one transaction.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    LinkContext, LinkError, Links, Master, Refusal, SalesforceRecord,
    join::Join,
    preview::PlannedLink,
    push,
    store::{Audit, Committed, LinkChange, LinkStore, Outbox, PushQueue, Receipted},
    token::Previewed,
};
use crate::{
    SalesforceObject,
    base::Base,
    change::{Expected, Write, with_bounded_sets},
    claim::PendingWrite,
    code::Code,
    digest::Digested,
    entry::LogLine,
    finding::Finding,
    ports::{Clock, Portal},
    problem::OpenProblem,
    record::{Record, RecordId},
    salesforce::Salesforce,
    send,
    value::{MAX_NAME_CHARACTERS, cut},
};

/// The most times that a confirm is decided again because something changed under it.
const MAX_ATTEMPTS: usize = 4;

/// A request to confirm a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirm<'a> {
    /// The record.
    pub record: &'a RecordId,
    /// The pasted text.
    pub url: &'a str,
    /// The choice of the master.
    pub master: Master,
    /// The preview's token.
    pub token: &'a str,
    /// The user, as named by the preview's token, which was made for one user.
    pub user: &'a str,
    /// The user as people know them: an email address.
    pub by: &'a str,
}

/// A link that was made, or that existed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// The record with its link.
    pub record: Record,
    /// The Salesforce record.
    pub salesforce: SalesforceRecord,
    /// `true` if this call made the link.
    pub is_new: bool,
}

impl<F: Salesforce, P: Portal, S: LinkStore, Q: PushQueue, C: Clock + ?Sized>
    Links<'_, F, P, S, Q, C>
{
    /// Makes the link that was previewed.
    ///
    /// Safe to repeat: confirming the very link that exists changes nothing. `receipt` makes the receipt of the answer,
    /// which is kept in the same transaction.
    ///
    /// # Errors
    /// Returns a refusal (nothing was written), or a fault (the outcome is unknown: repeat the call).
    pub async fn confirm(
        &self,
        ask: &Confirm<'_>,
        receipt: impl Fn(&Linked) -> Option<Receipted> + Send,
    ) -> Result<Linked, LinkError> {
        for _ in 0..MAX_ATTEMPTS {
            let context = self.context(ask.record, ask.url).await?;
            if context.is_this_link() {
                return Ok(found(context));
            }
            context.refuse_if_linked()?;
            let now = self.clock.now();
            let stale = |why: &'static str| LinkError::from(Refusal::PreviewStale(why));
            let seen = self
                .tokens
                .read(ask.token, now)
                .ok_or_else(|| stale("its token has expired or is damaged"))?;
            let planned = self.planned_link(context, ask.master).await?;
            let current = planned.previewed(ask.master, ask.user, now)?;
            if let Some(why) = difference(&seen, &current) {
                return Err(stale(why));
            }
            // The link settles the problem of an import. Its counted runs move to the claim: a message of theirs that
            // comes again must not count again.
            let org = planned.context.settings.organization_id;
            let problem = self.store.problem(org, planned.context.target.id).await?;
            let (change, linked) = self.change(planned, problem.as_ref(), ask.by, &receipt);
            if self.store.commit_link(&change).await? == Committed::Yes {
                if let Outbox::Add(request) = change.outbox {
                    push::enqueue(self.writes, &[request]).await;
                }
                return Ok(linked);
            }
            // Something changed between reading and writing: look again, because a link made meanwhile is the better
            // answer.
        }
        Err(Refusal::PreviewStale("a record kept changing").into())
    }

    fn change(
        &self,
        planned: PlannedLink,
        problem: Option<&OpenProblem>,
        by: &str,
        receipt: &impl Fn(&Linked) -> Option<Receipted>,
    ) -> (LinkChange, Linked) {
        let now = self.clock.now();
        let PlannedLink {
            context:
                LinkContext {
                    settings,
                    org,
                    record,
                    claim,
                    target,
                    ..
                },
            row,
            plan,
        } = planned;
        let name = cut(row.text("Name").unwrap_or_default(), MAX_NAME_CHARACTERS);
        let stamp = row.stamp().unwrap_or(crate::SystemModstamp::from_second(0));
        let pending = (!plan.to_salesforce.is_empty()).then(|| PendingWrite {
            id: record.write_id(record.version + 1),
            fields: plan.to_salesforce,
            before: plan.salesforce_before,
            seen: stamp,
            edited: BTreeSet::new(),
        });
        let mut next = record.clone();
        next.version += 1;
        // What is on its way to be created finds the link, and says so.
        next.creating = None;
        for (field, value) in plan.to_channeltivity {
            if value == Value::Null {
                next.fields.remove(&field)
            } else {
                next.fields.insert(field, value)
            };
        }
        let joined = Join {
            record: &record,
            claim: claim.as_ref(),
            problem,
            org: settings.organization_id,
            salesforce: target.id,
            object: target.object,
            name: &name,
            stamp,
            digest: Digested::of(&settings, target.object).vouch(&row, now),
            pending,
            base: Base::default(),
            by,
            at: now,
        }
        .parts();
        next.link = Some(joined.link);
        let linked = Linked {
            record: next.clone(),
            salesforce: SalesforceRecord::new(&org, target.object, target.id, &name),
            is_new: true,
        };
        let line = LogLine {
            salesforce: Some(target.id),
            name,
            entity: Some(record.id.clone()),
            findings: vec![Finding::new(Code::Linked).other(record.id.to_string())],
        };
        let change = LinkChange {
            org: settings.organization_id,
            writes: with_bounded_sets(
                [
                    Write::Record(Box::new(next), Expected::Version(record.version)),
                    joined.claim,
                    Write::CloseProblem(
                        target.id,
                        Expected::of(problem.map(|problem| problem.version)),
                    ),
                ]
                .into_iter()
                .chain(send::forget(&record))
                .collect(),
            ),
            audit: Some(Audit {
                record: record.id.clone(),
                action: "link",
                by: by.to_owned(),
                salesforce: Some(target.id),
                details: format!(
                    "master {}",
                    if plan.fields.is_empty() {
                        "not needed"
                    } else {
                        "as previewed"
                    }
                ),
                earlier: Vec::new(),
            }),
            line,
            outbox: joined.outbox,
            watch: None,
            links_lead: target.object == SalesforceObject::Lead,
            receipt: receipt(&linked),
        };
        (change, linked)
    }
}

fn found(context: LinkContext) -> Linked {
    let name = context
        .record
        .link
        .as_ref()
        .and_then(|link| link.name.clone())
        .unwrap_or_default();
    let salesforce = SalesforceRecord::new(
        &context.org,
        context.target.object,
        context.target.id,
        &name,
    );
    Linked {
        record: context.record,
        salesforce,
        is_new: false,
    }
}

/// Returns the first difference between the current state and the preview, in words.
fn difference(seen: &Previewed, current: &Previewed) -> Option<&'static str> {
    if seen.user != current.user {
        Some("it was made by another user")
    } else if seen.record != current.record || seen.salesforce != current.salesforce {
        Some("it was made for other records")
    } else if seen.master != current.master {
        Some("the master was a different one")
    } else if seen.version != current.version {
        Some("the Channeltivity record changed")
    } else if seen.stamp != current.stamp {
        Some("the Salesforce record changed")
    } else if seen.epoch != current.epoch {
        Some("the Salesforce record was linked or unlinked in the meantime")
    } else if seen.mapping != current.mapping {
        Some("the field mapping changed")
    } else {
        None
    }
}
