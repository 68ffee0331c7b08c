//! From a decision to its writes: effect, log line and count of one Opportunity.

use jiff::Timestamp;
use serde_json::Value;

use super::{deal::deal_record, state::StoredState};
use crate::{
    SalesforceId, SalesforceObject, SystemModstamp,
    base::Base,
    change::{Change, Expected, Write, with_bounded_sets},
    claim::{Claim, ClaimState, PendingWrite},
    code::Code,
    counted::CountedRuns,
    decide::{Condition, Decision, Facts, NewDeal, Predecessor, RecordUpdate, Verdict},
    entry::LogLine,
    finding::{self, Finding},
    link::carry::carry,
    mapping::ObjectMapping,
    message::{ImportRequest, Note, PushRequest, VERSION, WriteRequest},
    problem::OpenProblem,
    record::{LinkStatus, RecordId},
    run::Counts,
    salesforce::Row,
    settings::Settings,
    size::Sizes,
    value::{MAX_NAME_CHARACTERS, cut},
};

/// The parts of the change for one Opportunity, as they are collected.
struct Outcome<'a> {
    request: &'a ImportRequest,
    facts: &'a Facts<'a>,
    problem: Option<&'a OpenProblem>,
    problem_of_successor: Option<&'a OpenProblem>,
    /// The Opportunity that a converted Lead's link moves to, as it is in Salesforce.
    target: Option<&'a Row>,
    writes: Vec<Write>,
}

/// Returns the change that a decision makes; [`None`] if the run has counted this Opportunity already.
pub(super) fn change(
    request: &ImportRequest,
    facts: &Facts<'_>,
    (known, target): (&StoredState, Option<&Row>),
    decision: Decision,
    settings: &Settings,
    now: Timestamp,
) -> Option<Change> {
    if known.counted_in(request.run) {
        return None;
    }
    let outcome = Outcome {
        request,
        facts,
        problem: known.problem.as_ref(),
        problem_of_successor: known.problem_of_successor.as_ref(),
        target,
        writes: Vec::new(),
    };
    let failures = decision.failures();
    Some(match decision.verdict {
        Verdict::Import(deal) => outcome.import(*deal, now),
        Verdict::Update(update) => outcome.update(*update),
        Verdict::Move(opportunity) => outcome.move_link(opportunity, settings, now),
        Verdict::TakeOver => outcome.take_over(settings, now),
        Verdict::Unchanged => outcome.unchanged(now),
        Verdict::Fail => outcome.fail(failures, now),
        Verdict::FailAndUpdate(update) => outcome.fail_and_update(failures, *update, now),
        Verdict::Suppressed => outcome.suppressed(),
        Verdict::NotACandidate(finding) => outcome.no_candidate(finding, settings, now),
    })
}

