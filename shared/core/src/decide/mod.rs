//! The decision on an Opportunity: one pure function, called by the import, by explain and by every dry run.

mod condition;
mod conditions;
mod deal;
mod decision;
mod end_user;
mod facts;
mod followed;
mod linked;
mod parties;
mod party;
mod record_update;

pub(crate) use self::facts::labels;
pub use self::{
    condition::{Condition, in_words},
    deal::NewDeal,
    decision::{Decision, Verdict},
    facts::{Facts, Predecessor},
    party::{hindrances_of_distributor, hindrances_of_partner},
    record_update::RecordUpdate,
};
use crate::{
    SalesforceObject,
    claim::{Claim, ClaimState},
    code::Code,
    finding::Finding,
    record::{Record, RecordKind},
    settings::Settings,
};

/// Decides what to do with an Opportunity.
///
/// Pure: the same facts and settings give the same decision. Every condition for import is checked, and all failures
/// are reported together.
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
    if SalesforceObject::of(&facts.opportunity).is_some_and(|object| !object.is_imported()) {
        // A record that is not linked is ignored here.
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
            // The former Deal is gone and the flag was set anew: the administrator asks for a new Deal.
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

#[cfg(test)]
mod tests;
