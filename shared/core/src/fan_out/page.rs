//! Sorting the candidates of a page: those that need a message, those unchanged, those suppressed.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::{
    SalesforceId, SalesforceObject, SystemModstamp,
    claim::{Claim, ClaimState},
    code::Code,
    digest::{Digest, Digested},
    entry::LogLine,
    finding::Finding,
    ports::Watermark,
    run::{Counts, RunId},
    salesforce::Row,
    settings::Settings,
};

/// A set of Opportunities.
pub(super) type Ids = HashSet<SalesforceId>;

/// The knowledge of a run while it lists.
pub(super) struct Candidates<'a> {
    run: RunId,
    settings: &'a Settings,
    digested: Digested,
    started_at: Timestamp,
    watermark: Watermark,
    problems: Ids,
    claims: HashMap<SalesforceId, Claim>,
    /// `true` if `claims` holds every claim there is, so that none has to be looked up.
    knows_all: bool,
    listed: Ids,
    /// The rows of this attempt with their stamps, for the next watermark. Rows that an earlier attempt handled are
    /// left out: the next run looks them up again.
    seen: Vec<(SystemModstamp, u64)>,
}

/// The result of a page.
#[derive(Default)]
pub(super) struct Taken {
    /// Opportunities that need a message, each `true` if it is fresh.
    pub(super) work: Vec<(SalesforceId, bool)>,
    pub(super) counts: Counts,
    pub(super) lines: Vec<LogLine>,
    pub(super) newest: Option<SystemModstamp>,
    pub(super) last: Option<(SystemModstamp, SalesforceId)>,
}

/// A record as a listing shows it.
#[derive(Clone, Copy)]
struct Listed {
    id: SalesforceId,
    stamp: SystemModstamp,
    digest: Digest,
    is_flagged: bool,
    is_deleted: bool,
}

