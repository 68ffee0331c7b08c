use serde_json::json;

use super::*;
use crate::{base::Base, counted::CountedRuns, record::RecordId, testing::settings};

const OVERLAP: SignedDuration = SignedDuration::from_mins(10);

fn candidates(run: RunId, settings: &Settings, watermark: Watermark) -> Candidates<'_> {
    Candidates::new(run, settings, watermark, Ids::new(), Timestamp::UNIX_EPOCH)
}

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
        stamp: SystemModstamp::parse(stamp).unwrap(),
        digest: Some(
            Digested::of(&settings(), SalesforceObject::Opportunity).digest(&row(id, stamp, true)),
        ),
        version: 1,
        counted: CountedRuns::default(),
        pending: None,
        base: Base::default(),
        disconnected: false,
        import_flag_was_off: false,
        suppression: None,
    };
    (salesforce, claim)
}

const ONE: &str = "006dM00000Mw7Vt";
const TWO: &str = "006dM00000Mw7VT";
const THREE: &str = "006dM00000Mw7Vu";

#[test]
fn linked_and_unchanged_ones_cost_no_message_and_are_counted() {
    let settings = settings();
    let mut candidates = candidates(RunId::new(2), &settings, Watermark::default());
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
    let mut first = candidates(RunId::new(1), &settings, Watermark::default());
    let newest = first.take(&rows).newest;
    let watermark = first.next_watermark(newest, OVERLAP, 100);

    let mut second = candidates(RunId::new(2), &settings, watermark);
    let edited = [row(ONE, "2026-01-01T00:06:00Z", true), rows[1].clone()];

    assert_eq!(second.ids_to_look_up(&rows), []);
    assert!(second.take(&rows).work.is_empty());
    assert_eq!(
        second.ids_to_look_up(&edited),
        [SalesforceId::parse(ONE).unwrap()]
    );
}

#[test]
fn a_row_that_changed_under_its_stamp_is_looked_at_by_hourly_and_full_runs() {
    let settings = settings();
    let stamp = "2026-01-01T00:05:00Z";
    let mut edited = row(ONE, stamp, true);
    edited.0.insert("Amount".to_owned(), json!(7));
    let id = SalesforceId::parse(ONE).unwrap();

    let mut first = candidates(RunId::new(1), &settings, Watermark::default());
    let newest = first.take(&[row(ONE, stamp, true)]).newest;
    let watermark = first.next_watermark(newest, OVERLAP, 100);
    let mut hourly = candidates(RunId::new(2), &settings, watermark);
    assert_eq!(hourly.ids_to_look_up(std::slice::from_ref(&edited)), [id]);
    hourly.know([claim(ONE, ClaimState::Live, stamp)].into());
    let mut full = candidates(RunId::new(2), &settings, Watermark::default());
    full.know_all([claim(ONE, ClaimState::Live, stamp)].into());

    for mut run in [hourly, full] {
        assert_eq!(run.take(std::slice::from_ref(&edited)).work, [(id, false)]);
    }
}

#[test]
fn the_mark_never_goes_back_and_comes_from_rows_alone() {
    let settings = settings();
    let stamp = SystemModstamp::parse("2026-01-01T00:00:00Z").unwrap();
    let candidates = candidates(
        RunId::new(2),
        &settings,
        Watermark {
            stamp: Some(stamp),
            ..Watermark::default()
        },
    );

    assert_eq!(
        candidates.next_watermark(None, OVERLAP, 100).stamp,
        Some(stamp)
    );
    assert_eq!(
        candidates
            .next_watermark(Some(stamp.earlier(OVERLAP)), OVERLAP, 100)
            .stamp,
        Some(stamp)
    );
}

#[test]
fn a_suppressed_one_is_logged_and_counted_without_a_message_until_its_flag_moves() {
    let settings = settings();
    let mut suppressed = claim(ONE, ClaimState::Suppressed, "2026-01-01T00:00:00Z");
    let take = |claim: (SalesforceId, Claim), flagged: bool| {
        let mut candidates = candidates(RunId::new(2), &settings, Watermark::default());
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
    claim.1.counted = CountedRuns::by(RunId::new(2));
    let mut candidates = candidates(RunId::new(2), &settings, Watermark::default());
    candidates.know([claim].into());

    let taken = candidates.take(&[row(ONE, "2026-01-01T00:00:00Z", true)]);

    assert_eq!((taken.counts, taken.work.len()), (Counts::default(), 0));
}

#[test]
fn a_record_that_was_gone_and_is_back_is_looked_at_whatever_its_stamp() {
    let settings = settings();
    let mut gone = claim(ONE, ClaimState::Live, "2026-01-01T00:00:00Z");
    gone.1.disconnected = true;
    let mut candidates = candidates(RunId::new(2), &settings, Watermark::default());
    candidates.know([gone].into());

    assert_eq!(
        candidates
            .take(&[row(ONE, "2026-01-01T00:00:00Z", true)])
            .work
            .len(),
        1
    );
}
