//! Sync Now: `POST /{kind}/{id}/sync` asks for it, `GET /tasks/{id}` tells what came of it.

use dealbridge_core::{
    SalesforceObject, finding,
    ports::Portal,
    record::RecordKind,
    record_url::ConnectedOrg,
    send::{AskSync, NoSync, SendStore},
    task::{Task, TaskState},
};
use dealbridge_lambda::{
    access::Caller,
    calls,
    http::{Answer, Idempotency, ProblemCode, Refusal, Request, body},
    link_api,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Records;

/// The body of a Sync Now, which may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SyncBody {
    /// Do it even if the budget of calls has no room for it.
    #[serde(default)]
    over_budget: bool,
}

/// The calls of a Sync Now: who is looked up, and the record that is made or read and written.
const CALLS: u64 = 3;

impl Records {
    pub(crate) async fn sync(&self, request: &Request, caller: &Caller) -> Result<Answer, Refusal> {
        request.query(&[])?;
        let id = link_api::record_id(request)?;
        check(caller, id.kind())?;
        let body: SyncBody = if request.body.is_empty() {
            SyncBody::default()
        } else {
            request.json()?
        };
        let idempotency = Idempotency::of(request, caller)?;
        if let Some(answer) = idempotency.earlier(&self.store).await? {
            return Ok(answer);
        }
        let budget = self.portal.settings().await?.api_budget;
        let asked = (CALLS, body.over_budget);
        calls::ask_for_room(&self.store, budget, asked, self.clock.now()).await?;
        let org = self.connected().await?;
        let ask = AskSync {
            portal: &self.portal,
            store: &self.store,
            writes: &self.writes,
            clock: &*self.clock,
        };
        let receipt = |task: &Task| idempotency.receipt(&accepted(task, &org).ok()?);
        match ask.ask(&id, &caller.user, receipt).await {
            Ok(task) => accepted(&task, &org),
            Err(error) => {
                let detail = link_api::sentence(&error.to_string());
                let refusal = match error {
                    NoSync::Port(error) => error.into(),
                    NoSync::RecordNotFound(_) => Refusal::new(ProblemCode::RecordNotFound, detail),
                    NoSync::Off(_) => Refusal::new(ProblemCode::SendOff, detail),
                };
                idempotency.or_earlier(&self.store, refusal).await
            }
        }
    }

    pub(crate) async fn task(&self, request: &Request, caller: &Caller) -> Result<Answer, Refusal> {
        request.query(&[])?;
        // Who may sync nothing is not told which tasks there are.
        if !RecordKind::ALL.iter().any(|kind| may_sync(caller, *kind)) {
            let detail = caller.lacks("sync", RecordKind::Deal);
            return Err(Refusal::forbidden(detail));
        }
        let id = request.path_parameter("id")?;
        let task = self.store.task(id).await?.ok_or_else(|| {
            let detail = format!("There is no task {id:?}; tasks are kept for 90 days.");
            Refusal::new(ProblemCode::TaskNotFound, detail)
        })?;
        check(caller, task.record.kind())?;
        let org = self.connected().await?;
        Answer::json(200, &task_body(&task, &org))
    }
}

/// Returns `true` for those who may write records of a kind, and for administrators.
fn may_sync(caller: &Caller, kind: RecordKind) -> bool {
    caller.is_admin || caller.may_write(kind)
}

fn check(caller: &Caller, kind: RecordKind) -> Result<(), Refusal> {
    if may_sync(caller, kind) {
        Ok(())
    } else {
        Err(Refusal::forbidden(caller.lacks("sync", kind)))
    }
}

fn accepted(task: &Task, org: &ConnectedOrg) -> Result<Answer, Refusal> {
    let answer = Answer::json(202, &task_body(task, org))?;
    Ok(answer.header("location", format!("/tasks/{}", task.id)))
}

fn task_body(task: &Task, org: &ConnectedOrg) -> Value {
    let label = task.salesforce.map_or_else(
        || task.record.label(&task.name),
        |id| {
            let object = SalesforceObject::of(&id);
            let object = object.map_or("Salesforce record", |object| object.api_name());
            finding::label(object, id, &task.name)
        },
    );
    let entries = task.findings.iter().map(|finding| {
        let (message, suggestion) = finding.sentences(&label);
        json!({
            "code": finding.code,
            "level": finding.level(),
            "message": message,
            "suggestion": suggestion,
            "details": finding.details,
        })
    });
    json!({
        "id": task.id,
        "record": body::record_ref(&task.record),
        "status": match task.state {
            TaskState::Queued => "queued",
            TaskState::Succeeded => "succeeded",
            TaskState::Failed => "failed",
        },
        "askedAt": task.asked_at,
        "askedBy": task.by,
        "endedAt": task.ended_at,
        "salesforce": task.salesforce.map(|id| body::salesforce(id, Some(&task.name), org)),
        "entries": entries.collect::<Vec<_>>(),
    })
}
