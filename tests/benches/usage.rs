//! The cost of imports in counted units, next to the goals: `cargo bench -p dealbridge-tests --bench usage [--
//! ORG_FOLDER]`.
//!
//! Nothing is timed: Salesforce calls, SQS requests and DynamoDB units are counted from the requests actually sent, in
//! a first run, a second one and an hourly one, on the given folder or on 2,000 generated Opportunities.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use dealbridge_core::run::Counts;
use dealbridge_local::{
    LocalError, LocalProduct, Options, SalesforceTarget, gateway::ApiRequest, server::ApiServer,
};
use dealbridge_tests::OrgFolder;
use serde_json::{Value, json};

/// One line of the table: a figure and its limit.
struct Figure {
    what: &'static str,
    goal: f64,
    figure: f64,
}

fn per_thousand(units: f64, count: u64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of a benchmark are far below 2^52"
    )]
    let thousands = count as f64 / 1_000.0;
    if count == 0 { 0.0 } else { units / thousands }
}

fn number(usage: &Value, name: &str) -> f64 {
    usage[name].as_f64().unwrap_or(f64::NAN)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a benchmark are far below 2^52"
)]
fn first(counts: &Counts, usage: &Value) -> Vec<Figure> {
    // A failure costs as much as a repeated one; the rest is the imports' own cost.
    let failures = counts.failed as f64 * 2.2;
    let calls = counts.listed.div_ceil(2_000) + counts.listed.div_ceil(200) + 1;
    vec![
        Figure {
            what: "write units per 1,000 imports, failures at 2.2 each taken off",
            goal: 4_400.0,
            figure: per_thousand(
                number(usage, "dynamodbWriteUnits") - failures,
                counts.imported,
            ),
        },
        Figure {
            what: "DynamoDB requests per 1,000 Opportunities",
            goal: 45.0,
            figure: per_thousand(number(usage, "dynamodbRequests"), counts.listed),
        },
        Figure {
            what: "SQS requests per 1,000 Opportunities",
            goal: 320.0,
            figure: per_thousand(number(usage, "sqsRequests"), counts.listed),
        },
        Figure {
            what: "Salesforce calls",
            goal: calls as f64,
            figure: number(usage, "salesforceCalls"),
        },
    ]
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a benchmark are far below 2^52"
)]
fn second(counts: &Counts, usage: &Value) -> Vec<Figure> {
    let linked_only = counts.failed == 0;
    let mut lines = vec![Figure {
        what: "read units per 1,000 Opportunities",
        goal: 510.0,
        figure: per_thousand(number(usage, "dynamodbReadUnits"), counts.listed),
    }];
    if linked_only {
        // The request for the run itself is one message: sent, received, deleted.
        lines.push(Figure {
            what: "SQS requests beyond the run's own request",
            goal: 0.0,
            figure: (number(usage, "sqsRequests") - 3.0).max(0.0),
        });
    } else {
        lines.push(Figure {
            what: "write units per 1,000 repeated failures",
            goal: 2_200.0,
            figure: per_thousand(number(usage, "dynamodbWriteUnits"), counts.failed),
        });
    }
    lines.push(Figure {
        what: "imported or updated",
        goal: 0.0,
        figure: (counts.imported + counts.updated) as f64,
    });
    lines
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a benchmark are far below 2^52"
)]
fn hourly(counts: &Counts, usage: &Value) -> Vec<Figure> {
    vec![
        Figure {
            what: "Salesforce calls beside the re-check of problems",
            goal: 2.0,
            figure: number(usage, "salesforceCalls") - counts.failed.div_ceil(200) as f64,
        },
        Figure {
            what: "linked ones listed",
            goal: 0.0,
            figure: (counts.listed - counts.failed) as f64,
        },
    ]
}

/// The number of submissions and of edits that are counted.
const RECORDS: u32 = 20;

