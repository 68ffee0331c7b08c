//! The Integration Log: entries of runs and actions by time, filtered, in pages of bounded work.

use dealbridge_core::entry::Entry;
use dealbridge_lambda::{
    aws::log::Order,
    http::{Answer, Page, Refusal, Request, body, cursor, query},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    IntegrationLog, csv,
    filter::{self, Filter},
    stream::{Budget, Head, Source, Spot, Stream, earliest_run, month_of, oldest_month},
};

/// Default page size.
const PAGE: usize = 100;
/// Maximum page size.
const MAX_PAGE: usize = 1000;
/// Requests to the store per call. A call that finds few matching entries returns fewer and a cursor.
const REQUESTS: usize = 60;

/// The position of both streams; one that is left out has ended.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListingPosition {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    runs: Option<Spot>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    actions: Option<Spot>,
}

/// The sources and the position of the two streams.
struct Span {
    order: Order,
    runs: Source,
    actions: Source,
}

impl IntegrationLog {
    pub(crate) async fn entries(&self, request: &Request) -> Result<Answer, Refusal> {
        let query = filter::query(request)?;
        let most = query::limit(&query, PAGE, MAX_PAGE)?;
        let order = filter::order(&query)?;
        let (_, org) = self.org().await?;
        let filter = Filter::of(&query, &org)?;
        let span = self.span(order, &filter).await?;
        let list = cursor::List::of(request, &query);
        let place = match query.text("cursor") {
            Some(text) => list.decode(text)?,
            None => self.beginning(&span, &filter).await?,
        };
        // With a filter, large requests are worth it; without one, a page comes from few packed entries.
        let packed = if filter.is_open() { 12 } else { 100 };
        let mut runs = Stream::new(&self.store, span.runs, order, place.runs, packed);
        let mut actions = Stream::new(&self.store, span.actions, order, place.actions, packed);
        let mut page = Page::new(most);
        let shown = |entry: &Entry| body::entry(entry, &org);
        let items = fill(&mut page, &mut runs, &mut actions, &filter, order, shown).await?;
        let place = ListingPosition {
            runs: runs.spot().cloned(),
            actions: actions.spot().cloned(),
        };
        let is_end = place.runs.is_none() && place.actions.is_none();
        let cursor = (!is_end).then(|| list.encode(&place)).transpose()?;
        if wants_csv(request) {
            let answer = Answer::text(200, csv::CSV, csv::write(&items, &org)?).header(
                "content-disposition",
                "attachment; filename=\"integration-log.csv\"",
            );
            return Ok(match cursor {
                Some(cursor) => answer.header("link", next_link(request, &cursor)),
                None => answer,
            });
        }
        Answer::json(200, &page.into_body(cursor))
    }

    async fn span(&self, order: Order, filter: &Filter) -> Result<Span, Refusal> {
        let now = self.clock.now();
        let runs = if filter.runs.is_empty() {
            let latest = self.store.latest_run().await?;
            Source::Runs { latest }
        } else {
            Source::These(filter.runs.iter().map(|run| run.number()).collect())
        };
        let oldest = oldest_month(now);
        Ok(Span {
            order,
            runs,
            actions: Source::Actions {
                earliest: filter.from.map_or(oldest, month_of).max(oldest),
                latest: filter
                    .to
                    .map_or_else(|| month_of(now), |to| month_of(to.min(now))),
            },
        })
    }

    async fn beginning(&self, span: &Span, filter: &Filter) -> Result<ListingPosition, Refusal> {
        let is_newest_first = span.order == Order::NewestFirst;
        let runs = match &span.runs {
            Source::These(runs) if is_newest_first => runs.iter().copied().max(),
            Source::These(runs) => runs.iter().copied().min(),
            Source::Runs { latest: 0 } | Source::Actions { .. } => None,
            Source::Runs { latest } if is_newest_first => Some(*latest),
            Source::Runs { latest } => Some(earliest_run(&self.store, *latest).await?),
        };
        // Only entries of runs were requested, or a time without a month that may hold actions.
        let actions = match &span.actions {
            Source::Actions { earliest, latest }
                if filter.runs.is_empty() && earliest <= latest =>
            {
                Some(if is_newest_first { *latest } else { *earliest })
            }
            _ => None,
        };
        Ok(ListingPosition {
            runs: runs.map(Spot::at),
            actions: actions.map(Spot::at),
        })
    }
}

/// Returns `true` if `Accept` names CSV and does not name JSON (RFC 9110, 12.5.1).
fn wants_csv(request: &Request) -> bool {
    let accept = request.header("accept").unwrap_or_default();
    let takes = |wanted: &str| {
        let mut types = accept
            .split(',')
            .filter_map(|range| range.split(';').next());
        types.any(|media| media.trim().eq_ignore_ascii_case(wanted))
    };
    takes("text/csv") && !takes("application/json")
}

/// The next page of a CSV file as a link (RFC 8288): a file has no room for a cursor.
fn next_link(request: &Request, cursor: &str) -> String {
    let pairs = url::form_urlencoded::parse(request.raw_query.as_bytes());
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs.filter(|(name, _)| name != "cursor"))
        .append_pair("cursor", cursor)
        .finish();
    format!("</integration-log?{query}>; rel=\"next\"")
}

/// Merges both streams by time until the page is full, both have ended, or the call has done enough work.
async fn fill<'a>(
    page: &mut Page,
    runs: &mut Stream<'a>,
    actions: &mut Stream<'a>,
    filter: &Filter,
    order: Order,
    shown: impl Fn(&Entry) -> Value,
) -> Result<Vec<Entry>, Refusal> {
    let mut budget = Budget(REQUESTS);
    let (mut items, mut is_full) = (Vec::new(), false);
    while !is_full && !page.is_complete() {
        let next = match (
            runs.head(&mut budget).await?,
            actions.head(&mut budget).await?,
        ) {
            (Head::Later, _) | (_, Head::Later) | (Head::End, Head::End) => break,
            (Head::At(run), Head::At(action)) => {
                let action_is_first = match order {
                    Order::NewestFirst => action > run,
                    Order::OldestFirst => action < run,
                };
                if action_is_first {
                    &mut *actions
                } else {
                    &mut *runs
                }
            }
            (Head::At(_), Head::End) => &mut *runs,
            (Head::End, Head::At(_)) => &mut *actions,
        };
        let entries = next.entries();
        let mut read = usize::MAX;
        for (at, entry) in entries {
            if !filter.shows(&entry) {
                continue;
            }
            if !page.take(shown(&entry)) {
                (read, is_full) = (at, true);
                break;
            }
            items.push(entry);
        }
        next.advance(read);
    }
    Ok(items)
}
