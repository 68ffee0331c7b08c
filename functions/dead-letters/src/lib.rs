//! Dead letters: how many wait in each queue and what they are, giving them another five tries, and discarding one.

mod letter;

use std::sync::Arc;

use dealbridge_core::{
    code::Code,
    finding::Finding,
    ports::{Clock, PortError},
};
use dealbridge_lambda::aws::{
    Store,
    dead_letters::{DeadLetterQueue, DeadLetters, MoveStarted, MoveTask},
};
use dealbridge_lambda::{
    Function, Invocation,
    access::{Caller, Groups},
    http::{self, Answer, Idempotency, Refusal, Request},
};
use lambda_runtime::Error;
use serde::Deserialize;
use serde_json::{Value, json};

/// The calls that the function answers.
pub const ROUTES: [(&str, &str); 3] = [
    ("GET", "/dead-letters"),
    ("POST", "/dead-letters/replay"),
    ("DELETE", "/dead-letters/{queue}/{messageId}"),
];

/// Messages that an answer shows of each queue.
const SHOWN: usize = 20;

/// The function with its adapters.
pub struct DeadLettersFunction {
    /// The dead-letter queues, each by the name of the queue that its messages come from.
    pub queues: Vec<(&'static str, DeadLetterQueue)>,
    /// Receipts.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who is who.
    pub groups: Groups,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Replay {
    queue: Option<String>,
}

impl Function for DeadLettersFunction {
    async fn handle(&self, event: Value, _: Invocation) -> Result<Value, Error> {
        let request = Request::from_event(event, &self.groups)?;
        Ok(http::respond(self.route(&request).await))
    }
}

impl DeadLettersFunction {
    async fn route(&self, request: &Request) -> Result<Answer, Refusal> {
        let route = request.route();
        if !ROUTES.contains(&route) {
            return Err(request.unknown_route(&ROUTES));
        }
        let caller = request.require_admin()?;
        request.query(&[])?;
        match route.0 {
            "GET" => self.look().await,
            "DELETE" => self.discard(request, caller).await,
            _ => {
                let idempotency = Idempotency::of(request, caller)?;
                http::once(&self.store, idempotency, self.replay(request, caller)).await
            }
        }
    }

    async fn look(&self) -> Result<Answer, Refusal> {
        let mut items = Vec::with_capacity(self.queues.len());
        for (name, queue) in &self.queues {
            let found = queue.look().await?;
            let task = queue.latest_move(&found.arn).await?;
            let mut item = item(name, &found, task.as_ref());
            // What is on its way back is left alone: a look would hide it from the move.
            let is_moving = task.as_ref().is_some_and(MoveTask::is_active);
            let letters = if found.messages == 0 || is_moving {
                Vec::new()
            } else {
                queue.letters(SHOWN).await?
            };
            let now = self.clock.now();
            item["letters"] = letters
                .iter()
                .map(|found| letter::body(name, found, now))
                .collect();
            items.push(item);
        }
        Answer::json(200, &json!({ "items": items }))
    }

    /// Deletes one message for good. A repeat finds it gone.
    async fn discard(&self, request: &Request, caller: &Caller) -> Result<Answer, Refusal> {
        let (name, id) = (
            request.path_parameter("queue")?,
            request.path_parameter("messageId")?,
        );
        let queue = self.queues.iter().find(|(known, _)| *known == name);
        let (name, queue) = queue.ok_or_else(|| self.no_queue(name))?;
        let found = queue.discard(id).await?.ok_or_else(|| {
            let detail = format!(
                "There is no dead letter {id:?} of {name} that can be discarded: it is gone, or being looked at or replayed at this moment."
            );
            Refusal::not_found("DEAD_LETTER_NOT_FOUND", detail)
        })?;
        let start = letter::start(&found.body);
        let mut said = Finding::new(Code::DeadLetterDiscarded)
            .value(format!("{start}."))
            .other(&caller.user)
            .details(format!("message {id}"));
        said.context.field = (*name).to_owned();
        self.store.log_action(&said).await?;
        let body = json!({ "queue": name, "messageId": id, "discarded": true, "start": start });
        Answer::json(200, &body)
    }

    fn no_queue(&self, name: &str) -> Refusal {
        let known: Vec<&str> = self.queues.iter().map(|(name, _)| *name).collect();
        let detail = format!(
            "There is no queue {name:?}; the queues are {}.",
            known.join(", ")
        );
        Refusal::malformed(detail)
    }

    /// Starts a replay of each queue that is asked for and holds messages. One that is under way is the answer.
    async fn replay(&self, request: &Request, caller: &Caller) -> Result<Answer, Refusal> {
        let asked: Replay = if request.body.is_empty() {
            Replay { queue: None }
        } else {
            request.json()?
        };
        let wanted = |name: &str| asked.queue.as_deref().is_none_or(|queue| queue == name);
        let queues: Vec<_> = self
            .queues
            .iter()
            .filter(|(name, _)| wanted(name))
            .collect();
        if queues.is_empty() {
            return Err(self.no_queue(&asked.queue.unwrap_or_default()));
        }
        let mut replays = Vec::with_capacity(queues.len());
        for (name, queue) in queues {
            replays.push(start(name, queue).await?);
        }
        let begun = replays
            .iter()
            .filter(|replay| replay.outcome == Outcome::Begun);
        let names: Vec<&str> = begun.clone().map(|replay| replay.name).collect();
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
            .map(|replay| item(replay.name, &replay.found, replay.task.as_ref()))
            .collect();
        let body = json!({ "messages": messages, "message": sentence(&replays), "items": items });
        Answer::json(202, &body)
    }
}

/// What came of asking for one queue's replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Empty,
    Begun,
    UnderWay,
    Failed,
}

/// A queue of which a replay was asked.
struct Replayed {
    name: &'static str,
    found: DeadLetters,
    task: Option<MoveTask>,
    outcome: Outcome,
}

async fn start(name: &'static str, queue: &DeadLetterQueue) -> Result<Replayed, PortError> {
    let found = queue.look().await?;
    let begun = match found.messages {
        0 => None,
        _ => Some(queue.start_move(&found.arn).await?),
    };
    let task = queue.latest_move(&found.arn).await?;
    let failed = task.as_ref().is_some_and(|task| task.status == "FAILED");
    let outcome = match begun {
        None => Outcome::Empty,
        Some(MoveStarted::UnderWay) => Outcome::UnderWay,
        Some(MoveStarted::Yes) if failed => Outcome::Failed,
        Some(MoveStarted::Yes) => Outcome::Begun,
    };
    Ok(Replayed {
        name,
        found,
        task,
        outcome,
    })
}

/// What happens, queue by queue.
fn sentence(replays: &[Replayed]) -> String {
    let parts: Vec<String> = replays.iter().filter_map(part).collect();
    if parts.is_empty() {
        "There are no dead letters to replay.".to_owned()
    } else {
        format!("{}.", parts.join("; "))
    }
}

fn part(replay: &Replayed) -> Option<String> {
    let name = replay.name;
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

fn item(name: &str, found: &DeadLetters, task: Option<&MoveTask>) -> Value {
    json!({
        "queue": name,
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
