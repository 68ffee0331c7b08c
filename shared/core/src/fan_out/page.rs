//! Telling the candidates of a page apart: what needs a message, what is unchanged, what is suppressed.

use std::collections::{HashMap, HashSet};

use jiff::SignedDuration;
use sha2::{Digest, Sha256};

use super::Ids;
use crate::{
    SalesforceId, SalesforceObject, Stamp,
    claim::{Claim, ClaimState},
    code::Code,
    entry::Line,
    finding::Finding,
    ports::Mark,
    run::{Counts, RunId},
    salesforce::Row,
    settings::Settings,
};

/// What a run knows while it lists.
pub(super) struct Candidates<'a> {
    run: RunId,
    settings: &'a Settings,
    mark: Mark,
    problems: Ids,
    claims: HashMap<SalesforceId, Claim>,
    /// Whether `claims` holds every claim there is, so that nothing has to be looked up.
    knows_all: bool,
    listed: Ids,
    /// Those that an attempt before has dealt with.
    passed_over: Ids,
    /// Rows of this run with their stamps, for the next mark.
    seen: Vec<(Stamp, u64)>,
}

/// What a page comes to.
#[derive(Default)]
pub(super) struct Taken {
    /// Opportunities that need a message, and whether they are fresh.
    pub(super) work: Vec<(SalesforceId, bool)>,
    pub(super) counts: Counts,
    pub(super) lines: Vec<Line>,
    pub(super) newest: Option<Stamp>,
    pub(super) last: Option<(Stamp, SalesforceId)>,
}

