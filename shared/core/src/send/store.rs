//! The ports of sending: the store and the portal's people, beside those of links.

use std::future::Future;

use crate::{
    Email,
    link::store::{Committed, LinkStore},
    message::PushRequest,
    ports::PortError,
    record::{Record, RecordId},
    send_problem::SendProblem,
    task::Task,
};

/// Send problems, tasks and records on their way.
pub trait SendStore: LinkStore {
    /// Returns the open send problem of a record.
    fn send_problem(
        &self,
        record: &RecordId,
    ) -> impl Future<Output = Result<Option<SendProblem>, PortError>> + Send;

    /// Returns every open send problem.
    fn send_problems(&self) -> impl Future<Output = Result<Vec<SendProblem>, PortError>> + Send;

    /// Replaces a record alone, over the version that was read.
    fn replace_record(
        &self,
        record: &Record,
        seen: u64,
    ) -> impl Future<Output = Result<Committed, PortError>> + Send;

    /// Returns `true` if the outbox has the note of this request.
    fn is_noted(
        &self,
        request: &PushRequest,
    ) -> impl Future<Output = Result<bool, PortError>> + Send;

    /// Makes an id that never repeats.
    fn next_id(&self) -> String;

    /// Returns a task.
    fn task(&self, id: &str) -> impl Future<Output = Result<Option<Task>, PortError>> + Send;
}

/// The portal's people, of whom a record's assigned Internal User is one.
pub trait Assignees: Send + Sync {
    /// Returns a User's address; none if there is no such User.
    fn address_of(
        &self,
        user: &str,
    ) -> impl Future<Output = Result<Option<Email>, PortError>> + Send;
}
