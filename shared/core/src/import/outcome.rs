//! From a decision to what is written: effect, log line and count of one Opportunity.

use jiff::Timestamp;
use serde_json::Value;

use super::deal::deal_record;
use crate::{
    SalesforceId, SalesforceObject, Stamp,
    change::{Change, Expected, Write},
    claim::{Claim, ClaimState},
    code::{Code, Level},
    counted::Counted,
    decide::{Condition, Decision, Facts, NewDeal, RecordUpdate, Verdict},
    entry::Line,
    finding::{self, Finding},
    link::plan,
    message::ImportRequest,
    problem::Problem,
    record::{LinkStatus, RecordId},
    run::Counts,
    salesforce::Row,
    settings::Settings,
    size::Sizes,
    value::{LONGEST_NAME, cut},
};

/// Open problems, and notes to look at a record, that concern one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Problems<'a> {
    /// The record's own.
    pub(super) own: Option<&'a Problem>,
    /// That of the Opportunity that a converted Lead became.
    pub(super) of_successor: Option<&'a Problem>,
}

/// What is collected for one Opportunity.
struct Outcome<'a> {
    request: &'a ImportRequest,
    facts: &'a Facts<'a>,
    problem: Option<&'a Problem>,
    problem_of_successor: Option<&'a Problem>,
    writes: Vec<Write>,
}

/// The change that a decision makes; [`None`] when the run has counted this Opportunity already.
pub(super) fn change(
    request: &ImportRequest,
    facts: &Facts<'_>,
    problems: Problems<'_>,
    decision: Decision,
    settings: &Settings,
    now: Timestamp,
) -> Option<Change> {
    let problem = problems.own;
    let counted = |counted: &Counted| counted.contains(request.run);
    if facts.claim.is_some_and(|claim| counted(&claim.counted))
        || problem.is_some_and(|problem| counted(&problem.counted))
    {
        return None;
    }
    let outcome = Outcome {
        request,
        facts,
        problem,
        problem_of_successor: problems.of_successor,
        writes: Vec::new(),
    };
    let failures = decision.failures();
    Some(match decision.verdict {
        Verdict::Import(deal) => outcome.import(*deal, now),
        Verdict::Update(update) => outcome.update(*update),
        Verdict::Move(opportunity) => outcome.move_link(opportunity, now),
        Verdict::Unchanged => outcome.unchanged(now),
        Verdict::Fail => outcome.fail(failures, now),
        Verdict::FailAndUpdate(update) => outcome.fail_and_update(failures, *update, now),
        Verdict::Suppressed => outcome.suppressed(),
        Verdict::NotACandidate(finding) => outcome.no_candidate(finding, settings, now),
    })
}

/// What is decided of an Opportunity whose outcome the store cannot take: it fails, with the sizes of its values.
pub(super) fn impossible(change: &Change, detail: &str, settings: &Settings) -> Decision {
    let record = change.writes.iter().find_map(|write| match write {
        Write::Record(record, _) => Some(record),
        _ => None,
    });
    let object = change.opportunity.object();
    let (fields, rows) = plan::mapping(settings, object.unwrap_or(SalesforceObject::Opportunity));
    let sizes = record.map_or_else(Sizes::default, |record| Sizes::of(&record.fields));
    let is_too_large = sizes.is_too_large();
    let mut finding = sizes.finding(fields, rows).details(detail);
    if !is_too_large {
        let size = &finding.context.value;
        finding.context.value = format!("{size}, which the database refuses ({detail})");
    }
    Decision {
        conditions: vec![Condition::failed(finding)],
        verdict: Verdict::Fail,
    }
}

