//! What to do with an Opportunity: one pure function, called by the import, by explain and by every dry run.

mod conditions;
mod deal;
mod end_user;
mod linked;
mod parties;
mod party;

use serde_json::Value;

pub use self::{conditions::Condition, deal::NewDeal, linked::RecordUpdate};
use crate::{
    SalesforceId, SalesforceObject,
    claim::{Claim, ClaimState},
    code::Code,
    digest::Digest,
    finding::Finding,
    portal::Directory,
    record::{Record, RecordKind},
    salesforce::Row,
    settings::Settings,
};

/// Labels of the fields on the Opportunity whose API names are settings.
pub(crate) mod labels {
    pub(crate) const SYNC_FLAG: &str = "Sync with Channeltivity";
    pub(crate) const IMPORT_FLAG: &str = "Export to Channeltivity Deal";
    pub(crate) const PARTNER_EMAIL: &str = "Channeltivity Partner Email";
    pub(crate) const DISTRIBUTOR_EMAIL: &str = "Channeltivity Distributor Email";
    pub(crate) const DEAL_OWNER_TYPE: &str = "Deal Owner Type";
}

/// All that a decision is made from.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The Opportunity.
    pub opportunity: SalesforceId,
    /// Its fields as they are in Salesforce; [`None`] when it does not exist, was purged or is hidden.
    pub row: Option<&'a Row>,
    /// The digest that vouches for its fields; [`None`] when none does.
    pub digest: Option<Digest>,
    /// Who has the e-mail addresses that it names.
    pub directory: &'a Directory,
    /// Its claim.
    pub claim: Option<&'a Claim>,
    /// The record that the claim names, if that record still exists.
    pub record: Option<&'a Record>,
    /// The claim of the Opportunity that a converted Lead became.
    pub successor: Option<&'a Claim>,
    /// The linked Lead that was converted to this Opportunity.
    pub predecessor: Option<&'a Predecessor>,
}

/// A Lead that was converted, and what it is linked to.
#[derive(Clone, Debug, PartialEq)]
pub struct Predecessor {
    /// Its live claim.
    pub claim: Claim,
    /// The record that the claim names.
    pub record: Record,
    /// The Lead's name.
    pub name: String,
}

/// What to do, and every condition that was looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Every condition with the value read.
    pub conditions: Vec<Condition>,
    /// What to do.
    pub verdict: Verdict,
}

/// What to do with the Opportunity.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It becomes a Deal.
    Import(Box<NewDeal>),
    /// Its record changes.
    Update(Box<RecordUpdate>),
    /// It is a Lead that was converted: its link moves to this Opportunity.
    Move(SalesforceId),
    /// A linked Lead was converted to it: that one's link moves here, and no other Deal is made.
    TakeOver,
    /// Its record is up to date.
    Unchanged,
    /// At least one condition failed.
    Fail,
    /// At least one condition failed, and the record that it is linked to follows it as far as it can.
    FailAndUpdate(Box<RecordUpdate>),
    /// It was unlinked on purpose.
    Suppressed,
    /// It is not flagged for import, or is gone.
    NotACandidate(Finding),
}

impl Decision {
    /// The failed conditions, as findings.
    #[must_use]
    pub fn failures(&self) -> Vec<Finding> {
        self.conditions
            .iter()
            .filter(|condition| !condition.passed)
            .map(|condition| condition.finding.clone())
            .collect()
    }

    /// One condition failed; the record follows as far as the update says.
    fn failed(finding: Finding, update: Option<RecordUpdate>) -> Self {
        Self {
            conditions: vec![Condition::failed(finding)],
            verdict: update.map_or(Verdict::Fail, |update| {
                Verdict::FailAndUpdate(Box::new(update))
            }),
        }
    }

    /// A decision for which no condition was looked at.
    pub(crate) fn only(verdict: Verdict) -> Self {
        Self {
            conditions: Vec::new(),
            verdict,
        }
    }
}

