//! The part of a listing that is asked for at once: all of it, or, if that is too much for Salesforce, a span of
//! stamps; of a single second that is still too much, a span of ids. Parts follow each other in the listing's order,
//! newest first.

use crate::{SalesforceId, SystemModstamp, ports::Part, salesforce::Listing};

/// The second before which there is nothing in Salesforce: 1999-01-01.
const BEGINNING: i64 = 915_148_800;

/// The factor by which a part that was too large is made smaller.
const SMALLER: i64 = 4;

/// The most successful parts in a row before a larger one is tried again.
const MAX_PARTS_BEFORE_GROWTH: u32 = 16;

/// The seconds by which the newest part is moved ahead of our clock, step by step, if it holds more rows than
/// Salesforce returns at once.
const AHEAD: [i64; 3] = [86_400, 30 * 86_400, 3_650 * 86_400];

/// The letters and digits behind an id's key prefix, and how many there are of each.
const DIGITS: u32 = 12;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The number of the last id.
const LAST: u128 = 62_u128.pow(DIGITS) - 1;

/// The span that is asked for at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Span {
    All,
    Seconds(i64),
    /// A range of 62 to that power of ids within one second.
    Ids(u32),
}

/// The part that was last asked for, and the meaning of its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asked {
    since: Option<SystemModstamp>,
    /// The last id of a part of a second, unless it reaches to the second's end.
    up_to: Option<SalesforceId>,
}

/// A listing's parts, from the newest to the oldest.
#[derive(Clone, Debug)]
pub(super) struct Window {
    listing: Listing,
    /// The row up to which everything is read.
    after: Option<(SystemModstamp, SalesforceId)>,
    /// The stamp from which on everything is read.
    before: Option<SystemModstamp>,
    /// The stamp that spans are measured from while nothing is read.
    newest: SystemModstamp,
    /// The newest stamp by our clock, which Salesforce's may be ahead of.
    clock: SystemModstamp,
    lifts: usize,
    span: Span,
    asked: Asked,
    /// The successful parts since the span last changed.
    good: u32,
    /// The number of them that lets the span grow.
    patience: u32,
    has_grown: bool,
    is_done: bool,
}

impl Window {
    /// Creates the parts of a listing, of that size if an earlier attempt found the whole too large.
    pub(super) fn new(listing: Listing, now: SystemModstamp, size: Option<Part>) -> Self {
        // Behind the last id of a second come the rows before that second.
        let (after, before) = match listing.after {
            Some((stamp, id)) if number(id) == LAST => (None, Some(stamp)),
            after => (after, listing.before),
        };
        let clock = listing.since.map_or(now, |since| now.max(since));
        let mut lift = 0;
        let span = match size {
            None => Span::All,
            Some(Part::Seconds(seconds)) => {
                lift = (1 - seconds).max(0);
                Span::Seconds(seconds.max(1))
            }
            Some(Part::Ids(power)) if after.is_some() || before.is_some() => {
                Span::Ids(power.min(DIGITS - 1))
            }
            Some(Part::Ids(_)) => Span::Seconds(1),
        };
        Self {
            after,
            before,
            clock,
            newest: ahead(clock, lift),
            lifts: AHEAD.iter().take_while(|ahead| **ahead <= lift).count(),
            span,
            asked: Asked {
                since: listing.since,
                up_to: None,
            },
            good: 0,
            patience: 1,
            has_grown: false,
            is_done: false,
            listing,
        }
    }

    /// Returns `true` if everything was read.
    pub(super) fn is_done(&self) -> bool {
        self.is_done
    }

    /// Returns the size of the parts; none while everything is asked for at once.
    pub(super) fn size(&self) -> Option<Part> {
        match self.span {
            Span::All => None,
            Span::Seconds(seconds) if self.place().is_some() => Some(Part::Seconds(seconds)),
            Span::Seconds(seconds) => {
                let lift = self.newest.as_second() - self.clock.as_second();
                Some(Part::Seconds(seconds - lift))
            }
            Span::Ids(power) => Some(Part::Ids(power)),
        }
    }

    /// Returns the position up to which everything is read, as the row that would stand there: another listing
    /// continues behind it.
    pub(super) fn place(&self) -> Option<(SystemModstamp, SalesforceId)> {
        self.after.or_else(|| Some((self.before?, self.id(LAST))))
    }

    /// Returns the listing of the next part.
    pub(super) fn part(&mut self) -> Listing {
        let second = self.top();
        let mut part = Listing {
            since: self.since(),
            after: self.after,
            before: self.before.filter(|_| self.after.is_none()),
            ..self.listing.clone()
        };
        if let Span::Ids(power) = self.span {
            let (_, from) = self.after.unwrap_or((second, self.id(0)));
            part.after = Some((second, from));
            part.before = None;
            let last = number(from).saturating_add(62_u128.pow(power));
            part.up_to = (last < LAST).then(|| self.id(last));
        }
        self.asked = Asked {
            since: part.since,
            up_to: part.up_to,
        };
        part
    }

    /// Notes the last row that was read.
    pub(super) fn read(&mut self, last: (SystemModstamp, SalesforceId)) {
        self.after = Some(last);
    }

