//! Listing and acknowledging open problems.

use std::collections::HashSet;

use dealbridge_core::{
    SalesforceId,
    code::Code,
    finding::Finding,
    ports::{Consistency, ImportStore, PortError},
    problem::OpenProblem,
    record::RecordId,
    send::SendStore,
    send_problem::SendProblem,
};
use dealbridge_lambda::aws::log::{Cleared, Slice};
use dealbridge_lambda::{
    access::Caller,
    http::{Answer, Page, Refusal, Request, body, cursor, query},
};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    IntegrationLog, code,
    filter::{self, Text},
};

/// Default page size.
const PAGE: usize = 100;
/// Maximum page size.
const MAX_PAGE: usize = 500;
/// Problems per request to the store.
const SLICE: i32 = 250;
/// Requests to the store per call.
const REQUESTS: usize = 40;
/// Acknowledgements in flight at once.
const CONCURRENT: usize = 16;
/// Attempts at acknowledging a problem that changes meanwhile.
const MAX_ATTEMPTS: usize = 8;
/// The time before the function's deadline from which no further slice is begun.
const DEADLINE_MARGIN: SignedDuration = SignedDuration::from_secs(5);
/// Maximum number of Opportunities that one call may name.
const MAX_NAMED_IDS: usize = 1000;

/// The problems to acknowledge: exactly one of the three members.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Clear {
    all: Option<bool>,
    opportunities: Option<Vec<SalesforceId>>,
    records: Option<Vec<RecordId>>,
    code: Option<Code>,
}

enum Wanted {
    All,
    Named(HashSet<SalesforceId>),
    Records(Vec<RecordId>),
    Code(Code),
}

impl Clear {
    fn wanted(self) -> Result<Wanted, Refusal> {
        let is_bounded = |many: usize| (1..=MAX_NAMED_IDS).contains(&many);
        match (self.all, self.opportunities, self.records, self.code) {
            (Some(true), None, None, None) => Ok(Wanted::All),
            (None, Some(ids), None, None) if is_bounded(ids.len()) => {
                Ok(Wanted::Named(ids.into_iter().collect()))
            }
            (None, None, Some(ids), None) if is_bounded(ids.len()) => Ok(Wanted::Records(ids)),
            (None, Some(_), None, None) | (None, None, Some(_), None) => Err(Refusal::malformed(
                format!("opportunities and records take 1 to {MAX_NAMED_IDS} ids."),
            )),
            (None, None, None, Some(code)) => Ok(Wanted::Code(code)),
            _ => Err(Refusal::malformed(
                "Say which problems to acknowledge by exactly one of {\"all\": true}, {\"opportunities\": [ids]}, {\"records\": [\"deal/id\"]}, {\"code\": code}.",
            )),
        }
    }
}

/// The place of the next page: problems of Opportunities come first, then those of records that were not sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PagePlace {
    /// Behind this Opportunity.
    Opportunities(Option<SalesforceId>),
    /// Behind this record.
    Records(Option<RecordId>),
}

/// The part of a slice that a page took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filled {
    /// All of it, and the partition has no more.
    ToTheEnd,
    /// There is more; `true` if the page is full.
    UpTo(bool),
}

/// Fills a page from a slice with the bodies of those problems that are shown, and tells each that was dealt with.
fn fill<T>(
    page: &mut Page,
    found: Slice<T>,
    show: impl Fn(&T) -> Option<Value>,
    mut behind: impl FnMut(&T),
) -> Filled {
    let Slice { items, more } = found;
    for problem in &items {
        if page.is_complete() || show(problem).is_some_and(|body| !page.take(body)) {
            return Filled::UpTo(true);
        }
        behind(problem);
    }
    if more {
        Filled::UpTo(page.is_complete())
    } else {
        Filled::ToTheEnd
    }
}

/// The texts of a problem that a person would look for, as the answer has them.
fn texts_of(body: &Value) -> impl Iterator<Item = &str> {
    let entries = body["entries"].as_array().into_iter().flatten();
    let said =
        entries.flat_map(|entry| [&entry["message"], &entry["suggestion"], &entry["details"]]);
    said.chain([&body["opportunity"]["name"]])
        .filter_map(Value::as_str)
}