/// Submits Deals of the generated folder as the portal and edits each once, without an idempotency key.
async fn records(app: Arc<LocalProduct>) -> Result<Vec<Figure>, LocalError> {
    let server = ApiServer::new(Arc::clone(&app))?;
    let token = ApiRequest::new("GET", "/local/token?client=portal");
    let token = server.answer(&token, "").await.to_json();
    let token = token["token"].as_str().unwrap_or_default().to_owned();
    let call = async |method: &str, target: &str, body: Value| {
        let request = ApiRequest::new(method, target).bearer(&token);
        let answer = server
            .answer(&request.with("if-match", "*").json(&body), "")
            .await;
        if answer.status < 300 {
            Ok(())
        } else {
            let said = answer.to_json();
            Err(LocalError::new(format!("{method} {target}: {said}")))
        }
    };
    let mut spent = Vec::new();
    for (method, is_edit) in [("POST", false), ("PATCH", true)] {
        let before = app.used();
        for number in 0..RECORDS {
            let (target, body) = if is_edit {
                let body = json!({ "fields": { "amount": 7 } });
                (format!("/deals/bench-{number}"), body)
            } else {
                let fields = json!({ "name": "Roof", "stage": "Prospecting", "close_date": "2027-03-31", "product": "Basic" });
                let end_user =
                    json!({ "company": "Ilex", "lastName": "Lee", "email": "ann@ilex.example" });
                let body = json!({ "id": format!("bench-{number}"), "fields": fields, "endUser": end_user });
                ("/deals".to_owned(), body)
            };
            call(method, &target, body).await?;
        }
        let usage = app.used().since(&before);
        spent.push(number(&usage, "dynamodbWriteUnits") / f64::from(RECORDS));
    }
    Ok(vec![
        Figure {
            what: "write units per submission",
            goal: 12.0,
            figure: spent[0],
        },
        Figure {
            what: "write units per edit",
            goal: 8.0,
            figure: spent[1],
        },
    ])
}

fn print(title: &str, lines: &[Figure]) {
    println!("\n{title}\n{:<66}{:>10}{:>12}", "", "goal", "figure");
    for line in lines {
        let verdict = if line.figure <= line.goal {
            ""
        } else {
            "  over"
        };
        println!(
            "{:<66}{:>10.0}{:>12.1}{verdict}",
            line.what, line.goal, line.figure
        );
    }
}

async fn measure(org: PathBuf, is_generated: bool) -> Result<(), LocalError> {
    let app = LocalProduct::start(&Options {
        org,
        data: None,
        salesforce: SalesforceTarget::Simulated {
            jwt_public_key: None,
        },
    })
    .await?;
    let report = app.full_run().await?;
    println!(
        "{} Opportunities: {} imported, {} failed",
        report.run.counts.listed, report.run.counts.imported, report.run.counts.failed
    );
    print("first run", &first(&report.run.counts, &report.usage));

    let report = app.full_run().await?;
    print(
        "second run, full",
        &second(&report.run.counts, &report.usage),
    );

    let before = app.used();
    let schedule = app
        .template
        .schedules
        .iter()
        .find(|schedule| schedule.name == "hourly");
    let schedule =
        schedule.ok_or_else(|| LocalError::new("template.yaml has no hourly schedule"))?;
    app.tick(schedule)
        .await
        .map_err(|error| LocalError::new(error.to_string()))?;
    app.queues.drained(&["imports"]).await;
    let usage = app.used().since(&before);
    let latest = app.store.latest_run().await?;
    let run = app.run(dealbridge_core::run::RunId::new(latest)).await?;
    print(
        "hourly run of an unedited org",
        &hourly(&run.counts, &usage),
    );
    println!("\n{usage}");
    if is_generated {
        print("records by the API", &records(Arc::new(app)).await?);
    }
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    // Cargo adds an option of its own.
    let given = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'))
        .map(PathBuf::from);
    let generated = given
        .is_none()
        .then(|| OrgFolder::importable(2_000).write());
    let org = given
        .or_else(|| generated.as_ref().map(|folder| folder.path().to_owned()))
        .unwrap_or_default();
    match measure(org, generated.is_some()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
