//! Windows over listings that Salesforce gives up on.

use rand::{Rng, SeedableRng, rngs::StdRng};

use super::*;
use crate::{SalesforceObject, salesforce::Deleted};

const NOW: i64 = 1_780_000_000;

fn id(number: u32) -> SalesforceId {
    SalesforceId::parse(&format!("006dM{number:010}")).unwrap()
}

fn listing(since: Option<i64>) -> Listing {
    Listing {
        object: SalesforceObject::Opportunity,
        fields: Vec::new(),
        flag: None,
        since: since.map(SystemModstamp::from_second),
        before: None,
        after: None,
        up_to: None,
        deleted: Deleted::Included,
    }
}

type ListingPosition = (SystemModstamp, SalesforceId);

/// Returns the rows that Salesforce finds for a listing, in its order.
fn find(rows: &[ListingPosition], listing: &Listing) -> Vec<ListingPosition> {
    let follows = |(stamp, id): &ListingPosition, (last, behind): &ListingPosition| {
        stamp < last || (stamp == last && id > behind)
    };
    let mut found: Vec<ListingPosition> = rows
        .iter()
        .filter(|(stamp, _)| listing.since.is_none_or(|since| *stamp >= since))
        .filter(|(stamp, _)| listing.before.is_none_or(|before| *stamp < before))
        .filter(|row| listing.after.is_none_or(|after| follows(row, &after)))
        .filter(|(_, id)| listing.up_to.is_none_or(|last| *id <= last))
        .copied()
        .collect();
    found.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
    found
}

/// Reads everything from a Salesforce that gives up on more than `most` rows; returns the rows and the number of
/// queries.
fn read_all(
    rows: &[ListingPosition],
    mut window: Window,
    most: usize,
    page: usize,
    mut breaks_off: impl FnMut() -> bool,
) -> (Vec<ListingPosition>, usize) {
    let mut read = Vec::new();
    let mut queries = 0;
    'parts: while !window.is_done() {
        queries += 1;
        assert!(queries < 5_000, "{window:?}");
        let found = find(rows, &window.part());
        if found.len() > most {
            assert!(window.shrink(), "{window:?}");
            continue;
        }
        for page in found.chunks(page) {
            read.extend_from_slice(page);
            window.read(*page.last().unwrap());
            if breaks_off() {
                continue 'parts;
            }
        }
        window.end(found.len());
    }
    (read, queries)
}

#[test]
fn whatever_salesforce_gives_up_on_every_row_is_read_once_and_in_order() {
    for seed in 0..300 {
        let mut random = StdRng::seed_from_u64(seed);
        let count = random.random_range(0..120);
        // From all in one second to spread over years, and some ahead of our clock.
        let spread = [1, 3, 600, 86_400, 300_000_000][random.random_range(0..5)];
        let newest = NOW + [0, 0, 5, 40 * 86_400][random.random_range(0..4)];
        let rows: Vec<ListingPosition> = (0..count)
            .map(|at| {
                let stamp = SystemModstamp::from_second(newest - random.random_range(0..spread));
                (stamp, id(at * 97 + random.random_range(0..90)))
            })
            .collect();
        let since = random.random_bool(0.5).then(|| newest - spread / 2);
        let mut whole = listing(since);
        if random.random_bool(0.3) {
            whole.after = find(&rows, &whole).get(count as usize / 3).copied();
        }
        let size = [
            None,
            None,
            Some(Part::Seconds(random.random_range(1..100_000))),
            Some(Part::Ids(random.random_range(0..12))),
        ][random.random_range(0..4)];
        let window = Window::new(whole.clone(), SystemModstamp::from_second(NOW), size);
        let (most, page) = (random.random_range(1..12), random.random_range(1..7));

        let (read, _) = read_all(&rows, window, most, page, || random.random_bool(0.1));

        assert_eq!(read, find(&rows, &whole), "seed {seed}");
    }
}

#[test]
fn a_listing_that_is_handed_over_after_each_query_comes_to_the_same() {
    for seed in 0..100 {
        let mut random = StdRng::seed_from_u64(seed);
        let spread = [1, 3, 600, 300_000_000][random.random_range(0..4)];
        let rows: Vec<ListingPosition> = (0..60)
            .map(|at| {
                (
                    SystemModstamp::from_second(NOW - random.random_range(0..spread)),
                    id(at),
                )
            })
            .collect();
        let behind = [0, 0, 5, 40 * 86_400][random.random_range(0..4)];
        let (now, most) = (
            SystemModstamp::from_second(NOW - behind),
            random.random_range(1..12),
        );
        let mut whole = listing(None);
        let mut size = None;
        let mut read = Vec::new();
        for queries in 0.. {
            assert!(queries < 5_000, "seed {seed}");
            let mut window = Window::new(whole.clone(), now, size);
            let found = find(&rows, &window.part());
            if found.len() > most {
                assert!(window.shrink(), "{window:?}");
            } else {
                if let Some(last) = found.last() {
                    window.read(*last);
                }
                window.end(found.len());
                read.extend(found);
            }
            if window.is_done() {
                break;
            }
            (whole.after, size) = (window.place(), window.size());
        }

        assert_eq!(read, find(&rows, &listing(None)), "seed {seed}");
    }
}

#[test]
fn an_org_that_answers_everything_at_once_is_asked_once() {
    let rows: Vec<ListingPosition> = (0..50)
        .map(|at| (SystemModstamp::from_second(NOW - i64::from(at)), id(at)))
        .collect();
    let window = Window::new(listing(None), SystemModstamp::from_second(NOW), None);

    assert_eq!(read_all(&rows, window, 50, 10, || false).1, 1);
}

#[test]
fn parts_grow_again_where_there_is_little() {
    // A busy hour, and one row ten years before it.
    let mut rows: Vec<ListingPosition> = (0..1_000)
        .map(|at| (SystemModstamp::from_second(NOW - 3 * i64::from(at)), id(at)))
        .collect();
    rows.push((SystemModstamp::from_second(NOW - 300_000_000), id(5_000)));
    let window = Window::new(listing(None), SystemModstamp::from_second(NOW), None);

    let (read, queries) = read_all(&rows, window, 200, 50, || false);

    assert_eq!(read.len(), 1_001);
    assert!(queries < 80, "{queries}");
}

#[test]
fn an_org_that_gives_up_on_everything_is_given_up_after_a_few_tries() {
    let mut window = Window::new(listing(None), SystemModstamp::from_second(NOW), None);

    let tries = (0..100).take_while(|_| window.shrink()).count();

    assert!(tries < 25, "{tries}");
}

#[test]
fn ids_and_their_numbers_are_the_same_thing() {
    let window = Window::new(listing(None), SystemModstamp::from_second(NOW), None);

    for text in ["006000000000000", "006dM00000Mw7Vt", "006zzzzzzzzzzzz"] {
        let id = SalesforceId::parse(text).unwrap();
        assert_eq!(window.id(number(id)), id);
    }
}
