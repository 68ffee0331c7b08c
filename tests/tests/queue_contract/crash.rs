//! Durability when the server process is killed without warning.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, MessageSystemAttributeName, SendMessageBatchRequestEntry,
};
use sqs_server::{ManualClock, QueueOptions, QueueServer};

use crate::harness::{QueueHarness, client, handle, is_outside, start_of_time, system};

const DIRECTORY: &str = "QUEUE_CONTRACT_DIRECTORY";
const QUEUE: &str = "crash";
const BANNER: &str = "serving on ";

/// The answers that callers received, and their requests without an answer.
#[derive(Default)]
struct Told {
    sent: BTreeSet<String>,
    /// The number of answered receives of each message.
    receives: BTreeMap<String, u32>,
    delete_asked: BTreeSet<String>,
    deleted: BTreeSet<String>,
    answers: u32,
}

#[tokio::test]
async fn what_was_acknowledged_before_a_kill_is_there_after_it() {
    if is_outside() {
        return;
    }
    for answers_before_the_kill in [1, 40, 150] {
        let directory = tempfile::tempdir().unwrap();
        let (mut process, endpoint) = serve_elsewhere(directory.path());
        let told = work_until_killed(&endpoint, answers_before_the_kill, &mut process).await;

        let harness = QueueHarness::embedded(QueueOptions {
            directory: Some(directory.path().to_owned()),
            ..QueueOptions::default()
        })
        .await;
        let url = harness.inside().server.queue_url(QUEUE);
        let mut found = BTreeMap::new();
        loop {
            let messages = harness.receive(&url, 600).await;
            if messages.is_empty() {
                break;
            }
            for message in messages {
                let count = MessageSystemAttributeName::ApproximateReceiveCount;
                let count: u32 = system(&message, count).unwrap().parse().unwrap();
                found.insert(message.message_id.unwrap(), count);
            }
        }

        for id in &told.sent {
            assert!(
                found.contains_key(id) || told.delete_asked.contains(id),
                "lost {id}"
            );
        }
        for id in &told.deleted {
            assert!(!found.contains_key(id), "{id} came back");
        }
        for (id, receives) in &told.receives {
            assert!(
                found.get(id).is_none_or(|count| count > receives),
                "{id} was not counted"
            );
        }
        assert!(!told.sent.is_empty());
    }
}

/// Keeps several callers busy, and kills the server after so many answers.
async fn work_until_killed(endpoint: &str, answers: u32, process: &mut Child) -> Told {
    let url = format!("{endpoint}/000000000000/{QUEUE}");
    let told = Arc::new(Mutex::new(Told::default()));
    let (tell, mut news) = tokio::sync::mpsc::unbounded_channel();
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let (client, url) = (client(endpoint), url.clone());
            let (told, tell) = (Arc::clone(&told), tell.clone());
            tokio::spawn(async move {
                while let Some(()) = round(&client, &url, &told).await {
                    // The receiver is gone once the server is dead.
                    let _ = tell.send(());
                }
            })
        })
        .collect();
    drop(tell);

    while let Some(()) = news.recv().await
        && told.lock().unwrap().answers < answers
    {}
    process.kill().unwrap();
    process.wait().unwrap();
    for caller in callers {
        caller.await.unwrap();
    }
    Arc::into_inner(told).unwrap().into_inner().unwrap()
}

/// Sends three messages, receives up to two, deletes one. Returns `None` once the server is dead.
async fn round(client: &Client, url: &str, told: &Mutex<Told>) -> Option<()> {
    let mut send = client.send_message_batch().queue_url(url);
    for id in ["a", "b", "c"] {
        let entry = SendMessageBatchRequestEntry::builder()
            .id(id)
            .message_body(id);
        send = send.entries(entry.build().unwrap());
    }
    let sent = send.send().await.ok()?;
    let ids = sent
        .successful()
        .iter()
        .map(|entry| entry.message_id().to_owned());
    told.lock().unwrap().sent.extend(ids);

    let receive = client
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(2);
    let received = receive.visibility_timeout(600).send().await.ok()?;
    for message in received.messages() {
        let id = message.message_id.clone().unwrap();
        *told.lock().unwrap().receives.entry(id).or_default() += 1;
    }

    let message = received.messages().first()?;
    let id = message.message_id.clone().unwrap();
    told.lock().unwrap().delete_asked.insert(id.clone());
    let entry = DeleteMessageBatchRequestEntry::builder()
        .id("a")
        .receipt_handle(handle(message));
    let delete = client
        .delete_message_batch()
        .queue_url(url)
        .entries(entry.build().unwrap());
    delete.send().await.ok()?;
    told.lock().unwrap().deleted.insert(id);
    let check = client
        .receive_message()
        .queue_url(url)
        .visibility_timeout(0)
        .send()
        .await
        .ok()?;
    let mut told = told.lock().unwrap();
    for message in check.messages() {
        *told
            .receives
            .entry(message.message_id.clone().unwrap())
            .or_default() += 1;
    }
    told.answers += 4;
    Some(())
}

/// Starts this very program as a process that runs nothing but [`serve_until_killed`].
fn serve_elsewhere(directory: &Path) -> (Child, String) {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "crash::serve_until_killed",
            "--ignored",
            "--nocapture",
        ])
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let endpoint = lines
        .map_while(Result::ok)
        .find_map(|line| Some(line.split_once(BANNER)?.1.to_owned()))
        .unwrap();
    (process, endpoint)
}

#[tokio::test]
#[ignore = "the other process of the test above, which starts and kills it"]
async fn serve_until_killed() {
    let Some(directory) = directory() else {
        return;
    };
    let options = QueueOptions {
        directory: Some(directory),
        clock: Arc::new(ManualClock::new(start_of_time())),
        ..QueueOptions::default()
    };
    let server = QueueServer::start(options).await.unwrap();
    server.ensure_queue(QUEUE, &[]).unwrap();
    println!("{BANNER}{}", server.endpoint_url());
    std::future::pending::<()>().await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "how the parent tells its child where to keep all"
)]
fn directory() -> Option<PathBuf> {
    std::env::var(DIRECTORY).ok().map(PathBuf::from)
}
