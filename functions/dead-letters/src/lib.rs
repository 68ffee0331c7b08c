//! Dead letters: counting and showing those of each queue, replaying them, and discarding one.

mod environment;
mod letter;

use std::sync::Arc;

use dealbridge_core::{
    Queue,
    code::Code,
    finding::Finding,
    ports::{Clock, PortError},
};
use dealbridge_lambda::aws::{
    Store,
    dead_letters::{DeadLetterQueue, DeadLetters, MoveStarted, MoveTask},
};
use dealbridge_lambda::{
    Api, Invocation,
    access::{Caller, Rights},
    http::{self, Answer, Idempotency, Method, ProblemCode, Refusal, Request, Route, Routes},
};
use serde::Deserialize;
use serde_json::{Value, json};

pub use environment::Environment;

/// Maximum number of messages shown per queue.
const SHOWN: usize = 20;

/// The function with its adapters.
pub struct DeadLettersFunction {
    /// The dead-letter queues, each with its source queue.
    pub queues: Vec<(Queue, DeadLetterQueue)>,
    /// Receipts and the log.
    pub store: Store,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The rights of callers.
    pub rights: Rights,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Replay {
    queue: Option<String>,
}

/// The calls that the function answers.
#[derive(Clone, Copy, Debug)]
pub enum Call {
    /// Shows the dead letters of each queue.
    List,
    /// Gives dead letters another five tries.
    Replay,
    /// Deletes one dead letter.
    Discard,
}

impl Api for DeadLettersFunction {
    type Call = Call;

    const ROUTES: Routes<Call> = Routes(&[
        Route::admin(Method::Get, "/dead-letters", Call::List),
        Route::admin(Method::Post, "/dead-letters/replay", Call::Replay),
        Route::admin(
            Method::Delete,
            "/dead-letters/{queue}/{messageId}",
            Call::Discard,
        ),
    ]);

    fn rights(&self) -> &Rights {
        &self.rights
    }

    async fn answer(
        &self,
        call: Call,
        request: &Request,
        caller: &Caller,
        _: Invocation,
    ) -> Result<Answer, Refusal> {
        request.query(&[])?;
        match call {
            Call::List => self.list().await,
            Call::Discard => self.discard(request, caller).await,
            Call::Replay => {
                let idempotency = Idempotency::of(request, caller)?;
                http::once(&self.store, idempotency, self.replay(request, caller)).await
            }
        }
    }
}

impl DeadLettersFunction {
    async fn list(&self) -> Result<Answer, Refusal> {
        let mut items = Vec::with_capacity(self.queues.len());
        for (name, queue) in &self.queues {
            let found = queue.look().await?;
            let task = queue.latest_move(&found.arn).await?;
            let mut item = item(*name, &found, task.as_ref());
            // Messages on their way back are left alone: a read would hide them from the move.
            let is_moving = task.as_ref().is_some_and(MoveTask::is_active);
            let letters = if found.messages == 0 || is_moving {
                Vec::new()
            } else {
                queue.letters(SHOWN).await?
            };
            let now = self.clock.now();
            item["letters"] = letters
                .iter()
                .map(|found| letter::body(*name, found, now))
                .collect();
            items.push(item);
        }
        Answer::json(200, &json!({ "items": items }))
    }

    /// Deletes one message for good. A repeated call finds it gone.
    async fn discard(&self, request: &Request, caller: &Caller) -> Result<Answer, Refusal> {
        let (name, id) = (
            request.path_parameter("queue")?,
            request.path_parameter("messageId")?,
        );
        let queue = self.queues.iter().find(|(known, _)| known.name() == name);
        let (name, queue) = queue.ok_or_else(|| unknown_queue(name))?;
        let found = queue.discard(id).await?.ok_or_else(|| {
            let detail = format!(
                "There is no dead letter {id:?} of {name} that can be discarded: it is gone, or being looked at or replayed at this moment."
            );
            Refusal::new(ProblemCode::DeadLetterNotFound, detail)
        })?;
        let start = letter::start(&found.body);
        let mut said = Finding::new(Code::DeadLetterDiscarded)
            .value(format!("{start}."))
            .other(&caller.user)
            .details(format!("message {id}"));
        said.context.field = name.to_string();
        self.store.log_action(&said).await?;
        let body =
            json!({ "queue": name.name(), "messageId": id, "discarded": true, "start": start });
        Answer::json(200, &body)
    }

