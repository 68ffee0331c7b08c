//! The replacement of the connected org by another: the step that each claim of the former org takes.
//!
//! A refreshed sandbox has another org id and the same record ids, so its links can be moved; those of a wrong or
//! abandoned org are cleared. Either way a Salesforce record belongs to at most one record, and a record to at most one
//! Salesforce record, after each step.

use serde::{Deserialize, Serialize};

use crate::{
    SalesforceId,
    base::Base,
    change::Expected,
    claim::{Claim, ClaimState},
    record::{Record, RecordId},
};

/// The action on the claims of the former org.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// The claims move to the new org: the record ids are the same there.
    Move,
    /// The claims are released, and their records are left without a link.
    Clear,
}

/// A change of the connected org.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrgChange {
    /// The former org.
    pub from: SalesforceId,
    /// The org that takes its place.
    pub to: SalesforceId,
    /// The action on the claims.
    pub action: Action,
}

/// The step that one claim of the former org takes, all of it in one transaction.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The claim is settled already.
    Nothing,
    /// The former org's claim is released, so that its epoch is known if that org is ever connected again.
    Release {
        /// The former org's claim as it will be.
        released: Box<Claim>,
        /// The claim that takes its place in the new org, with the state that must be found there.
        moved: Option<(Box<Claim>, Expected)>,
        /// Its record without the link, over the version that was read.
        unlinked: Option<(Box<Record>, u64)>,
    },
    /// Two records claim the same Salesforce record, one by each org: somebody has to unlink one of them.
    Conflict {
        /// The record of the former org's claim.
        from: RecordId,
        /// The record of the new org's claim.
        to: RecordId,
    },
}

/// Decides the step for a claim of the former org: `there` is the new org's claim of the same Salesforce record,
/// `record` the record that the claim names.
#[must_use]
pub fn step(action: Action, claim: &Claim, there: Option<&Claim>, record: Option<&Record>) -> Step {
    if claim.state == ClaimState::Released {
        return Step::Nothing;
    }
    let moved = match (action, there) {
        (Action::Clear, _) => None,
        (Action::Move, None) => Some((Box::new(claim.clone()), Expected::Absent)),
        (Action::Move, Some(there)) if are_two_links(claim, there) => {
            return Step::Conflict {
                from: claim.record.clone(),
                to: there.record.clone(),
            };
        }
        (Action::Move, Some(there)) => Some(merge(claim, there)),
    };
    let unlinked = match action {
        Action::Move => None,
        Action::Clear => record.and_then(|record| without_link(claim, there, record)),
    };
    let released = Claim {
        state: ClaimState::Released,
        epoch: claim.epoch + u32::from(is_live(claim)),
        version: claim.version + 1,
        pending: None,
        base: Base::default(),
        disconnected: false,
        import_flag_was_off: false,
        suppression: None,
        ..claim.clone()
    };
    Step::Release {
        released: Box::new(released),
        moved,
        unlinked,
    }
}

fn is_live(claim: &Claim) -> bool {
    claim.state == ClaimState::Live
}

fn are_two_links(claim: &Claim, there: &Claim) -> bool {
    is_live(claim) && is_live(there) && claim.record != there.record
}

/// Merges the two orgs' claims of a Salesforce record into one. The live one stays; the epoch is the later one, so that
/// no id of a Deal is given out twice.
fn merge(claim: &Claim, there: &Claim) -> (Box<Claim>, Expected) {
    let rank = |claim: &Claim| match claim.state {
        ClaimState::Live => 2,
        ClaimState::Suppressed => 1,
        ClaimState::Released => 0,
    };
    let stays = if rank(claim) > rank(there) {
        claim
    } else {
        there
    };
    let merged = Claim {
        epoch: claim.epoch.max(there.epoch),
        counted: claim.counted.and(&there.counted),
        version: there.version + 1,
        ..stays.clone()
    };
    (Box::new(merged), Expected::Version(there.version))
}

