//! Finding the job that a call names, and the answers that both kinds of jobs give.

use super::job::{Job, Kind};
use crate::{
    engine::locked,
    http::{
        call::Caller,
        reply::{ApiError, Reply},
    },
};

/// A refused call.
pub(super) fn refuse(code: &'static str, message: impl Into<String>) -> Reply {
    ApiError::new(400, code, message).into()
}

/// Works on a job of the caller's path.
///
/// # Errors
/// 404 for one that is not there, or what the work refuses.
pub(super) fn with_job<T>(
    caller: Caller<'_>,
    kind: Kind,
    id: &str,
    work: impl FnOnce(&mut Job) -> Result<T, Reply>,
) -> Result<T, Reply> {
    let mut jobs = locked(&caller.engine.jobs);
    let job = jobs.get_mut(id).filter(|job| job.kind() == kind);
    work(job.ok_or_else(Reply::not_found)?)
}

/// A page of CSV.
pub(super) fn csv(body: Vec<u8>) -> Reply {
    Reply {
        status: 200,
        headers: Vec::new(),
        body,
    }
    .with("content-type", "text/csv")
}