impl IntegrationLog {
    pub(crate) async fn problems(&self, request: &Request) -> Result<Answer, Refusal> {
        let query =
            request.query(&["code", "cleared", "opportunity", "text", "cursor", "limit"])?;
        let most = query::limit(&query, PAGE, MAX_PAGE)?;
        let (code, cleared) = (code(&query)?, query.flag("cleared")?);
        let list = cursor::List::of(request, &query);
        let cursor = query.text("cursor").map(|text| list.decode(text));
        let mut place: PagePlace = cursor
            .transpose()?
            .unwrap_or(PagePlace::Opportunities(None));
        let (settings, org) = self.org().await?;
        let shown = |is_acknowledged: bool, codes: &[Code]| {
            cleared.is_none_or(|cleared| is_acknowledged == cleared)
                && code.is_none_or(|code| codes.contains(&code))
        };
        let text = Text::of(&query);
        let says = |body: Value| text.is_in(texts_of(&body)).then_some(body);
        if let Some(named) = query.text("opportunity") {
            let id = filter::record(named, &org)?;
            let org_id = settings.organization_id;
            let known = self.store.known(org_id, &[id], Consistency::Strong).await?;
            let mut problems = known.problems;
            let mut page = Page::new(most);
            let problem = problems
                .remove(&id)
                .filter(|problem| !problem.is_watch() && shown(problem.cleared, &problem.codes()));
            let body = problem.and_then(|problem| says(body::problem(&problem, &org)));
            if let Some(body) = body {
                let _ = page.take(body);
            }
            return Answer::json(200, &page.into_body(None));
        }
        let mut page = Page::new(most);
        let mut requests = 0;
        let next = loop {
            requests += 1;
            let filled = match &mut place {
                PagePlace::Opportunities(after) => {
                    let found = self
                        .store
                        .problems_after(settings.organization_id, *after, SLICE)
                        .await?;
                    let show = |problem: &OpenProblem| {
                        let is_shown =
                            !problem.is_watch() && shown(problem.cleared, &problem.codes());
                        is_shown
                            .then(|| says(body::problem(problem, &org)))
                            .flatten()
                    };
                    fill(&mut page, found, show, |problem| {
                        *after = Some(problem.opportunity);
                    })
                }
                PagePlace::Records(after) => {
                    let found = self
                        .store
                        .send_problems_after(after.as_ref(), SLICE)
                        .await?;
                    let show = |problem: &SendProblem| {
                        let is_shown = shown(problem.cleared, &problem.codes());
                        is_shown
                            .then(|| says(body::send_problem(problem)))
                            .flatten()
                    };
                    fill(&mut page, found, show, |problem| {
                        *after = Some(problem.record.clone());
                    })
                }
            };
            match (filled, &place) {
                (Filled::ToTheEnd, PagePlace::Opportunities(_)) => place = PagePlace::Records(None),
                (Filled::ToTheEnd, PagePlace::Records(_)) => break None,
                (Filled::UpTo(_), _) => {}
            }
            if matches!(filled, Filled::UpTo(true)) || requests == REQUESTS {
                break Some(place);
            }
        };
        let cursor = next.map(|place| list.encode(&place)).transpose()?;
        Answer::json(200, &page.into_body(cursor))
    }

    pub(crate) async fn clear_problems(
        &self,
        request: &Request,
        caller: &Caller,
        deadline: Option<Timestamp>,
    ) -> Result<Answer, Refusal> {
        let wanted = request.json::<Clear>()?.wanted()?;
        let org = self.org().await?.0.organization_id;
        let (cleared, answer) = self.clear_wanted(org, wanted, deadline).await?;
        if cleared > 0 {
            let said = Finding::new(Code::ProblemsCleared)
                .value(cleared.to_string())
                .other(&caller.user);
            self.store.log_action(&said).await?;
        }
        Answer::json(200, &answer)
    }

