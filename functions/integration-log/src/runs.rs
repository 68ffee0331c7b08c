//! Runs, newest first, and one run.

use dealbridge_core::{ports::RunStore, run::RunId};
use dealbridge_lambda::http::{Answer, Page, ProblemCode, Refusal, Request, body, cursor, query};

use crate::IntegrationLog;

/// Default page size; the counts of a run come from a few items.
const PAGE: usize = 20;
/// Maximum page size.
const MAX_PAGE: usize = 100;

impl IntegrationLog {
    pub(crate) async fn runs(&self, request: &Request) -> Result<Answer, Refusal> {
        let query = request.query(&["cursor", "limit"])?;
        let most = query::limit(&query, PAGE, MAX_PAGE)?;
        let list = cursor::List::of(request, &query);
        let newest: u32 = match query.text("cursor") {
            Some(text) => list.decode(text)?,
            None => self.store.latest_run().await?,
        };
        let ids: Vec<RunId> = (1..=newest).rev().take(most).map(RunId::new).collect();
        let runs = self.store.runs(&ids).await?;
        let now = self.clock.now();
        // Runs are numbered without gaps and expire in order: where one is missing, there are no older ones.
        let mut next = ids
            .last()
            .map_or(0, |id| id.number() - 1)
            .min(if runs.len() == ids.len() { u32::MAX } else { 0 });
        let mut page = Page::new(most);
        for run in &runs {
            if !page.take(body::run(run, now)) {
                next = run.id.number();
                break;
            }
        }
        let cursor = (next > 0).then(|| list.encode(&next)).transpose()?;
        Answer::json(200, &page.into_body(cursor))
    }

    pub(crate) async fn run(&self, request: &Request) -> Result<Answer, Refusal> {
        request.query(&[])?;
        let text = request.path_parameter("id")?;
        let unknown = || {
            Refusal::new(
                ProblemCode::RunNotFound,
                format!("There is no run {text:?}."),
            )
        };
        let id = RunId::parse(text).map_err(|_| unknown())?;
        let run = RunStore::run(&self.store, id).await?.ok_or_else(unknown)?;
        Answer::json(200, &body::run(&run, self.clock.now()))
    }
}
