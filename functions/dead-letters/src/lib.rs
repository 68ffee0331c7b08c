//! Dead letters: how many wait in each queue, and giving them another five tries.

use dealbridge_aws::{
    Store,
    dead_letters::{DeadLetterQueue, DeadLetters, MoveStarted, MoveTask},
};
use dealbridge_lambda::{
    Function, Invocation,
    access::Groups,
    http::{self, Answer, Idempotency, Refusal, Request},
};
use lambda_runtime::Error;
use serde::Deserialize;
use serde_json::{Value, json};

/// The calls that the function answers.
pub const ROUTES: [(&str, &str); 2] = [("GET", "/dead-letters"), ("POST", "/dead-letters/replay")];

/// The function with its adapters.
pub struct DeadLettersFunction {
    /// The dead-letter queues, each by the name of the queue that its messages come from.
    pub queues: Vec<(&'static str, DeadLetterQueue)>,
    /// Receipts.
    pub store: Store,
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
            _ => {
                let idempotency = Idempotency::of(request, caller)?;
                http::once(&self.store, idempotency, self.replay(request)).await
            }
        }
    }

    async fn look(&self) -> Result<Answer, Refusal> {
        let mut items = Vec::with_capacity(self.queues.len());
        for (name, queue) in &self.queues {
            let found = queue.look().await?;
            let task = queue.latest_move(&found.arn).await?;
            items.push(item(name, &found, task.as_ref()));
        }
        Answer::json(200, &json!({ "items": items }))
    }

    /// Starts a replay of each queue that is asked for and holds messages. One that is under way is the answer.
    async fn replay(&self, request: &Request) -> Result<Answer, Refusal> {
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
            let known: Vec<&str> = self.queues.iter().map(|(name, _)| *name).collect();
            let detail = format!(
                "There is no queue {:?}; the queues are {}.",
                asked.queue.unwrap_or_default(),
                known.join(", ")
            );
            return Err(Refusal::malformed(detail));
        }
        let (mut items, mut messages, mut under_way) = (Vec::new(), 0, false);
        for (name, queue) in queues {
            let found = queue.look().await?;
            messages += found.messages;
            let started = if found.messages > 0 {
                queue.start_move(&found.arn).await?
            } else {
                MoveStarted::Yes
            };
            under_way |= started == MoveStarted::UnderWay;
            let task = queue.latest_move(&found.arn).await?;
            items.push(item(name, &found, task.as_ref()));
        }
        let message = match (messages, under_way) {
            (0, _) => "There are no dead letters to replay.".to_owned(),
            (_, true) => {
                "A replay is under way already; what it leaves can be replayed when it has ended."
                    .to_owned()
            }
            (1, false) => "One message is on its way back to its queue.".to_owned(),
            (many, false) => format!("{many} messages are on their way back to their queues."),
        };
        let body = json!({ "messages": messages, "message": message, "items": items });
        Answer::json(202, &body)
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
