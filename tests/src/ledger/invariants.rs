//! The invariants of the data model, each violation as a sentence.

use std::collections::{BTreeMap, BTreeSet};

use dealbridge_core::{
    SalesforceId,
    claim::ClaimState,
    code::{Code, Level},
    entry::LogLine,
    record::{LinkStatus, RecordId},
    run::{Counts, RunId},
};

use super::Ledger;

/// Codes that may stand beside a link: a value that the linked Deal cannot take, or a link that cannot follow its Lead.
const OF_LINKED: [Code; 7] = [
    Code::ValueTypeInvalid,
    Code::PicklistValueUnknown,
    Code::DealTooLarge,
    Code::StageEmpty,
    Code::RequiredFieldEmpty,
    Code::AlreadyLinkedOther,
    Code::LinkMoveConflict,
];

/// Codes of entries that count as an update.
const UPDATES: [Code; 6] = [
    Code::Updated,
    Code::LinkPaused,
    Code::LinkResumed,
    Code::LinkDisconnected,
    Code::LinkReconnected,
    Code::LinkMoved,
];

impl Ledger {
    /// The violations, as sentences; none if the store is consistent.
    #[must_use]
    pub fn broken(&self) -> Vec<String> {
        let mut broken = self.broken_links();
        broken.extend(self.broken_problems());
        for run in self.runs.keys() {
            broken.extend(self.broken_counts(*run));
        }
        broken
    }

    /// Links are one-to-one and mirrored, with one Deal per epoch.
    fn broken_links(&self) -> Vec<String> {
        let mut broken = Vec::new();
        let mut holders: BTreeMap<SalesforceId, Vec<&RecordId>> = BTreeMap::new();
        for record in self.records.values() {
            if let Some(link) = &record.link {
                holders
                    .entry(link.salesforce_id)
                    .or_default()
                    .push(&record.id);
                let claim = self.claims.get(&link.salesforce_id);
                if !claim.is_some_and(|claim| {
                    claim.state == ClaimState::Live && claim.record == record.id
                }) {
                    broken.push(format!(
                        "{} is linked to {}, whose claim is {claim:?}",
                        record.id, link.salesforce_id
                    ));
                }
            }
        }
        for (id, records) in holders.iter().filter(|(_, records)| records.len() > 1) {
            broken.push(format!("{id} is linked to {records:?}"));
        }
        for (id, claim) in &self.claims {
            if claim.state != ClaimState::Live {
                continue;
            }
            let Some(link) = self.link(*id).filter(|link| link.salesforce_id == *id) else {
                broken.push(format!(
                    "the live claim of {id} names {}, which does not point back",
                    claim.record
                ));
                continue;
            };
            if link.stamp != claim.stamp {
                broken.push(format!(
                    "{id} is applied up to {} by its claim and {} by its record",
                    claim.stamp, link.stamp
                ));
            }
        }
        broken
    }

    /// An open problem has a reason, and is not beside a link that it would have prevented.
    fn broken_problems(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for (id, problem) in &self.problems {
            let wrong = problem
                .codes()
                .into_iter()
                .find(|code| !OF_LINKED.contains(code));
            if let (Some(record), Some(code)) = (self.linked(*id), wrong) {
                broken.push(format!(
                    "{id} is linked to {} and has the open problem {code}",
                    record.id
                ));
            }
            if problem.times == 0 || problem.first_seen > problem.last_seen {
                broken.push(format!("the problem of {id} was never met"));
            }
        }
        broken
    }

    /// A run's counts equal its entries, and are no more than it listed.
    fn broken_counts(&self, run: RunId) -> Vec<String> {
        let mut broken = Vec::new();
        let counts = self.runs[&run].counts;
        let settled =
            counts.imported + counts.updated + counts.unchanged + counts.failed + counts.suppressed;
        if settled > counts.listed {
            broken.push(format!("{run} counts more than it listed: {counts:?}"));
        }
        let mut logged = Counts::default();
        let mut seen: BTreeSet<(&str, SalesforceId)> = BTreeSet::new();
        for line in self.entries[&run].iter().flat_map(|packed| &packed.lines) {
            let Some(id) = line.salesforce else { continue };
            let Some(kind) = count_of(line, &mut logged) else {
                continue;
            };
            if !seen.insert(("counted", id)) {
                broken.push(format!(
                    "{run} counts {id} twice, the second time as {kind}"
                ));
            }
        }
        let exact = [
            ("imported", counts.imported, logged.imported),
            ("updated", counts.updated, logged.updated),
            ("failed", counts.failed, logged.failed),
            ("suppressed", counts.suppressed, logged.suppressed),
        ];
        for (name, counted, entries) in exact {
            if counted != entries {
                broken.push(format!(
                    "{run} counts {counted} {name} and has {entries} entries of it"
                ));
            }
        }
        broken
    }

    /// Changes since an earlier snapshot that must not happen: system modstamps or epochs going back, links vanishing
    /// or moving by themselves.
    #[must_use]
    pub fn broken_since(&self, earlier: &Self) -> Vec<String> {
        let mut broken = Vec::new();
        for (id, before) in &earlier.claims {
            let Some(claim) = self.claims.get(id) else {
                broken.push(format!("the claim of {id} is gone"));
                continue;
            };
            if claim.stamp < before.stamp
                || claim.epoch < before.epoch
                || claim.version < before.version
            {
                broken.push(format!(
                    "the claim of {id} went back from {before:?} to {claim:?}"
                ));
            }
            // A released claim only keeps the epoch that its next record is made in.
            let is_held = before.state != ClaimState::Released;
            if is_held && claim.epoch == before.epoch && claim.record != before.record {
                broken.push(format!(
                    "{id} moved from {} to {}",
                    before.record, claim.record
                ));
            }
            if before.state == ClaimState::Suppressed
                && claim.state == ClaimState::Live
                && claim.record == before.record
            {
                broken.push(format!(
                    "{id} was linked to {} again by itself",
                    claim.record
                ));
            }
        }
        for (id, record) in &earlier.records {
            if !self.records.contains_key(id) {
                broken.push(format!("{id} is gone"));
            }
            let registered = |status: Option<LinkStatus>| status.is_some();
            let status = |record: &dealbridge_core::record::Record| {
                record.link.as_ref().map(|link| link.status)
            };
            if registered(status(record))
                && self
                    .records
                    .get(id)
                    .is_some_and(|now| status(now).is_none())
            {
                broken.push(format!("{id} lost its link"));
            }
        }
        broken
    }
}

/// Counts a line under its outcome; returns `None` for a line that counts as nothing.
fn count_of(line: &LogLine, counts: &mut Counts) -> Option<&'static str> {
    let has = |codes: &[Code]| {
        line.findings
            .iter()
            .any(|finding| codes.contains(&finding.code))
    };
    let (name, count) = if line
        .findings
        .iter()
        .any(|finding| finding.level() == Level::Error)
    {
        ("failed", &mut counts.failed)
    } else if has(&[Code::Imported]) {
        ("imported", &mut counts.imported)
    } else if has(&[Code::ImportSuppressed]) {
        ("suppressed", &mut counts.suppressed)
    } else if has(&UPDATES) {
        ("updated", &mut counts.updated)
    } else {
        return None;
    };
    *count += 1;
    Some(name)
}
