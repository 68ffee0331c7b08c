//! Bulk API 2.0: `jobs/query` and `jobs/ingest`.
//!
//! A job's work is done in the call that hands it over. Whoever polls sees it as Salesforce shows it: taken over, in
//! progress, complete.

mod access;
mod ingest;
pub(crate) mod job;
mod query;
mod table;

use axum::http::Method;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use access::{refuse, with_job};
use job::{Job, Kind, State};

use super::{call::Caller, reply::Reply};
use crate::engine::locked;

/// The most jobs that one page of a list shows.
const MAX_LISTED_JOBS: usize = 1_000;

/// Answers a call on `jobs/…`; `path` is what follows.
pub(crate) fn answer(caller: Caller<'_>, path: &[&str]) -> Reply {
    let (kind, rest) = match path {
        ["query", rest @ ..] => (Kind::Query, rest),
        ["ingest", rest @ ..] => (Kind::Ingest, rest),
        _ => return Reply::not_found(),
    };
    let method = &caller.call.method;
    let reply = match (kind, rest) {
        (_, []) if *method == Method::GET => Ok(list(caller, kind)),
        (Kind::Query, []) if *method == Method::POST => query::create(caller),
        (Kind::Ingest, []) if *method == Method::POST => ingest::create(caller),
        (_, []) => Ok(Reply::method_not_allowed(method.as_str(), "GET,HEAD,POST")),
        (_, [id]) if *method == Method::GET => poll(caller, kind, id),
        (_, [id]) if *method == Method::PATCH => patch(caller, kind, id),
        (_, [id]) if *method == Method::DELETE => delete(caller, kind, id),
        (_, [_]) => Ok(Reply::method_not_allowed(
            method.as_str(),
            "DELETE,GET,HEAD,PATCH",
        )),
        (Kind::Query, [id, "results"]) if *method == Method::GET => query::results(caller, id),
        (Kind::Ingest, [id, "batches"]) if *method == Method::PUT => ingest::upload(caller, id),
        (Kind::Ingest, [id, which]) if *method == Method::GET => ingest::results(caller, id, which),
        _ => Err(Reply::not_found()),
    };
    let (Ok(reply) | Err(reply)) = reply;
    reply
}

fn list(caller: Caller<'_>, kind: Kind) -> Reply {
    let jobs = locked(&caller.engine.jobs);
    let records: Vec<Json> = jobs
        .latest_first()
        .filter(|job| job.kind() == kind)
        .take(MAX_LISTED_JOBS)
        .map(Job::summary)
        .collect();
    Reply::json(
        200,
        &json!({ "done": true, "nextRecordsUrl": null, "records": records }),
    )
}

fn poll(caller: Caller<'_>, kind: Kind, id: &str) -> Result<Reply, Reply> {
    let now = caller.engine.now();
    with_job(caller, kind, id, |job| {
        let shown = Reply::json(200, &job.advance(now));
        Ok(shown)
    })
}

#[derive(Deserialize)]
struct Patch {
    state: State,
}

fn patch(caller: Caller<'_>, kind: Kind, id: &str) -> Result<Reply, Reply> {
    let Patch { state } = serde_json::from_slice(&caller.call.body).map_err(|_| {
        refuse(
            "INVALIDJOB",
            "The state of a job can be set to UploadComplete or Aborted",
        )
    })?;
    match (kind, state) {
        (_, State::Aborted) => abort(caller, kind, id),
        (Kind::Ingest, State::UploadComplete) => ingest::close(caller, id),
        _ => Err(refuse(
            "INVALIDJOBSTATE",
            format!("The state of a job can not be set to {}", state.name()),
        )),
    }
}

fn abort(caller: Caller<'_>, kind: Kind, id: &str) -> Result<Reply, Reply> {
    let now = caller.engine.now();
    with_job(caller, kind, id, |job| {
        if job.state == State::JobComplete {
            return Err(refuse(
                "INVALIDJOBSTATE",
                "Aborting already Completed Job not allowed",
            ));
        }
        job.enter(State::Aborted, now);
        Ok(Reply::json(200, &job.summary()))
    })
}

fn delete(caller: Caller<'_>, kind: Kind, id: &str) -> Result<Reply, Reply> {
    with_job(caller, kind, id, |job| match job.state {
        State::Open | State::InProgress => Err(refuse(
            "INVALIDJOBSTATE",
            "Only jobs that are closed can be deleted",
        )),
        _ => Ok(()),
    })?;
    locked(&caller.engine.jobs).remove(id);
    Ok(Reply::empty(204))
}