/// Decides what to do with an Opportunity.
///
/// Pure: the same facts and settings give the same decision. Every condition for import is looked at,
/// and all failures are reported together.
#[must_use]
pub fn decide(facts: &Facts<'_>, settings: &Settings) -> Decision {
    let live = facts.claim.filter(|claim| claim.state == ClaimState::Live);
    if let (Some(claim), Some(record)) = (live, facts.record) {
        return decide_linked(facts, claim, record, settings);
    }
    if live.is_some() {
        // The record was deleted while it was linked: the same as an unlink, for importing would bring it back.
        return Decision::only(Verdict::Suppressed);
    }
    let Some(row) = facts.row.filter(|row| !row.is_checked("IsDeleted")) else {
        return Decision::only(Verdict::NotACandidate(Finding::new(Code::OpportunityGone)));
    };
    if facts.predecessor.is_some() {
        return Decision::only(Verdict::TakeOver);
    }
    let import_flag = &settings.fields.import_flag;
    if SalesforceObject::of(&facts.opportunity) == Some(SalesforceObject::Lead) {
        // Leads are never imported: one that is not linked is nobody's business here.
        return Decision::only(Verdict::NotACandidate(Finding::new(Code::Unchanged)));
    }
    if !row.is_checked(import_flag.as_str()) {
        let finding =
            Finding::new(Code::NotACandidate).field(labels::IMPORT_FLAG, import_flag.as_str());
        return Decision::only(Verdict::NotACandidate(finding));
    }
    if let Some(claim) = facts
        .claim
        .filter(|claim| claim.state == ClaimState::Suppressed)
    {
        match (claim.import_flag_was_off, facts.record) {
            (false, _) => return Decision::only(Verdict::Suppressed),
            (true, Some(former)) => {
                let finding =
                    Finding::new(Code::ImportSuppressedFormerDeal).other(former.id.to_string());
                return Decision {
                    conditions: vec![Condition::failed(finding)],
                    verdict: Verdict::Fail,
                };
            }
            // The former Deal is gone and the flag was set anew: a new Deal is what the administrator asks for.
            (true, None) => {}
        }
    }
    let mut checked = conditions::check(row, facts, settings);
    let passed = checked.conditions.iter().all(|condition| condition.passed);
    let deal = if passed {
        deal::new_deal(row, facts, &mut checked, settings)
    } else {
        None
    };
    let verdict = deal.map_or(Verdict::Fail, |deal| Verdict::Import(Box::new(deal)));
    Decision {
        conditions: checked.conditions,
        verdict,
    }
}

/// A record is linked: its link's status and its fields follow the Opportunity.
fn decide_linked(
    facts: &Facts<'_>,
    claim: &Claim,
    record: &Record,
    settings: &Settings,
) -> Decision {
    let flagged = facts.row.is_some_and(|row| {
        !row.is_checked("IsDeleted")
            && row.is_checked(settings.fields.import_flag.as_str())
            && row.is_checked(settings.fields.sync_flag.as_str())
    });
    let decision = linked::update(facts, claim, record, settings);
    if record.id.kind() == RecordKind::Deal || !flagged {
        return decision;
    }
    let finding = Finding::new(Code::AlreadyLinkedOther).other(record.id.to_string());
    let mut conditions = decision.conditions;
    conditions.push(Condition::failed(finding));
    let verdict = match decision.verdict {
        Verdict::Update(update) | Verdict::FailAndUpdate(update) => Verdict::FailAndUpdate(update),
        _ => Verdict::Fail,
    };
    Decision {
        conditions,
        verdict,
    }
}

/// Whether a value that was read counts as set.
fn is_set(row: &Row, path: &str) -> bool {
    row.get(path)
        .is_some_and(|value| !crate::field::is_blank(value))
}

fn value_at<'a>(row: &'a Row, path: &str) -> &'a Value {
    row.get(path).unwrap_or(&Value::Null)
}

#[cfg(test)]
mod tests;