    /// Notes that the part that was asked for is read to its end. After an empty part, the next is larger at once.
    pub(super) fn end(&mut self, rows: usize) {
        match self.asked {
            Asked {
                up_to: Some(up_to), ..
            } => self.after = Some((self.top(), up_to)),
            Asked { since, .. } if since == self.listing.since => self.is_done = true,
            Asked { since, .. } => {
                (self.before, self.after) = (since, None);
                if matches!(self.span, Span::Ids(_)) {
                    self.span = Span::Seconds(1);
                }
            }
        }
        self.good += 1;
        if rows == 0 || self.good >= self.patience {
            self.grow();
        }
    }

    fn grow(&mut self) {
        self.span = match self.span {
            Span::All => return,
            Span::Seconds(seconds) => Span::Seconds(seconds.saturating_mul(2)),
            Span::Ids(power) => Span::Ids((power + 1).min(DIGITS - 1)),
        };
        (self.good, self.has_grown) = (0, true);
    }

    /// Makes the next part smaller; `false` if there is no smaller one.
    pub(super) fn shrink(&mut self) -> bool {
        if std::mem::take(&mut self.has_grown) {
            // The span that succeeded before it grew is kept for longer.
            self.patience = (self.patience * 2).min(MAX_PARTS_BEFORE_GROWTH);
        }
        self.good = 0;
        let oldest = self
            .listing
            .since
            .map_or(BEGINNING, SystemModstamp::as_second);
        let all = (self.top().as_second() - oldest + 1).max(1);
        let seconds = match self.span {
            Span::All => all,
            Span::Seconds(seconds) => seconds.min(all),
            Span::Ids(0) => return false,
            Span::Ids(power) => {
                self.span = Span::Ids(power - 1);
                return true;
            }
        };
        if seconds > 1 {
            self.span = Span::Seconds((seconds / SMALLER).max(1));
            return true;
        }
        if self.after.is_some() || self.before.is_some() {
            self.span = Span::Ids(DIGITS - 1);
            return true;
        }
        // Salesforce's clock is ahead of ours.
        let Some(lift) = AHEAD.get(self.lifts) else {
            return false;
        };
        self.lifts += 1;
        self.span = Span::Seconds(1);
        self.newest = ahead(self.clock, *lift);
        true
    }

    /// Returns the newest second that is not read to its end.
    fn top(&self) -> SystemModstamp {
        let before = self.before.map(|before| before.as_second() - 1);
        let after = self.after.map(|(stamp, _)| stamp);
        after
            .or(before.map(SystemModstamp::from_second))
            .unwrap_or(self.newest)
    }

    /// Returns the stamp from which the next part reads.
    fn since(&self) -> Option<SystemModstamp> {
        let seconds = match self.span {
            Span::All => return self.listing.since,
            Span::Seconds(seconds) => seconds,
            Span::Ids(_) => 1,
        };
        let since = self.top().as_second().saturating_sub(seconds - 1);
        let oldest = self
            .listing
            .since
            .map_or(BEGINNING, SystemModstamp::as_second);
        if since <= oldest {
            self.listing.since
        } else {
            Some(SystemModstamp::from_second(since))
        }
    }

    /// Returns the id of the listed object that has this number.
    fn id(&self, mut number: u128) -> SalesforceId {
        let mut digits = [b'0'; DIGITS as usize];
        for digit in digits.iter_mut().rev() {
            *digit = ALPHABET[usize::try_from(number % 62).unwrap_or_default()];
            number /= 62;
        }
        let text = format!(
            "{}{}",
            self.listing.object.key_prefix(),
            String::from_utf8_lossy(&digits)
        );
        SalesforceId::parse(&text).unwrap_or(SalesforceId::UNSET)
    }
}

fn ahead(clock: SystemModstamp, seconds: i64) -> SystemModstamp {
    SystemModstamp::from_second(clock.as_second().saturating_add(seconds))
}

/// Returns an id as a number that orders as ids do.
fn number(id: SalesforceId) -> u128 {
    id.as_str()
        .bytes()
        .skip(3)
        .take(DIGITS as usize)
        .fold(0, |number, byte| {
            let digit = ALPHABET.iter().position(|known| *known == byte);
            number * 62 + digit.unwrap_or_default() as u128
        })
}

#[cfg(test)]
mod tests {
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

    type Place = (SystemModstamp, SalesforceId);

    /// Returns the rows that Salesforce finds for a listing, in its order.
    fn find(rows: &[Place], listing: &Listing) -> Vec<Place> {
        let follows = |(stamp, id): &Place, (last, behind): &Place| {
            stamp < last || (stamp == last && id > behind)
        };
        let mut found: Vec<Place> = rows
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
        rows: &[Place],
        mut window: Window,
        most: usize,
        page: usize,
        mut breaks_off: impl FnMut() -> bool,
    ) -> (Vec<Place>, usize) {
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
            let rows: Vec<Place> = (0..count)
                .map(|at| {
                    let stamp =
                        SystemModstamp::from_second(newest - random.random_range(0..spread));
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
            let rows: Vec<Place> = (0..60)
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
        let rows: Vec<Place> = (0..50)
            .map(|at| (SystemModstamp::from_second(NOW - i64::from(at)), id(at)))
            .collect();
        let window = Window::new(listing(None), SystemModstamp::from_second(NOW), None);

        assert_eq!(read_all(&rows, window, 50, 10, || false).1, 1);
    }

    #[test]
    fn parts_grow_again_where_there_is_little() {
        // A busy hour, and one row ten years before it.
        let mut rows: Vec<Place> = (0..1_000)
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
}