    /// Starts a replay of each requested queue that holds messages, or reports the one that is running.
    async fn replay(&self, request: &Request, caller: &Caller) -> Result<Answer, Refusal> {
        let asked: Replay = if request.body.is_empty() {
            Replay { queue: None }
        } else {
            request.json()?
        };
        let wanted = |queue: Queue| {
            asked
                .queue
                .as_deref()
                .is_none_or(|name| name == queue.name())
        };
        let queues: Vec<_> = self
            .queues
            .iter()
            .filter(|(queue, _)| wanted(*queue))
            .collect();
        if queues.is_empty() {
            return Err(unknown_queue(&asked.queue.unwrap_or_default()));
        }
        let mut replays = Vec::with_capacity(queues.len());
        for (name, queue) in queues {
            replays.push(start(*name, queue).await?);
        }
        let begun = replays
            .iter()
            .filter(|replay| replay.outcome == Outcome::Begun);
        let names: Vec<&str> = begun.clone().map(|replay| replay.queue.name()).collect();
        if !names.is_empty() {
            let messages: u64 = begun.map(|replay| replay.found.messages).sum();
            let mut said = Finding::new(Code::DeadLettersReplayed)
                .value(messages.to_string())
                .other(&caller.user);
            said.context.field = names.join(", ");
            self.store.log_action(&said).await?;
        }
        let messages: u64 = replays.iter().map(|replay| replay.found.messages).sum();
        let items: Vec<Value> = replays
            .iter()
            .map(|replay| item(replay.queue, &replay.found, replay.task.as_ref()))
            .collect();
        let body = json!({ "messages": messages, "message": sentence(&replays), "items": items });
        Answer::json(202, &body)
    }
}

/// The result of replaying one queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Empty,
    Begun,
    UnderWay,
    Failed,
}

/// Refuses an unknown queue name.
fn unknown_queue(name: &str) -> Refusal {
    let known = Queue::ALL.map(Queue::name).join(", ");
    Refusal::malformed(format!(
        "There is no queue {name:?}; the queues are {known}."
    ))
}

/// A queue whose replay was requested.
struct Replayed {
    queue: Queue,
    found: DeadLetters,
    task: Option<MoveTask>,
    outcome: Outcome,
}

async fn start(queue: Queue, letters: &DeadLetterQueue) -> Result<Replayed, PortError> {
    let found = letters.look().await?;
    let begun = match found.messages {
        0 => None,
        _ => Some(letters.start_move(&found.arn).await?),
    };
    let task = letters.latest_move(&found.arn).await?;
    let failed = task.as_ref().is_some_and(|task| task.status == "FAILED");
    let outcome = match begun {
        None => Outcome::Empty,
        Some(MoveStarted::UnderWay) => Outcome::UnderWay,
        Some(MoveStarted::Yes) if failed => Outcome::Failed,
        Some(MoveStarted::Yes) => Outcome::Begun,
    };
    Ok(Replayed {
        queue,
        found,
        task,
        outcome,
    })
}

/// The result of the call, queue by queue, as a sentence.
fn sentence(replays: &[Replayed]) -> String {
    let parts: Vec<String> = replays.iter().filter_map(part).collect();
    if parts.is_empty() {
        "There are no dead letters to replay.".to_owned()
    } else {
        format!("{}.", parts.join("; "))
    }
}

fn part(replay: &Replayed) -> Option<String> {
    let name = replay.queue;
    let count = match replay.found.messages {
        1 => "one message is".to_owned(),
        many => format!("{many} messages are"),
    };
    let failure = replay
        .task
        .as_ref()
        .and_then(|task| task.failure.as_deref());
    match replay.outcome {
        Outcome::Empty => None,
        Outcome::Begun => Some(format!("{name}: {count} on the way back to the queue")),
        Outcome::UnderWay => Some(format!(
            "{name}: a replay is under way already, {count} left"
        )),
        Outcome::Failed => Some(format!(
            "{name}: SQS could not move the messages ({})",
            failure.unwrap_or("it gives no reason")
        )),
    }
}

fn item(queue: Queue, found: &DeadLetters, task: Option<&MoveTask>) -> Value {
    json!({
        "queue": queue.name(),
        "messages": found.messages,
        "inFlight": found.in_flight,
        "delayed": found.delayed,
        "replay": task.map(|task| json!({
            "status": task.status.to_ascii_lowercase(),
            "moved": task.moved,
            "total": task.total,
            "failure": task.failure,
        })),
    })
}
