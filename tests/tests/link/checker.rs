//! Checks of the answers to a scene's operations against the history of committed transactions.

use dealbridge_core::{SalesforceId, record::RecordId};
use serde_json::{Value, json};

use crate::{
    model::{Act, Model, Role, key_of},
    scene::{Answer, Done, Operation, Scene},
    scheduler::Step,
};

/// A scene with the model before each of its requests and after the last.
pub(crate) struct Checker {
    done: Vec<Done>,
    history: Vec<Step>,
    scene: Scene,
    models: Vec<Model>,
    acts: Vec<Act>,
    broken: Vec<String>,
}

impl Checker {
    pub(crate) fn of(
        before: Model,
        done: Vec<Done>,
        history: Vec<Step>,
        scene: &Scene,
        org: SalesforceId,
    ) -> Self {
        let mut models = vec![before];
        let (mut acts, mut broken) = (Vec::new(), Vec::new());
        for (at, step) in history.iter().enumerate() {
            let mut model = models[at].clone();
            let mut act = Act::Other;
            if step.done && step.action == "TransactWriteItems" {
                let operation = done
                    .iter()
                    .find(|done| done.actor == step.actor && (done.from..done.to).contains(&at));
                let role = match operation.map(|done| &done.operation) {
                    Some(Operation::Import { .. }) => Role::Import,
                    Some(Operation::Push(_)) => Role::Push,
                    _ => Role::Administrator,
                };
                let (done, wrong) = model.follow(step, role, org);
                act = done;
                broken.extend(
                    wrong
                        .into_iter()
                        .map(|wrong| format!("request {at}: {wrong}")),
                );
            }
            acts.push(act);
            models.push(model);
        }
        Self {
            done,
            history,
            scene: scene.clone(),
            models,
            acts,
            broken,
        }
    }

    pub(crate) fn last(&self) -> &Model {
        &self.models[self.models.len() - 1]
    }

    pub(crate) fn wrong(&self) -> Vec<String> {
        let mut wrong = self.broken.clone();
        for done in &self.done {
            if let Some(lie) = self.lie(done) {
                wrong.push(format!(
                    "{:?} was answered {:?}: {lie}",
                    done.operation, done.answer
                ));
            }
        }
        wrong
    }

    /// Returns `true` if the condition held at some time during the operation.
    fn was(&self, done: &Done, so: impl Fn(&Model) -> bool) -> bool {
        self.models[done.from..=done.to].iter().any(so)
    }

    /// The false statement of an answer, if it makes one.
    fn lie(&self, done: &Done) -> Option<String> {
        let own = (done.from..done.to).filter(|at| self.history[*at].actor == done.actor);
        let committed: Vec<usize> = own
            .filter(|at| self.history[*at].done && self.history[*at].action == "TransactWriteItems")
            .collect();
        let reply = match &done.answer {
            Answer::Batch(answer) => {
                return (answer["batchItemFailures"] != json!([]))
                    .then(|| "it came back".to_owned());
            }
            Answer::Http(reply) => reply,
        };
        let acts: Vec<&Act> = committed.iter().map(|at| &self.acts[*at]).collect();
        let is_true = match (&done.operation, reply.verdict()) {
            (Operation::Link { .. }, (201, "")) => acts == [&Act::Linked],
            (Operation::Unlink { record, version }, (200, "")) => {
                let read = self.first_read(done, record);
                let seen = |model: &Model| model.claims[&self.id()].link;
                acts == [&Act::Unlinked(seen(&self.models[read]))]
                    && version.is_none_or(|version| {
                        self.models[committed[0]].records[&key(record)].1 == version
                    })
            }
            (Operation::Allow, (200, "")) => acts == [&Act::Allowed],
            _ if !acts.is_empty() => return Some(format!("it wrote {acts:?}")),
            (operation, verdict) => self.is_true_refusal(done, operation, verdict, &reply.body),
        };
        (!is_true).then(|| "it was never so".to_owned())
    }

