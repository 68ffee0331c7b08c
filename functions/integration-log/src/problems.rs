//! Listing and acknowledging open problems.

use std::collections::HashSet;

use dealbridge_core::{
    SalesforceId,
    code::Code,
    finding::Finding,
    ports::{Consistency, ImportStore, PortError},
    problem::OpenProblem,
};
use dealbridge_lambda::aws::log::{Cleared, Slice};
use dealbridge_lambda::{
    access::Caller,
    http::{Answer, Page, Refusal, Request, body, cursor, query},
};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{IntegrationLog, code};

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
    code: Option<Code>,
}

enum Wanted {
    All,
    Named(HashSet<SalesforceId>),
    Code(Code),
}

impl Clear {
    fn wanted(self) -> Result<Wanted, Refusal> {
        match (self.all, self.opportunities, self.code) {
            (Some(true), None, None) => Ok(Wanted::All),
            (None, Some(ids), None) if (1..=MAX_NAMED_IDS).contains(&ids.len()) => {
                Ok(Wanted::Named(ids.into_iter().collect()))
            }
            (None, Some(_), None) => Err(Refusal::malformed(format!(
                "opportunities takes 1 to {MAX_NAMED_IDS} ids."
            ))),
            (None, None, Some(code)) => Ok(Wanted::Code(code)),
            _ => Err(Refusal::malformed(
                "Say which problems to acknowledge by exactly one of {\"all\": true}, {\"opportunities\": [ids]}, {\"code\": code}.",
            )),
        }
    }
}

impl IntegrationLog {
    pub(crate) async fn problems(&self, request: &Request) -> Result<Answer, Refusal> {
        let query = request.query(&["code", "cleared", "cursor", "limit"])?;
        let most = query::limit(&query, PAGE, MAX_PAGE)?;
        let (code, cleared) = (code(&query)?, query.flag("cleared")?);
        let list = cursor::List::of(request, &query);
        let cursor = query.text("cursor").map(|text| list.decode(text));
        let mut after: Option<SalesforceId> = cursor.transpose()?;
        let (settings, org) = self.org().await?;
        let shown = |problem: &OpenProblem| {
            !problem.is_watch()
                && cleared.is_none_or(|cleared| problem.cleared == cleared)
                && code.is_none_or(|code| problem.codes().contains(&code))
        };
        let mut page = Page::new(most);
        let mut requests = 0;
        let next = loop {
            let Slice { items: found, more } = self
                .store
                .problems_after(settings.organization_id, after, SLICE)
                .await?;
            requests += 1;
            let mut found = found.into_iter().peekable();
            let mut is_full = false;
            while !page.is_complete()
                && let Some(problem) = found.peek()
            {
                if shown(problem) && !page.take(body::problem(problem, &org)) {
                    is_full = true;
                    break;
                }
                after = Some(problem.opportunity);
                found.next();
            }
            if !more && found.peek().is_none() {
                break None;
            }
            if is_full || page.is_complete() || requests == REQUESTS {
                break after;
            }
        };
        let cursor = next.map(|id| list.encode(&id)).transpose()?;
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
            Wanted::All => self.clear_where(org, deadline, |_| true).await,
            Wanted::Code(code) => {
                self.clear_where(org, deadline, |problem| problem.codes().contains(&code))
                    .await
            }
        }
    }

    /// Acknowledges every problem that matches, as far as the time allows.
    async fn clear_where(
        &self,
        org: SalesforceId,
        deadline: Option<Timestamp>,
        wanted: impl Fn(&OpenProblem) -> bool + Send,
    ) -> Result<(usize, Value), PortError> {
        let mut cleared = 0;
        let mut after = None;
        loop {
            let mut slice = self.store.problems_after(org, after, SLICE).await?;
            after = slice.items.last().map(|problem| problem.opportunity);
            slice
                .items
                .retain(|problem| !problem.is_watch() && wanted(problem));
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
