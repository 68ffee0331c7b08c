//! A dead letter, as an administrator sees it.

use dealbridge_core::{
    Queue,
    message::{ImportRequest, PushRequest, SyncRequest},
};
use dealbridge_lambda::{aws::dead_letters::Letter, sqs};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Maximum number of characters that are shown of a body.
const MAX_START_CHARACTERS: usize = 200;
/// Longer words are cut: no word of a message is that long, but a session or a key is.
const MAX_WORD_CHARACTERS: usize = 80;

/// The JSON of a dead letter.
pub(crate) fn body(queue: Queue, letter: &Letter, now: Timestamp) -> Value {
    let age = letter
        .sent_at
        .map(|sent| now.duration_since(sent).as_secs().max(0));
    let unreadable = unreadable(queue, &letter.body);
    let reason = unreadable.as_ref().map_or_else(
        || "failed five times: the log of the function behind the queue says why".to_owned(),
        |problem| format!("it cannot be read: {problem}"),
    );
    json!({
        "messageId": letter.id,
        "sentAt": letter.sent_at,
        "ageSeconds": age,
        "receiveCount": letter.receives,
        "readable": unreadable.is_none(),
        "reason": reason,
        "start": start(&letter.body),
    })
}

/// The reason why the function behind the queue cannot read a body; none if it can.
fn unreadable(queue: Queue, body: &str) -> Option<String> {
    let body = Some(body);
    match queue {
        Queue::Imports => sqs::decode::<ImportRequest>(body).err(),
        Queue::SyncRequests => sqs::decode::<SyncRequest>(body).err(),
        Queue::SalesforceWrites => sqs::decode::<PushRequest>(body).err(),
    }
}

/// The start of a body on one line, without anything that may be a secret.
pub(crate) fn start(body: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "!._-+/=".contains(c);
    let mut shown = String::new();
    let mut rest = body;
    while let Some(first) = rest.chars().next() {
        if shown.chars().count() >= MAX_START_CHARACTERS {
            break;
        }
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        if end == 0 {
            shown.push(if first.is_control() { ' ' } else { first });
            rest = &rest[first.len_utf8()..];
        } else {
            let (word, after) = rest.split_at(end);
            // A Salesforce session id is the org's id, an exclamation mark and the secret.
            if word.len() > MAX_WORD_CHARACTERS || word.contains('!') {
                shown.extend(word.chars().take(4));
                shown.push('…');
            } else {
                shown.push_str(word);
            }
            rest = after;
        }
    }
    shown.chars().take(MAX_START_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(body: &str) -> Letter {
        Letter {
            id: "m-1".to_owned(),
            sent_at: Timestamp::from_second(1_000).ok(),
            receives: 6,
            body: body.to_owned(),
        }
    }

    #[test]
    fn a_letter_says_how_old_it_is_and_why_it_cannot_be_read() {
        let now = Timestamp::from_second(4_600).unwrap();
        let shown = body(Queue::Imports, &letter("{\n\"version\": 9}"), now);

        assert_eq!(
            shown,
            json!({
                "messageId": "m-1",
                "sentAt": "1970-01-01T00:16:40Z",
                "ageSeconds": 3600,
                "receiveCount": 6,
                "readable": false,
                "reason": "it cannot be read: its version is 9, and this function reads version 1",
                "start": "{ \"version\": 9}",
            })
        );
    }

    #[test]
    fn a_readable_letter_leads_to_the_log() {
        let sync = r#"{"version":1,"run":"run-00000001","trigger":"manual"}"#;
        let now = Timestamp::from_second(4_600).unwrap();

        let shown = body(Queue::SyncRequests, &letter(sync), now);

        assert_eq!(
            (&shown["readable"], &shown["start"]),
            (&json!(true), &json!(sync))
        );
        assert_eq!(body(Queue::Imports, &letter(sync), now)["readable"], false);
    }

    #[test]
    fn at_most_two_hundred_characters_are_shown_and_nothing_that_may_be_a_secret() {
        let session = "00DdM0000000001!AQ0AQHx";
        let key = "k".repeat(81);
        let text = format!("Bearer {session} key={key} {}", "ä ".repeat(300));

        let shown = start(&text);

        assert!(
            shown.starts_with("Bearer 00Dd… key=…") || shown.starts_with("Bearer 00Dd… key="),
            "{shown}"
        );
        assert!(
            !shown.contains("AQ0AQHx") && !shown.contains("kkkkk"),
            "{shown}"
        );
        assert_eq!(shown.chars().count(), 200);
        assert_eq!(start(""), "");
    }
}