    fn is_true_refusal(
        &self,
        done: &Done,
        operation: &Operation,
        verdict: (u64, &str),
        body: &Value,
    ) -> bool {
        let id = self.id();
        let state = |model: &Model| {
            model
                .claims
                .get(&id)
                .map(|claim| (claim.state.clone(), claim.record.clone()))
        };
        let link_of = |model: &Model, record: &RecordId| model.records[&key(record)].0.clone();
        match (operation, verdict) {
            (Operation::Link { record, .. }, (200, "")) => {
                self.was(done, |model| link_of(model, record).as_ref() == Some(&id))
            }
            (Operation::Link { record, .. }, (409, "ALREADY_LINKED_HERE")) => {
                let named = body["salesforce"]["id"].as_str().map(str::to_owned);
                self.was(done, |model| link_of(model, record) == named)
            }
            (Operation::Link { .. }, (409, "ALREADY_LINKED_OTHER")) => {
                let named = format!(
                    "{}/{}",
                    body["record"]["kind"].as_str().unwrap(),
                    body["record"]["id"].as_str().unwrap()
                );
                self.was(done, |model| {
                    state(model) == Some(("live".to_owned(), named.clone()))
                })
            }
            (Operation::Link { record, token }, (409, "PREVIEW_STALE")) => {
                let from = if token.is_some() { 0 } else { done.from };
                let sides = |model: &Model| {
                    (
                        model.claims.get(&id).map(|claim| claim.epoch),
                        model.records[&key(record)].1,
                    )
                };
                let seen: Vec<_> = self.models[from..=done.to].iter().map(sides).collect();
                seen.iter().any(|sides| *sides != seen[0])
            }
            (Operation::Unlink { record, .. }, (409, "NOT_LINKED")) => {
                self.was(done, |model| link_of(model, record).is_none())
            }
            (
                Operation::Unlink {
                    record,
                    version: Some(version),
                },
                (409, "PREVIEW_STALE"),
            ) => self.was(done, |model| model.records[&key(record)].1 != *version),
            (Operation::Unlink { .. }, (409, "PREVIEW_STALE")) => {
                let links: Vec<_> = self.models[done.from..=done.to]
                    .iter()
                    .map(|model| model.claims[&id].link)
                    .collect();
                links.iter().any(|link| *link != links[0])
            }
            (Operation::Allow, (404, "NOT_SUPPRESSED")) => self.was(done, |model| {
                state(model).is_none_or(|(state, _)| state != "suppressed")
            }),
            _ => false,
        }
    }

    /// The request with which an operation first read a record.
    fn first_read(&self, done: &Done, record: &RecordId) -> usize {
        let reads = |step: &Step| {
            step.action == "GetItem" && step.request["Key"]["pk"]["S"] == key(record).as_str()
        };
        (done.from..done.to)
            .find(|at| self.history[*at].actor == done.actor && reads(&self.history[*at]))
            .unwrap()
    }

    fn id(&self) -> String {
        self.scene.opportunity.to_string()
    }

    /// The outcome in short: the operations that committed, in order.
    pub(crate) fn outcome(&self) -> String {
        let acts = self.history.iter().zip(&self.acts);
        let changes = acts.filter(|(_, act)| **act != Act::Other);
        let changes: Vec<String> = changes
            .map(|(step, act)| format!("{} {act:?}", step.actor))
            .collect();
        changes.join(", ")
    }

    /// The history as readable lines.
    pub(crate) fn story(&self) -> String {
        let mut lines = vec![format!("{:?}", self.models[0])];
        for (at, step) in self.history.iter().enumerate() {
            let outcome = if step.done { "" } else { " refused" };
            lines.push(format!(
                "{at}: actor {} {}{outcome} {:?}",
                step.actor, step.action, self.acts[at]
            ));
        }
        for done in &self.done {
            lines.push(format!(
                "actor {} {}..{} {:?} {:?}",
                done.actor, done.from, done.to, done.operation, done.answer
            ));
        }
        lines.join("\n")
    }
}

pub(crate) fn key(record: &RecordId) -> String {
    key_of(&format!("{}/{}", record.kind().as_str(), record.id()))
}