/// Returns the record without the link that the claim stands for; a link that the new org's claim stands for stays.
fn without_link(
    claim: &Claim,
    there: Option<&Claim>,
    record: &Record,
) -> Option<(Box<Record>, u64)> {
    let is_linked_there = there.is_some_and(|there| is_live(there) && there.record == claim.record);
    let link = record.link.as_ref();
    let is_this_link = is_live(claim)
        && record.id == claim.record
        && link.is_some_and(|link| link.salesforce_id == claim.salesforce);
    (is_this_link && !is_linked_there).then(|| {
        let next = Record {
            link: None,
            life: record.life + 1,
            version: record.version + 1,
            ..record.clone()
        };
        (Box::new(next), record.version)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SystemModstamp, counted::CountedRuns, record::RecordKind, run::RunId};

    fn claim(state: ClaimState, record: &str, epoch: u32, run: u32) -> Claim {
        Claim {
            salesforce: SalesforceId::parse("006dM00000Mw7Vt").unwrap(),
            state,
            record: RecordId::new(RecordKind::Deal, record).unwrap(),
            epoch,
            stamp: SystemModstamp::from_second(9),
            digest: None,
            version: 7,
            counted: CountedRuns::by(RunId::new(run)),
            pending: None,
            base: Base::default(),
            disconnected: false,
            import_flag_was_off: false,
            suppression: None,
        }
    }

    /// Returns the claim and the expectation that take the claim's place in the new org.
    fn moved(claim: &Claim, there: Option<&Claim>) -> (Claim, Expected) {
        let Step::Release {
            released,
            moved: Some((moved, expected)),
            unlinked: None,
        } = step(Action::Move, claim, there, None)
        else {
            unreachable!("{claim:?} {there:?}");
        };
        assert_eq!(released.state, ClaimState::Released);
        assert_eq!(released.version, claim.version + 1);
        (*moved, expected)
    }

    #[test]
    fn a_claim_moves_as_it_is_where_the_new_org_has_none() {
        for state in [ClaimState::Live, ClaimState::Suppressed] {
            let claim = claim(state, "d-1", 3, 1);

            assert_eq!(moved(&claim, None), (claim.clone(), Expected::Absent));
        }
    }

    #[test]
    fn the_former_org_keeps_an_epoch_that_no_deal_was_made_in() {
        for (state, epoch) in [(ClaimState::Live, 4), (ClaimState::Suppressed, 3)] {
            for action in [Action::Move, Action::Clear] {
                let Step::Release { released, .. } =
                    step(action, &claim(state, "d-1", 3, 1), None, None)
                else {
                    unreachable!("{state:?} {action:?}");
                };

                assert_eq!(released.epoch, epoch, "{state:?} {action:?}");
            }
        }
        let released = claim(ClaimState::Released, "d-1", 3, 1);
        assert_eq!(step(Action::Move, &released, None, None), Step::Nothing);
    }

    #[test]
    fn two_records_of_one_salesforce_record_are_a_conflict_and_nothing_moves() {
        let (one, other) = (
            claim(ClaimState::Live, "d-1", 0, 1),
            claim(ClaimState::Live, "d-2", 0, 2),
        );

        assert_eq!(
            step(Action::Move, &one, Some(&other), None),
            Step::Conflict {
                from: one.record.clone(),
                to: other.record.clone()
            }
        );
    }

    #[test]
    fn of_two_claims_the_live_one_stays_with_the_later_epoch_and_the_runs_of_both() {
        let states = [
            ClaimState::Released,
            ClaimState::Suppressed,
            ClaimState::Live,
        ];
        for here in [1, 2] {
            for there in [0, 1, 2] {
                if here == 2 && there == 2 {
                    continue;
                }
                let one = claim(states[here], "d-1", 5, 1);
                let other = claim(states[there], "d-2", 4, 9);

                let (merged, expected) = moved(&one, Some(&other));

                assert_eq!(expected, Expected::Version(7));
                assert_eq!(merged.state, states[here.max(there)]);
                let stays = if here > there { &one } else { &other };
                assert_eq!(merged.record, stays.record, "{here} {there}");
                assert_eq!((merged.epoch, merged.version), (5, 8));
                assert!(merged.counted.contains(RunId::new(1)));
                assert!(merged.counted.contains(RunId::new(9)));
            }
        }
    }

    #[test]
    fn clearing_takes_the_link_off_the_record_unless_the_new_org_s_claim_stands_for_it() {
        let live = claim(ClaimState::Live, "d-1", 0, 1);
        let record: Record = serde_json::from_value(serde_json::json!({
            "fields": {}, "version": 4, "salesforce_id": live.salesforce,
            "salesforce_object": "Opportunity", "link_status": "synced",
            "linked_at": "2026-11-01T00:00:00Z", "linked_by": "integration", "stamp": live.stamp,
        }))
        .unwrap();
        let record = Record {
            id: live.record.clone(),
            ..record
        };
        assert!(record.link.is_some());
        let unlinked =
            |there: Option<&Claim>| match step(Action::Clear, &live, there, Some(&record)) {
                Step::Release { unlinked, .. } => unlinked,
                _ => None,
            };

        let (next, seen) = unlinked(None).unwrap();
        assert_eq!((next.link, next.version, seen), (None, 5, 4));
        assert_eq!(unlinked(Some(&live)), None);
    }
}
