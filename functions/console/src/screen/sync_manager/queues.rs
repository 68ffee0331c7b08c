//! The dead-letter queues, with Replay.

use maud::{Markup, html};
use serde::Deserialize;

use crate::{
    html::{
        layout::csrf,
        parts::{self, Tone, number},
    },
    visit::Visit,
};

/// A queue as `GET /dead-letters` shows it.
#[derive(Debug, Deserialize)]
pub(super) struct Queue {
    queue: String,
    messages: i64,
    replay: Option<Replay>,
    #[serde(default)]
    letters: Vec<Letter>,
}

#[derive(Debug, Deserialize)]
struct Replay {
    status: String,
    moved: Option<i64>,
    total: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Letter {
    reason: String,
    start: String,
}

pub(super) fn show(visit: &Visit<'_>, queues: &[Queue]) -> Markup {
    html! {
        section aria-labelledby="queues" {
            h2 id="queues" { "Queues" }
            (parts::table("Queues", html! {
                thead { tr { th scope="col" { "Queue" } th.number scope="col" { "Dead letters" } th scope="col" { "Last replay" } th scope="col" { span.hidden { "Act" } } } }
                tbody {
                    @for queue in queues {
                        tr {
                            th scope="row" { (queue.queue) }
                            td.number { (number(queue.messages)) }
                            td { (replay(queue.replay.as_ref())) }
                            td { @if queue.messages > 0 { (button(visit, queue)) } @else { (parts::badge(Tone::Good, "Empty")) } }
                        }
                    }
                }
            }))
            @for queue in queues.iter().filter(|queue| !queue.letters.is_empty()) {
                details {
                    summary { "Dead letters of " (queue.queue) }
                    ul.letters {
                        @for letter in &queue.letters { li { p { (letter.reason) } pre { (letter.start) } } }
                    }
                }
            }
        }
    }
}

fn replay(replay: Option<&Replay>) -> Markup {
    html! {
        @match replay {
            None => span.muted { "none" },
            Some(replay) => {
                (replay.status)
                @if let (Some(moved), Some(total)) = (replay.moved, replay.total) { ": " (number(moved)) " of " (number(total)) }
            }
        }
    }
}

fn button(visit: &Visit<'_>, queue: &Queue) -> Markup {
    html! {
        form method="post" action="/console/dead-letters/replay" {
            (csrf(visit))
            (parts::once())
            input type="hidden" name="queue" value=(queue.queue);
            button type="submit" { "Replay" span.hidden { " " (queue.queue) } }
        }
    }
}
