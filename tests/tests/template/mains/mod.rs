//! Every function's own `main`, as it is deployed: started as a process of its own with the environment of the
//! template, under a Runtime API, with the permissions of its role.

mod build;
mod environment;
mod events;
mod runtime_api;

use std::{
    io::Read,
    process::{Command, Stdio},
    time::Duration,
};

use dealbridge_local::LocalProduct;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use self::{environment::Place, runtime_api::RuntimeApi};
use crate::document::Template;

/// The servers that the functions connect to.
async fn app() -> LocalProduct {
    let options = dealbridge_local::Options {
        org: crate::yaml::path("infra/local/sample-org"),
        data: None,
        salesforce: dealbridge_local::SalesforceTarget::Simulated {
            jwt_public_key: None,
        },
    };
    LocalProduct::prepare(&options)
        .await
        .expect("the sample org can be served")
}

/// The time after which a function counts as hung.
const PATIENCE: Duration = Duration::from_secs(90);

/// The result of a function's process.
#[derive(Debug, PartialEq)]
enum Came {
    /// It answered each event.
    Answers(Vec<Value>),
    /// It ended before that, with this output.
    Ended(String),
}

/// Starts a function's binary and gives it the events, one after the other.
async fn run(function: &str, environment: Vec<(String, String)>, events: Vec<Value>) -> Came {
    let api = RuntimeApi::serve(events).await;
    let mut process = Command::new(build::binary(function))
        .env_clear()
        .envs(environment)
        .env("AWS_LAMBDA_RUNTIME_API", api.address())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a binary that was just built can be started");
    let (out, err) = (read(process.stdout.take()), read(process.stderr.take()));
    let came = tokio::select! {
        answers = api.answers() => Came::Answers(answers),
        () = tokio::time::sleep(PATIENCE) => Came::Ended("it did not answer".to_owned()),
        // Both end when the process does.
        (out, err) = async { tokio::join!(out, err) } => Came::Ended(
            [out, err].map(Result::unwrap_or_default).join("\n"),
        ),
    };
    // The process may have ended by itself.
    let _ = process.kill();
    let _ = process.wait();
    came
}

/// Reads the output of a process to the end.
fn read(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    tokio::task::spawn_blocking(move || {
        let mut text = Vec::new();
        // On an error, the output so far is as good as all of it.
        let _ = pipe.map(|mut pipe| pipe.read_to_end(&mut text));
        String::from_utf8_lossy(&text).into_owned()
    })
}

/// The status of an answer to API Gateway.
fn statuses(came: &Came) -> Vec<Option<u64>> {
    match came {
        Came::Answers(answers) => answers
            .iter()
            .map(|answer| answer["statusCode"].as_u64())
            .collect(),
        Came::Ended(_) => Vec::new(),
    }
}

/// The response to SQS that returns the second message alone.
fn gives_back_the_poison() -> Came {
    Came::Answers(vec![
        json!({ "batchItemFailures": [{ "itemIdentifier": "m1" }] }),
    ])
}

#[tokio::test]
async fn every_main_answers_its_events_with_the_environment_of_the_template() {
    let (template, app) = (Template::read(), app().await);
    let place = Place::of(&template, &app);
    let started = async |function: &str, events: Vec<Value>| {
        let environment = place.environment(function);
        run(function, environment, events).await
    };
    let mut tried = Vec::new();
    let mut calls = async |function: &'static str, expected: &[u64], events: Vec<Value>| {
        tried.push(function);
        let came = started(function, events).await;
        let expected: Vec<Option<u64>> = expected.iter().copied().map(Some).collect();
        assert_eq!(statuses(&came), expected, "{function}: {came:?}");
    };

    calls(
        "full-sync",
        &[202, 200],
        vec![events::start_run(), events::start_run()],
    )
    .await;
    calls(
        "settings",
        &[200],
        vec![events::get("/settings", "", json!({}))],
    )
    .await;
    calls("people", &[200], vec![events::get("/users", "", json!({}))]).await;
    calls(
        "records",
        &[200, 200],
        vec![
            events::get("/{kind}", "", json!({ "kind": "leads" })),
            events::get(
                "/{kind}/{id}",
                "",
                json!({ "kind": "leads", "id": "lead-quayside" }),
            ),
        ],
    )
    .await;
    calls(
        "integration-log",
        &[200, 200, 200],
        vec![
            events::get("/sync-runs", "", json!({})),
            events::get("/integration-log", "", json!({})),
            events::get("/explanations", "opportunity=006aP00000008G0QAI", json!({})),
        ],
    )
    .await;
    calls("link", &[200], vec![events::preview()]).await;
    calls("unlink", &[404], vec![events::lift_suppression()]).await;
    calls(
        "dead-letters",
        &[200],
        vec![events::get("/dead-letters", "", json!({}))],
    )
    .await;

    calls(
        "console",
        &[303, 200],
        vec![
            events::page("/console"),
            events::page("/console/signed-out"),
        ],
    )
    .await;

    let org = place.organization().await;
    let tick = json!({ "schedule": "hourly" });
    let came = started("fan-out", vec![tick, events::sqs(&events::sync_request())]).await;
    let Came::Answers(answers) = came else {
        unanswered("fan-out", &came)
    };
    // The run that full-sync started is under way, and its request makes the fan-out list it.
    assert_eq!(
        answers[0],
        json!({ "run": "run-00000001", "outcome": "active" })
    );
    assert_eq!(
        Came::Answers(answers[1..].to_vec()),
        gives_back_the_poison()
    );
    let imports = events::sqs(&events::import_request(&org));
    assert_eq!(
        started("import-worker", vec![imports]).await,
        gives_back_the_poison()
    );
    let writes = events::sqs(&events::push_request(&org));
    assert_eq!(
        started("push-worker", vec![writes]).await,
        gives_back_the_poison()
    );

    tried.extend(["fan-out", "import-worker", "push-worker"]);
    let mut deployed: Vec<&str> = template
        .functions()
        .map(|function| function.name())
        .collect();
    deployed.sort_unstable();
    tried.sort_unstable();
    assert_eq!(tried, deployed);
}

#[tokio::test]
async fn a_main_without_one_of_its_variables_says_which_one() {
    let (template, app) = (Template::read(), app().await);
    let place = Place::of(&template, &app);
    let mut environment = place.environment("full-sync");
    environment.retain(|(name, _)| name != "SYNC_REQUESTS_QUEUE_URL");

    let came = run("full-sync", environment, vec![events::start_run()]).await;

    let Came::Ended(text) = came else {
        unanswered("full-sync", &came)
    };
    assert!(text.contains("SYNC_REQUESTS_QUEUE_URL"), "{text}");
}

#[expect(clippy::panic, reason = "what cannot go on here is a failed test")]
fn unanswered(function: &str, came: &Came) -> ! {
    panic!("{function}: {came:?}")
}