impl Outcome<'_> {
    fn name(&self) -> String {
        let row = self.facts.row.and_then(|row| row.text("Name"));
        row.map(|name| cut(name, LONGEST_NAME))
            .or_else(|| self.problem.map(|problem| problem.name.clone()))
            .unwrap_or_default()
    }

    fn line(&self, entity: Option<RecordId>, findings: Vec<Finding>) -> Option<Line> {
        (!findings.is_empty()).then(|| Line {
            salesforce: Some(self.request.opportunity),
            name: self.name(),
            entity,
            findings,
        })
    }

    fn finish(self, line: Option<Line>, counts: Counts) -> Change {
        Change {
            opportunity: self.request.opportunity,
            writes: self.writes,
            line,
            counts,
        }
    }

    /// The runs that counted the Opportunity, this one included. Its problem's runs go with the claim when the problem closes:
    /// a message of theirs that comes again must not count again.
    fn counted(&self) -> Counted {
        let of_claim = self.facts.claim.map(|claim| &claim.counted);
        let of_problem = self.problem.map(|problem| &problem.counted);
        of_claim
            .into_iter()
            .chain(of_problem)
            .fold(Counted::by(self.request.run), |all, counted| {
                all.and(counted)
            })
    }

    fn close_problem(&mut self) {
        if let Some(problem) = self.problem {
            self.writes.push(Write::CloseProblem(
                problem.opportunity,
                Expected::Version(problem.version),
            ));
        }
    }

    /// Puts the claim as it was with something changed, marked as counted by this run.
    fn put_claim(&mut self, claim: &Claim, edit: impl FnOnce(&mut Claim)) {
        let mut next = claim.clone();
        next.version += 1;
        next.counted = self.counted();
        edit(&mut next);
        self.writes
            .push(Write::Claim(next, Expected::Version(claim.version)));
    }

    /// Marks claim or problem as counted by this run, and closes the problem.
    fn put_claim_or_note(&mut self, now: Timestamp, edit: impl FnOnce(&mut Claim)) {
        if let Some(claim) = self.facts.claim {
            self.put_claim(claim, edit);
            self.close_problem();
            return;
        }
        let (id, run) = (self.request.opportunity, self.request.run);
        self.writes.push(Write::Problem(
            Problem::closed(self.problem, id, run, now),
            Expected::of(self.problem.map(|problem| problem.version)),
        ));
    }

    fn import(mut self, mut deal: NewDeal, now: Timestamp) -> Change {
        let id = deal.id.clone();
        let mut findings = vec![Finding::new(Code::Imported)];
        findings.append(&mut deal.hidden);
        let earlier = self.facts.claim;
        let claim = Claim {
            salesforce: self.request.opportunity,
            state: ClaimState::Live,
            record: id.clone(),
            epoch: deal.epoch,
            stamp: deal.stamp,
            version: earlier.map_or(0, |claim| claim.version) + 1,
            counted: self.counted(),
            pending: None,
            disconnected: false,
            import_flag_was_off: false,
        };
        self.writes.push(Write::Claim(
            claim,
            Expected::of(earlier.map(|claim| claim.version)),
        ));
        self.writes.push(Write::Record(
            Box::new(deal_record(deal, self.request.opportunity, now)),
            Expected::Absent,
        ));
        self.close_problem();
        let line = self.line(
            Some(id.clone()),
            findings
                .into_iter()
                .map(|finding| finding.other(id.to_string()))
                .collect(),
        );
        self.finish(
            line,
            Counts {
                imported: 1,
                ..Counts::default()
            },
        )
    }

    /// Puts record and claim as the update has them; the log's findings come back.
    fn put_update(&mut self, update: RecordUpdate) -> Vec<Finding> {
        let (Some(claim), Some(record)) = (self.facts.claim, self.facts.record) else {
            return Vec::new();
        };
        let mut next = record.clone();
        next.version += 1;
        for (name, value) in update.fields {
            if value == Value::Null {
                next.fields.remove(&name);
            } else {
                next.fields.insert(name, value);
            }
        }
        if let Some(link) = &mut next.link {
            (link.status, link.reason) = (update.status, update.reason);
            (link.name, link.stamp) = (update.name, update.stamp);
        }
        self.writes.push(Write::Record(
            Box::new(next),
            Expected::Version(record.version),
        ));
        let disconnected = update.status == LinkStatus::Disconnected;
        self.put_claim(claim, |claim| {
            (claim.stamp, claim.disconnected) = (update.stamp, disconnected)
        });
        update.findings
    }

    fn update(mut self, update: RecordUpdate) -> Change {
        let entity = self.facts.record.map(|record| record.id.clone());
        let mut findings = update.findings.iter();
        let is_error = findings.any(|finding| finding.level() == Level::Error);
        let counts = if is_error {
            // The link could not follow its Lead: the run's counts say of it what its entry says.
            Counts {
                failed: 1,
                ..Counts::default()
            }
        } else if update.is_change {
            Counts {
                updated: 1,
                ..Counts::default()
            }
        } else {
            Counts {
                unchanged: 1,
                ..Counts::default()
            }
        };
        let findings = self.put_update(update);
        self.close_problem();
        let line = self.line(entity, findings);
        self.finish(line, counts)
    }

    fn fail_and_update(
        mut self,
        failures: Vec<Finding>,
        update: RecordUpdate,
        now: Timestamp,
    ) -> Change {
        let findings = self.put_update(update);
        let mut change = self.fail(failures, now);
        if let Some(line) = &mut change.line {
            line.findings.extend(findings);
        }
        change
    }

    /// A converted Lead's link goes on with the Opportunity: both claims and the record in one transaction.
    fn move_link(mut self, opportunity: SalesforceId, now: Timestamp) -> Change {
        let (Some(claim), Some(record)) = (self.facts.claim, self.facts.record) else {
            return self.unchanged(now);
        };
        // The Opportunity has not been read yet: any stamp of its own is newer, so the next run brings its values. What
        // stood in the way of its import is settled, and the note has the next run look at it whatever its stamp.
        let watched = self.problem_of_successor.map(|problem| problem.version);
        let mut watch = Problem::watch(opportunity, "", now);
        watch.version = watched.unwrap_or(0) + 1;
        if let Some(problem) = self.problem_of_successor {
            watch.counted = problem.counted.clone();
        }
        self.writes
            .push(Write::Problem(watch, Expected::of(watched)));
        let stamp = Stamp::from_second(0);
        let successor = self.facts.successor;
        let moved = Claim {
            salesforce: opportunity,
            state: ClaimState::Live,
            record: record.id.clone(),
            epoch: successor.map_or(0, |claim| claim.epoch),
            stamp,
            version: successor.map_or(0, |claim| claim.version) + 1,
            counted: successor
                .map(|claim| claim.counted.clone())
                .unwrap_or_default(),
            pending: None,
            disconnected: false,
            import_flag_was_off: false,
        };
        let mut next = record.clone();
        next.version += 1;
        if let Some(link) = &mut next.link {
            (link.salesforce_id, link.object, link.stamp) =
                (opportunity, SalesforceObject::Opportunity, stamp);
            (link.status, link.reason, link.name) = (LinkStatus::Synced, None, None);
        }
        self.writes.push(Write::Record(
            Box::new(next),
            Expected::Version(record.version),
        ));
        self.put_claim(claim, |claim| {
            (claim.state, claim.pending) = (ClaimState::Released, None)
        });
        self.writes.push(Write::Claim(
            moved,
            Expected::of(successor.map(|claim| claim.version)),
        ));
        self.close_problem();
        let finding = Finding::new(Code::LinkMoved)
            .value(opportunity.as_str())
            .other(record.id.to_string());
        let line = self.line(Some(record.id.clone()), vec![finding]);
        self.finish(
            line,
            Counts {
                updated: 1,
                ..Counts::default()
            },
        )
    }

    fn unchanged(mut self, now: Timestamp) -> Change {
        self.put_claim_or_note(now, |_| {});
        self.finish(
            None,
            Counts {
                unchanged: 1,
                ..Counts::default()
            },
        )
    }

    fn fail(mut self, failures: Vec<Finding>, now: Timestamp) -> Change {
        let failures = finding::bounded(failures);
        let entity = self.facts.record.map(|record| record.id.clone());
        let line = self.line(entity, failures.clone());
        let problem = Problem::met(
            self.problem,
            self.request.opportunity,
            &self.name(),
            failures,
            self.request.run,
            now,
        );
        self.writes.push(Write::Problem(
            problem,
            Expected::of(self.problem.map(|problem| problem.version)),
        ));
        self.finish(
            line,
            Counts {
                failed: 1,
                ..Counts::default()
            },
        )
    }

    /// Left alone after an unlink. A Deal that was deleted while it was linked leaves the same behind.
    fn suppressed(mut self) -> Change {
        let former = self.facts.claim.map(|claim| claim.record.clone());
        if let Some(claim) = self.facts.claim {
            self.put_claim(claim, |next| {
                if claim.state == ClaimState::Live {
                    (next.state, next.epoch, next.pending) =
                        (ClaimState::Suppressed, claim.epoch + 1, None);
                }
            });
        }
        self.close_problem();
        let finding = Finding::new(Code::ImportSuppressed)
            .other(former.as_ref().map(ToString::to_string).unwrap_or_default());
        let line = self.line(former, vec![finding]);
        self.finish(
            line,
            Counts {
                suppressed: 1,
                ..Counts::default()
            },
        )
    }

    /// Not flagged, deleted or hidden: nothing to import. That the flag was seen off is remembered on a suppressed claim.
    fn no_candidate(mut self, finding: Finding, settings: &Settings, now: Timestamp) -> Change {
        let flag_is_off = self
            .facts
            .row
            .is_some_and(|row: &Row| !row.is_checked(settings.fields.import_flag.as_str()));
        let line = if self.problem.is_some_and(|problem| !problem.is_watch()) {
            self.line(None, vec![finding])
        } else {
            None
        };
        self.put_claim_or_note(now, |claim| {
            claim.import_flag_was_off |= flag_is_off && claim.state == ClaimState::Suppressed;
        });
        self.finish(
            line,
            Counts {
                unchanged: 1,
                ..Counts::default()
            },
        )
    }
}