/// A row's id and stamp in eight bytes: enough to know it again among some thousands.
fn fingerprint(id: SalesforceId, stamp: Stamp) -> u64 {
    let digest = Sha256::digest(format!("{id}{}", stamp.as_second()));
    digest[..8]
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

impl<'a> Candidates<'a> {
    pub(super) fn new(run: RunId, settings: &'a Settings, mark: Mark, problems: Ids) -> Self {
        Self {
            run,
            settings,
            mark,
            problems,
            claims: HashMap::new(),
            knows_all: false,
            listed: HashSet::new(),
            passed_over: HashSet::new(),
            seen: Vec::new(),
        }
    }

    pub(super) fn problems(&self) -> &Ids {
        &self.problems
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

    /// From where an incremental run reads: the mark less the overlap, for stamps can show up late.
    pub(super) fn since(&self, overlap: SignedDuration) -> Option<Stamp> {
        self.mark.stamp.map(|stamp| stamp.earlier(overlap))
    }

    /// The rows whose claims must be read: not dealt with by an earlier run at the same stamp, and not known.
    pub(super) fn ids_to_look_up(&self, rows: &[Row]) -> Vec<SalesforceId> {
        if self.knows_all {
            return Vec::new();
        }
        let unknown = |id: SalesforceId, stamp: Stamp| {
            !self.problems.contains(&id) && !self.is_recent(id, stamp)
        };
        rows.iter()
            .filter_map(|row| Some((row.id()?, row.stamp()?)))
            .filter(|(id, stamp)| unknown(*id, *stamp))
            .map(|(id, _)| id)
            .collect()
    }

    fn is_recent(&self, id: SalesforceId, stamp: Stamp) -> bool {
        !self.mark.recent.is_empty() && self.mark.recent.contains(&fingerprint(id, stamp))
    }

    /// Notes rows that an attempt before has dealt with, which ended behind the row `until`. Answers whether there may be more.
    ///
    /// They are left out of the mark: one that was edited since then is dealt with by the next run.
    pub(super) fn pass_over(&mut self, rows: &[Row], until: Option<(Stamp, SalesforceId)>) -> bool {
        for row in rows {
            let (Some(id), Some(stamp)) = (row.id(), row.stamp()) else {
                continue;
            };
            if until.is_some_and(|(end, _)| stamp < end) {
                return false;
            }
            self.passed_over.insert(id);
            if until.is_some_and(|(_, last)| id == last) {
                return false;
            }
        }
        true
    }

    pub(super) fn take(&mut self, rows: &[Row]) -> Taken {
        let mut taken = Taken::default();
        for row in rows {
            let (Some(id), Some(stamp)) = (row.id(), row.stamp()) else {
                continue;
            };
            taken.newest = taken.newest.max(Some(stamp));
            taken.last = Some((stamp, id));
            self.seen.push((stamp, fingerprint(id, stamp)));
            if !self.listed.insert(id) || self.problems.contains(&id) {
                continue;
            }
            if self.is_recent(id, stamp) {
                // Its stamp did not move since an earlier run dealt with it: nothing to read, nothing to count.
                continue;
            }
            self.take_row(row, id, stamp, &mut taken);
        }
        taken
    }

    fn take_row(&self, row: &Row, id: SalesforceId, stamp: Stamp, taken: &mut Taken) {
        let flagged = row.is_checked(self.settings.fields.import_flag.as_str())
            && !row.is_checked("IsDeleted");
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
        let is_back = claim.disconnected && !row.is_checked("IsDeleted");
        match claim.state {
            ClaimState::Live if stamp > claim.stamp || is_back => taken.work.push((id, false)),
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
                taken.lines.push(Line {
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

    /// Claims that need a look and that the listing did not show.
    pub(super) fn unlisted(&self, object: SalesforceObject) -> impl Iterator<Item = &Claim> {
        self.claims.values().filter(move |claim| {
            let needs_look = match claim.state {
                ClaimState::Live => true,
                ClaimState::Suppressed => !claim.import_flag_was_off,
                ClaimState::Released => false,
            };
            let id = claim.salesforce;
            needs_look
                && id.object() == Some(object)
                && !self.listed.contains(&id)
                && !self.passed_over.contains(&id)
                && !self.problems.contains(&id)
                && !claim.counted.contains(self.run)
        })
    }

    /// The mark that the run leaves: the newest stamp it could see, and the rows within the overlap before it.
    pub(super) fn next_mark(
        &self,
        newest: Option<Stamp>,
        overlap: SignedDuration,
        most: usize,
    ) -> Mark {
        let stamp = newest.max(self.mark.stamp);
        let Some(mark) = stamp else {
            return Mark::default();
        };
        let from = mark.earlier(overlap);
        let recent = self
            .seen
            .iter()
            .filter(|(stamp, _)| *stamp >= from)
            .map(|(_, fingerprint)| *fingerprint)
            .take(most)
            .collect();
        Mark {
            stamp,
            recent,
            left_by: None,
            org: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{counted::Counted, record::RecordId, testing::settings};

    const OVERLAP: SignedDuration = SignedDuration::from_mins(10);

    fn row(id: &str, stamp: &str, flagged: bool) -> Row {
        serde_json::from_value(json!({ "Id": id, "IsDeleted": false, "SystemModstamp": stamp, "Import__c": flagged, "Sync__c": true })).unwrap()
    }

    fn claim(id: &str, state: ClaimState, stamp: &str) -> (SalesforceId, Claim) {
        let salesforce = SalesforceId::parse(id).unwrap();
        let claim = Claim {
            salesforce,
            state,
            record: RecordId::of_imported_deal(salesforce, salesforce, 0),
            epoch: 0,
            stamp: Stamp::parse(stamp).unwrap(),
            version: 1,
            counted: Counted::default(),
            pending: None,
            disconnected: false,
            import_flag_was_off: false,
        };
        (salesforce, claim)
    }

    const ONE: &str = "006dM00000Mw7Vt";
    const TWO: &str = "006dM00000Mw7VT";
    const THREE: &str = "006dM00000Mw7Vu";

    #[test]
    fn linked_and_unchanged_ones_cost_no_message_and_are_counted() {
        let settings = settings();
        let mut candidates = Candidates::new(RunId::new(2), &settings, Mark::default(), Ids::new());
        candidates.know(
            [
                claim(ONE, ClaimState::Live, "2026-01-01T00:00:00Z"),
                claim(TWO, ClaimState::Live, "2026-01-01T00:00:00Z"),
            ]
            .into(),
        );

        let taken = candidates.take(&[
            row(ONE, "2026-01-01T00:00:00Z", true),
            row(TWO, "2026-01-02T00:00:00Z", false),
            row(THREE, "2026-01-01T00:00:00Z", true),
        ]);

        assert_eq!(
            taken.counts,
            Counts {
                listed: 1,
                unchanged: 1,
                ..Counts::default()
            }
        );
        assert_eq!(
            taken.work,
            [
                (SalesforceId::parse(TWO).unwrap(), false),
                (SalesforceId::parse(THREE).unwrap(), true)
            ]
        );
    }

    #[test]
    fn rows_of_the_overlap_that_did_not_move_are_not_even_looked_up() {
        let settings = settings();
        let rows = [
            row(ONE, "2026-01-01T00:05:00Z", true),
            row(TWO, "2026-01-01T00:00:00Z", true),
        ];
        let mut first = Candidates::new(RunId::new(1), &settings, Mark::default(), Ids::new());
        let newest = first.take(&rows).newest;
        let mark = first.next_mark(newest, OVERLAP, 100);

        let mut second = Candidates::new(RunId::new(2), &settings, mark, Ids::new());
        let edited = [row(ONE, "2026-01-01T00:06:00Z", true), rows[1].clone()];

        assert_eq!(second.ids_to_look_up(&rows), []);
        assert!(second.take(&rows).work.is_empty());
        assert_eq!(
            second.ids_to_look_up(&edited),
            [SalesforceId::parse(ONE).unwrap()]
        );
    }

    #[test]
    fn the_mark_never_goes_back_and_comes_from_rows_alone() {
        let settings = settings();
        let stamp = Stamp::parse("2026-01-01T00:00:00Z").unwrap();
        let candidates = Candidates::new(
            RunId::new(2),
            &settings,
            Mark {
                stamp: Some(stamp),
                ..Mark::default()
            },
            Ids::new(),
        );

        assert_eq!(candidates.next_mark(None, OVERLAP, 100).stamp, Some(stamp));
        assert_eq!(
            candidates
                .next_mark(Some(stamp.earlier(OVERLAP)), OVERLAP, 100)
                .stamp,
            Some(stamp)
        );
    }

    #[test]
    fn a_suppressed_one_is_logged_and_counted_without_a_message_until_its_flag_moves() {
        let settings = settings();
        let mut suppressed = claim(ONE, ClaimState::Suppressed, "2026-01-01T00:00:00Z");
        let take = |claim: (SalesforceId, Claim), flagged: bool| {
            let mut candidates =
                Candidates::new(RunId::new(2), &settings, Mark::default(), Ids::new());
            candidates.know([claim].into());
            candidates.take(&[row(ONE, "2026-01-02T00:00:00Z", flagged)])
        };

        assert_eq!(take(suppressed.clone(), true).counts.suppressed, 1);
        assert_eq!(take(suppressed.clone(), true).lines.len(), 1);
        assert_eq!(take(suppressed.clone(), false).work.len(), 1);
        suppressed.1.import_flag_was_off = true;
        assert_eq!(take(suppressed.clone(), true).work.len(), 1);
        assert_eq!(take(suppressed, false).work.len(), 0);
    }

    #[test]
    fn what_this_run_has_counted_is_not_listed_again_after_a_crash() {
        let settings = settings();
        let mut claim = claim(ONE, ClaimState::Live, "2026-01-01T00:00:00Z");
        claim.1.counted = Counted::by(RunId::new(2));
        let mut candidates = Candidates::new(RunId::new(2), &settings, Mark::default(), Ids::new());
        candidates.know([claim].into());

        let taken = candidates.take(&[row(ONE, "2026-01-01T00:00:00Z", true)]);

        assert_eq!((taken.counts, taken.work.len()), (Counts::default(), 0));
    }

    #[test]
    fn a_record_that_was_gone_and_is_back_is_looked_at_whatever_its_stamp() {
        let settings = settings();
        let mut gone = claim(ONE, ClaimState::Live, "2026-01-01T00:00:00Z");
        gone.1.disconnected = true;
        let mut candidates = Candidates::new(RunId::new(2), &settings, Mark::default(), Ids::new());
        candidates.know([gone].into());

        assert_eq!(
            candidates
                .take(&[row(ONE, "2026-01-01T00:00:00Z", true)])
                .work
                .len(),
            1
        );
    }
}