impl Listed {
    /// Returns the fingerprint of all of it, in eight bytes: enough to recognise it among some thousands.
    fn fingerprint(&self) -> u64 {
        let Self {
            id,
            stamp,
            digest,
            is_flagged,
            is_deleted,
        } = self;
        let text = format!(
            "{id}{} {digest} {is_flagged} {is_deleted}",
            stamp.as_second()
        );
        Sha256::digest(text)[..8]
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

impl<'a> Candidates<'a> {
    pub(super) fn new(
        run: RunId,
        settings: &'a Settings,
        watermark: Watermark,
        problems: Ids,
        started_at: Timestamp,
    ) -> Self {
        Self {
            run,
            settings,
            digested: Digested::of(settings, SalesforceObject::Opportunity),
            started_at,
            watermark,
            problems,
            claims: HashMap::new(),
            knows_all: false,
            listed: HashSet::new(),
            seen: Vec::new(),
        }
    }

    pub(super) fn problems(&self) -> &Ids {
        &self.problems
    }

    /// Returns the fields that the listing reads, to tell rows of one stamp apart.
    pub(super) fn digested(&self) -> &Digested {
        &self.digested
    }

    fn listed(&self, row: &Row) -> Option<Listed> {
        Some(Listed {
            id: row.id()?,
            stamp: row.stamp()?,
            digest: self.digested.digest(row),
            is_flagged: row.is_checked(self.settings.fields.import_flag.as_str()),
            is_deleted: row.is_checked("IsDeleted"),
        })
    }

    pub(super) fn know_all(&mut self, claims: HashMap<SalesforceId, Claim>) {
        self.claims = claims;
        self.knows_all = true;
    }

    pub(super) fn know(&mut self, claims: HashMap<SalesforceId, Claim>) {
        if !self.knows_all {
            self.claims = claims;
        }
    }

    /// Returns the stamp from which an incremental run reads: the watermark less the overlap, because stamps can show
    /// up late.
    pub(super) fn since(&self, overlap: SignedDuration) -> Option<SystemModstamp> {
        self.watermark.stamp.map(|stamp| stamp.earlier(overlap))
    }

    /// Returns the rows whose claims must be read: not known, and not handled by an earlier run as they are.
    pub(super) fn ids_to_look_up(&self, rows: &[Row]) -> Vec<SalesforceId> {
        if self.knows_all {
            return Vec::new();
        }
        rows.iter()
            .filter_map(|row| self.listed(row))
            .filter(|row| !self.problems.contains(&row.id) && !self.is_recent(row))
            .map(|row| row.id)
            .collect()
    }

    fn is_recent(&self, row: &Listed) -> bool {
        !self.watermark.recent.is_empty() && self.watermark.recent.contains(&row.fingerprint())
    }

    pub(super) fn take(&mut self, rows: &[Row]) -> Taken {
        let mut taken = Taken::default();
        for row in rows {
            let Some(listed) = self.listed(row) else {
                continue;
            };
            let Listed { id, stamp, .. } = listed;
            taken.newest = taken.newest.max(Some(stamp));
            taken.last = Some((stamp, id));
            // A row that its digest does not vouch for yet is looked up by the next run all the same.
            if self.digested.is_settled(stamp, self.started_at) {
                self.seen.push((stamp, listed.fingerprint()));
            }
            if !self.listed.insert(id) || self.problems.contains(&id) {
                continue;
            }
            if self.is_recent(&listed) {
                // It is unchanged since an earlier run handled it: nothing to read, nothing to count.
                continue;
            }
            self.take_row(row, &listed, &mut taken);
        }
        taken
    }

    fn take_row(&self, row: &Row, listed: &Listed, taken: &mut Taken) {
        let id = listed.id;
        let flagged = listed.is_flagged && !listed.is_deleted;
        let Some(claim) = self.claims.get(&id) else {
            if flagged {
                taken.work.push((id, true));
            }
            return;
        };
        if claim.counted.contains(self.run) {
            // An earlier attempt of this run enqueued it, and the worker has counted it.
            return;
        }
        // The record is gone or back.
        let turned = claim.disconnected != listed.is_deleted;
        let is_up_to_date = claim.is_up_to(listed.stamp, Some(listed.digest)) && !turned;
        match claim.state {
            ClaimState::Live if !is_up_to_date => taken.work.push((id, false)),
            ClaimState::Live => {
                taken.counts.listed += 1;
                taken.counts.unchanged += 1;
            }
            ClaimState::Released if flagged => taken.work.push((id, false)),
            ClaimState::Released => {}
            ClaimState::Suppressed if flagged == claim.import_flag_was_off => {
                taken.work.push((id, false))
            }
            ClaimState::Suppressed if flagged => {
                taken.counts.listed += 1;
                taken.counts.suppressed += 1;
                taken.lines.push(LogLine {
                    salesforce: Some(id),
                    name: row.text("Name").unwrap_or_default().to_owned(),
                    entity: Some(claim.record.clone()),
                    findings: vec![
                        Finding::new(Code::ImportSuppressed).other(claim.record.to_string()),
                    ],
                });
            }
            ClaimState::Suppressed => {}
        }
    }

    /// Returns the claims that need to be checked and that the listing did not show.
    pub(super) fn unlisted(&self, object: SalesforceObject) -> impl Iterator<Item = &Claim> {
        self.claims.values().filter(move |claim| {
            let needs_look = match claim.state {
                ClaimState::Live => true,
                ClaimState::Suppressed => !claim.import_flag_was_off,
                ClaimState::Released => false,
            };
            let id = claim.salesforce;
            needs_look
                && SalesforceObject::of(&id) == Some(object)
                && !self.listed.contains(&id)
                && !self.problems.contains(&id)
                && !claim.counted.contains(self.run)
        })
    }

    /// Returns the watermark that the run leaves: the newest stamp it could see, and the rows within the overlap before
    /// it.
    pub(super) fn next_watermark(
        &self,
        newest: Option<SystemModstamp>,
        overlap: SignedDuration,
        most: usize,
    ) -> Watermark {
        let stamp = newest.max(self.watermark.stamp);
        let Some(watermark) = stamp else {
            return Watermark::default();
        };
        let from = watermark.earlier(overlap);
        let recent = self
            .seen
            .iter()
            .filter(|(stamp, _)| *stamp >= from)
            .map(|(_, fingerprint)| *fingerprint)
            .take(most)
            .collect();
        Watermark {
            stamp,
            recent,
            left_by: None,
            org: None,
        }
    }
}

#[cfg(test)]
mod tests;
