//! The Integration Log: entries of runs and actions, newest first, filtered, in pages of bounded work.

use dealbridge_core::{
    SalesforceId,
    code::{Code, Level},
    entry::Entry,
    pasted::{self, ConnectedOrg},
    run::RunId,
};
use dealbridge_lambda::http::{Answer, Query, Refusal, Request, body, cursor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    IntegrationLog, code, level, limit,
    stream::{Budget, Head, Source, Spot, Stream, month_of, oldest_month},
};

/// Entries per page, unless asked otherwise.
const PAGE: usize = 100;
/// The most per page.
const LONGEST_PAGE: usize = 1000;
/// Requests of the store per call. A call that meets few matching entries answers with fewer and a cursor.
const REQUESTS: usize = 60;

/// Where both streams go on; one that is left out has come to its end.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    runs: Option<Spot>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    actions: Option<Spot>,
}

/// What an entry must be to be shown.
struct Filter {
    level: Option<Level>,
    code: Option<Code>,
    record: Option<SalesforceId>,
}

impl Filter {
    fn of(query: &Query, org: &ConnectedOrg) -> Result<Self, Refusal> {
        let record = query
            .text("opportunity")
            .map(|text| {
                pasted::parse(text, org)
                    .map_err(|error| Refusal::new(400, error.code(), error.to_string()))
            })
            .transpose()?;
        Ok(Self {
            level: level(query)?,
            code: code(query)?,
            record: record.map(|record| record.id),
        })
    }

    fn is_open(&self) -> bool {
        self.level.is_none() && self.code.is_none() && self.record.is_none()
    }

    fn shows(&self, entry: &Entry) -> bool {
        self.level.is_none_or(|level| entry.level == level)
            && self.code.is_none_or(|code| entry.code == code)
            && self.record.is_none_or(|record| {
                entry
                    .salesforce
                    .as_ref()
                    .is_some_and(|(id, _)| *id == record)
            })
    }
}

impl IntegrationLog {
    pub(crate) async fn entries(&self, request: &Request) -> Result<Answer, Refusal> {
        let known = ["run", "level", "code", "opportunity", "cursor", "limit"];
        let query = request.query(&known)?;
        let most = limit(&query, PAGE, LONGEST_PAGE)?;
        let run = query.value("run", RunId::parse)?;
        let (_, org) = self.org().await?;
        let filter = Filter::of(&query, &org)?;
        let place = match query.text("cursor") {
            Some(text) => cursor::decode(text)?,
            None => self.beginning(run).await?,
        };
        // A filter is worth large requests; without one, a page comes from few packed entries.
        let packed = if filter.is_open() { 12 } else { 100 };
        let oldest = oldest_month(self.clock.now());
        let source = run.map_or(Source::Runs, |_| Source::Run);
        let mut runs = Stream::new(&self.store, source, place.runs, packed);
        let actions = Source::Actions { oldest };
        let mut actions = Stream::new(&self.store, actions, place.actions, packed);
        let items = page(&mut runs, &mut actions, &filter, most, &org).await?;
        let place = Place {
            runs: runs.spot().cloned(),
            actions: actions.spot().cloned(),
        };
        let is_end = place.runs.is_none() && place.actions.is_none();
        let cursor = (!is_end).then(|| cursor::encode(&place)).transpose()?;
        Answer::json(200, &body::page(items, cursor))
    }

    async fn beginning(&self, run: Option<RunId>) -> Result<Place, Refusal> {
        Ok(match run {
            Some(run) => Place {
                runs: Some(Spot::at(run.number())),
                actions: None,
            },
            None => {
                let latest = self.store.latest_run().await?;
                Place {
                    runs: (latest > 0).then(|| Spot::at(latest)),
                    actions: Some(Spot::at(month_of(self.clock.now()))),
                }
            }
        })
    }
}

/// Merges both streams by time, until the page is full, both are at their end or the work is enough for one call.
async fn page<'a>(
    runs: &mut Stream<'a>,
    actions: &mut Stream<'a>,
    filter: &Filter,
    most: usize,
    org: &ConnectedOrg,
) -> Result<Vec<Value>, Refusal> {
    let mut budget = Budget(REQUESTS);
    let mut items = Vec::with_capacity(most);
    while items.len() < most {
        let newest = match (
            runs.head(&mut budget).await?,
            actions.head(&mut budget).await?,
        ) {
            (Head::Later, _) | (_, Head::Later) | (Head::End, Head::End) => break,
            (Head::At(run), Head::At(action)) if action > run => &mut *actions,
            (Head::At(_), _) => &mut *runs,
            (Head::End, Head::At(_)) => &mut *actions,
        };
        let entries = newest.entries();
        let mut read = usize::MAX;
        for (at, entry) in entries {
            if !filter.shows(&entry) {
                continue;
            }
            if items.len() == most {
                read = at;
                break;
            }
            items.push(body::entry(&entry, org));
        }
        newest.advance(read);
    }
    Ok(items)
}
