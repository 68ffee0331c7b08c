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
mod tests;