/// Returns the decision on an Opportunity whose outcome the store cannot take: it fails, with the sizes of its values.
pub(super) fn impossible(change: &Change, detail: &str, settings: &Settings) -> Decision {
    let record = change.writes.iter().find_map(|write| match write {
        Write::Record(record, _) => Some(record),
        _ => None,
    });
    let object = SalesforceObject::of(&change.opportunity);
    let ObjectMapping { fields, rows, .. } =
        settings.mapping(object.unwrap_or(SalesforceObject::Opportunity));
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
        row.map(|name| cut(name, MAX_NAME_CHARACTERS))
            .or_else(|| self.problem.map(|problem| problem.name.clone()))
            .unwrap_or_default()
    }

    fn line(&self, entity: Option<RecordId>, findings: Vec<Finding>) -> Option<LogLine> {
        (!findings.is_empty()).then(|| LogLine {
            salesforce: Some(self.request.opportunity),
            name: self.name(),
            entity,
            findings,
        })
    }

    fn finish(self, line: Option<LogLine>, counts: Counts) -> Change {
        Change {
            opportunity: self.request.opportunity,
            writes: with_bounded_sets(self.writes),
            line,
            counts,
        }
    }

    /// Returns the runs that counted the Opportunity, this one included. When its open problem closes, that problem's
    /// counted runs move to the claim: a message of theirs that comes again must not count again.
    fn counted(&self) -> CountedRuns {
        let of_claim = self.facts.claim.map(|claim| &claim.counted);
        let of_problem = self.problem.map(|problem| &problem.counted);
        of_claim
            .into_iter()
            .chain(of_problem)
            .fold(CountedRuns::by(self.request.run), |all, counted| {
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

    /// Puts the claim with an edit, marked as counted by this run.
    fn put_claim(&mut self, claim: &Claim, edit: impl FnOnce(&mut Claim)) {
        let mut next = claim.clone();
        next.version += 1;
        next.counted = self.counted();
        edit(&mut next);
        self.writes
            .push(Write::Claim(next, Expected::Version(claim.version)));
    }

    /// Marks claim or open problem as counted by this run, and closes the problem.
    fn put_claim_or_note(&mut self, now: Timestamp, edit: impl FnOnce(&mut Claim)) {
        if let Some(claim) = self.facts.claim {
            self.put_claim(claim, edit);
            self.close_problem();
            return;
        }
        let (id, run) = (self.request.opportunity, self.request.run);
        self.writes.push(Write::Problem(
            OpenProblem::closed(self.problem, id, run, now),
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
            digest: self.facts.digest,
            version: earlier.map_or(0, |claim| claim.version) + 1,
            counted: self.counted(),
            pending: None,
            base: Base::default(),
            disconnected: false,
            import_flag_was_off: false,
            suppression: None,
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

    /// Puts record and claim as the update says, and returns its findings for the log.
    fn put_update(&mut self, update: RecordUpdate) -> Vec<Finding> {
        let (Some(claim), Some(record)) = (self.facts.claim, self.facts.record) else {
            return Vec::new();
        };
        let mut next = record.clone();
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
        // If only the claim changes, the record stays as it is.
        if next != *record {
            next.version += 1;
            self.writes.push(Write::Record(
                Box::new(next),
                Expected::Version(record.version),
            ));
        }
        let disconnected = update.status == LinkStatus::Disconnected;
        self.put_claim(claim, |claim| {
            (claim.stamp, claim.digest) = (update.stamp, update.digest);
            claim.disconnected = disconnected;
            (claim.base, claim.pending) = (update.base, update.pending.clone());
        });
        let id_of = |write: &Option<PendingWrite>| write.as_ref().map(|write| write.id.clone());
        match &update.pending {
            Some(write) if id_of(&update.pending) != id_of(&claim.pending) => {
                let request = WriteRequest {
                    version: VERSION,
                    org: self.request.org,
                    salesforce: claim.salesforce,
                    record: claim.record.clone(),
                    write: write.id.clone(),
                };
                self.writes.push(Write::Outbox(PushRequest::Write(request)));
            }
            None if claim.pending.is_some() => {
                let note = Note::Write(claim.salesforce);
                self.writes.push(Write::ClearOutbox(note));
            }
            _ => {}
        }
        update.findings
    }

    fn update(mut self, update: RecordUpdate) -> Change {
        let entity = self.facts.record.map(|record| record.id.clone());
        let counts = if update.is_change {
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

    /// Moves a converted Lead's link to the Opportunity: both claims and the record in one transaction.
    fn move_link(self, opportunity: SalesforceId, settings: &Settings, now: Timestamp) -> Change {
        let (Some(claim), Some(record)) = (self.facts.claim, self.facts.record) else {
            return self.unchanged(now);
        };
        let lead = Predecessor {
            claim: claim.clone(),
            record: record.clone(),
            name: self.name(),
        };
        let (holder, problem) = (self.facts.successor, self.problem_of_successor);
        self.moved(&lead, (opportunity, holder, problem), settings, now)
    }

    /// Moves the link in the same way, when the Opportunity is decided before the Lead.
    fn take_over(self, settings: &Settings, now: Timestamp) -> Change {
        let Some(lead) = self.facts.predecessor else {
            return self.unchanged(now);
        };
        let (opportunity, holder) = (self.request.opportunity, self.facts.claim);
        let problem = self.problem;
        self.moved(lead, (opportunity, holder, problem), settings, now)
    }

    fn moved(
        mut self,
        lead: &Predecessor,
        (opportunity, holder, problem): (SalesforceId, Option<&Claim>, Option<&OpenProblem>),
        settings: &Settings,
        now: Timestamp,
    ) -> Change {
        let Predecessor {
            claim,
            record,
            name,
        } = lead;
        let counted = self.counted();
        let is_own = |id: SalesforceId| self.request.opportunity == id;
        // The reason why the Opportunity did not import is settled, and the note has the next run read it whatever its
        // stamp: that brings its values.
        let watched = problem.map(|problem| problem.version);
        let mut watch = OpenProblem::watch(opportunity, "", now);
        watch.version = watched.unwrap_or(0) + 1;
        if let Some(problem) = problem {
            watch.counted = problem.counted.clone();
        }
        let stamp = SystemModstamp::from_second(0);
        let under_way = (claim.pending.as_ref(), &claim.base);
        let carried = carry(record, under_way, self.target, settings);
        let mut next = record.clone();
        next.version += 1;
        if let Some(link) = &mut next.link {
            (link.salesforce_id, link.object, link.stamp) =
                (opportunity, SalesforceObject::Opportunity, stamp);
            (link.reason, link.name) = (None, None);
            link.status = if carried.pending.is_some() {
                LinkStatus::Pending
            } else {
                LinkStatus::Synced
            };
        }
        if claim.pending.is_some() {
            self.writes
                .push(Write::ClearOutbox(Note::Write(claim.salesforce)));
        }
        if let Some(pending) = &carried.pending {
            self.writes
                .push(Write::Outbox(PushRequest::Write(WriteRequest {
                    version: VERSION,
                    org: self.request.org,
                    salesforce: opportunity,
                    record: record.id.clone(),
                    write: pending.id.clone(),
                })));
        }
        let moved = Claim {
            salesforce: opportunity,
            state: ClaimState::Live,
            record: record.id.clone(),
            epoch: holder.map_or(0, |claim| claim.epoch),
            stamp,
            digest: None,
            version: holder.map_or(0, |claim| claim.version) + 1,
            counted: match holder {
                _ if is_own(opportunity) => counted.clone(),
                Some(holder) => holder.counted.clone(),
                None => CountedRuns::default(),
            },
            pending: carried.pending,
            base: carried.base,
            disconnected: false,
            import_flag_was_off: false,
            suppression: None,
        };
        let released = Claim {
            state: ClaimState::Released,
            version: claim.version + 1,
            counted: if is_own(claim.salesforce) {
                counted
            } else {
                claim.counted.clone()
            },
            pending: None,
            base: Base::default(),
            ..claim.clone()
        };
        if is_own(claim.salesforce) {
            self.close_problem();
        }
        self.writes.extend([
            Write::Record(Box::new(next), Expected::Version(record.version)),
            Write::Claim(released, Expected::Version(claim.version)),
            Write::Claim(moved, Expected::of(holder.map(|claim| claim.version))),
            Write::Problem(watch, Expected::of(watched)),
        ]);
        let mut findings = vec![
            Finding::new(Code::LinkMoved)
                .value(opportunity.as_str())
                .other(record.id.to_string()),
        ];
        if !carried.dropped.is_empty() {
            let fate = format!("was converted to the Opportunity {opportunity}");
            let dropped = Finding::write_dropped(&fate, &carried.dropped);
            findings.push(dropped.other(record.id.to_string()));
        }
        // The log line belongs to the Lead, whichever of the two was being decided.
        let line = LogLine {
            salesforce: Some(claim.salesforce),
            name: name.clone(),
            entity: Some(record.id.clone()),
            findings,
        };
        self.finish(
            Some(line),
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
        let problem = OpenProblem::met(
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

    /// Leaves the Opportunity alone after an unlink. A Deal that was deleted while it was linked has the same effect.
    fn suppressed(mut self) -> Change {
        let former = self.facts.claim.map(|claim| claim.record.clone());
        if let Some(claim) = self.facts.claim {
            self.put_claim(claim, |next| {
                if claim.state == ClaimState::Live {
                    (next.state, next.epoch, next.pending) =
                        (ClaimState::Suppressed, claim.epoch + 1, None);
                    next.base = Base::default();
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

    /// Handles an Opportunity that is not flagged, deleted or hidden: nothing to import. A suppressed claim remembers
    /// that the flag was seen off.
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