    async fn clear_wanted(
        &self,
        org: SalesforceId,
        wanted: Wanted,
        deadline: Option<Timestamp>,
    ) -> Result<(usize, Value), PortError> {
        match wanted {
            Wanted::Named(ids) => {
                let ids: Vec<SalesforceId> = ids.into_iter().collect();
                let mut problems = self
                    .store
                    .known(org, &ids, Consistency::Strong)
                    .await?
                    .problems;
                problems.retain(|_, problem| !problem.is_watch());
                let mut unknown: Vec<SalesforceId> = ids
                    .into_iter()
                    .filter(|id| !problems.contains_key(id))
                    .collect();
                unknown.sort_unstable();
                let cleared = self.clear(org, problems.into_values().collect()).await?;
                Ok((cleared, json!({ "cleared": cleared, "unknown": unknown })))
            }
            Wanted::Records(ids) => {
                let mut problems = self.store.send_problems().await?;
                problems.retain(|problem| ids.contains(&problem.record));
                let is_known =
                    |id: &&RecordId| problems.iter().any(|problem| problem.record == **id);
                let unknown: Vec<&RecordId> = ids.iter().filter(|id| !is_known(id)).collect();
                let unknown = json!(unknown);
                let cleared = self.clear_sends(problems).await?;
                Ok((cleared, json!({ "cleared": cleared, "unknown": unknown })))
            }
            Wanted::All => self.clear_where(org, deadline, |_| true).await,
            Wanted::Code(code) => {
                self.clear_where(org, deadline, |codes| codes.contains(&code))
                    .await
            }
        }
    }

    /// Acknowledges every problem that matches, as far as the time allows.
    async fn clear_where(
        &self,
        org: SalesforceId,
        deadline: Option<Timestamp>,
        wanted: impl Fn(&[Code]) -> bool + Send,
    ) -> Result<(usize, Value), PortError> {
        let mut problems = self.store.send_problems().await?;
        problems.retain(|problem| wanted(&problem.codes()));
        let mut cleared = self.clear_sends(problems).await?;
        let mut after = None;
        loop {
            let mut slice = self.store.problems_after(org, after, SLICE).await?;
            after = slice.items.last().map(|problem| problem.opportunity);
            slice
                .items
                .retain(|problem| !problem.is_watch() && wanted(&problem.codes()));
            cleared += self.clear(org, slice.items).await?;
            let late = deadline.is_some_and(|deadline| {
                deadline.duration_since(self.clock.now()) < DEADLINE_MARGIN
            });
            if !slice.more || late {
                let complete = !slice.more;
                return Ok((cleared, json!({ "cleared": cleared, "complete": complete })));
            }
        }
    }

    /// Acknowledges send problems and returns the number of those that were not acknowledged before. One that changes
    /// meanwhile is left: its codes may differ.
    async fn clear_sends(&self, problems: Vec<SendProblem>) -> Result<usize, PortError> {
        let mut cleared = 0;
        for problem in problems.iter().filter(|problem| !problem.cleared) {
            cleared += usize::from(self.store.clear_send_problem(problem).await? == Cleared::Yes);
        }
        Ok(cleared)
    }

    /// Acknowledges these problems and returns the number of those that were not acknowledged before.
    async fn clear(
        &self,
        org: SalesforceId,
        problems: Vec<OpenProblem>,
    ) -> Result<usize, PortError> {
        stream::iter(problems)
            .map(|problem| self.clear_one(org, problem))
            .buffer_unordered(CONCURRENT)
            .try_fold(
                0,
                |sum, cleared| async move { Ok(sum + usize::from(cleared)) },
            )
            .await
    }

    /// Acknowledges a problem. If a run has changed it meanwhile, it is read again: its codes may differ, or it may be
    /// closed.
    async fn clear_one(
        &self,
        org: SalesforceId,
        mut problem: OpenProblem,
    ) -> Result<bool, PortError> {
        let id = problem.opportunity;
        for _ in 0..MAX_ATTEMPTS {
            if problem.cleared || problem.is_watch() {
                return Ok(false);
            }
            if self.store.clear_problem(org, &problem).await? == Cleared::Yes {
                return Ok(true);
            }
            match self
                .store
                .known(org, &[id], Consistency::Strong)
                .await?
                .problems
                .remove(&id)
            {
                Some(again) => problem = again,
                None => return Ok(false),
            }
        }
        Err(PortError {
            operation: "acknowledging a problem".to_owned(),
            detail: format!("the problem of {id} kept changing"),
        })
    }
}
