//! The cost of imports, submissions and edits in counted units, next to the goals: `cargo bench -p dealbridge-tests --bench usage [--
//! ORG_FOLDER]`.
//!
//! Nothing is timed: Salesforce calls, SQS requests and DynamoDB units are counted from the requests actually sent, in
//! a first run, a second one and an hourly one, on the given folder or on 2,000 generated Opportunities, and on these in
//! submissions and edits, from the portal's call until Salesforce has them.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use dealbridge_core::run::Counts;
use dealbridge_local::{LocalError, LocalProduct, Options, SalesforceTarget};
use dealbridge_tests::{
    OrgFolder,
    record_costs::{self, RecordCosts},
};
use serde_json::Value;

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

/// The number of Deals on which each act is counted.
const DEALS: u32 = 20;

fn records(costs: &RecordCosts) -> Vec<Figure> {
    let of = |what, goal, figure| Figure { what, goal, figure };
    vec![
        of(
            "write units per submission that is not sent",
            12.0,
            costs.kept.write_units,
        ),
        of(
            "write units per edit of an unlinked Deal",
            8.0,
            costs.unlinked_edit.write_units,
        ),
        of(
            "write units per submission, until its Lead is linked",
            12.0,
            costs.lead.write_units,
        ),
        of(
            "Salesforce calls per submission, until its Lead is linked",
            3.0,
            costs.lead.all_calls(),
        ),
        of(
            "write units per submission, until its matched Opportunity is",
            12.0,
            costs.matching.write_units,
        ),
        of(
            "Salesforce calls per submission, until its matched Opportunity is",
            3.0,
            costs.matching.all_calls(),
        ),
        of(
            "write units per edit, until Salesforce has it",
            8.0,
            costs.edit.write_units,
        ),
        of(
            "Salesforce calls per edit, until Salesforce has it",
            1.0,
            costs.edit.all_calls(),
        ),
        of(
            "Salesforce calls per edit before a run has read the last write",
            3.0,
            costs.early_edit.all_calls(),
        ),
    ]
}

fn print_calls(costs: &RecordCosts) {
    let acts = [
        ("the first submission as a Lead", &costs.first),
        ("a submission as a Lead", &costs.lead),
        ("a submission with match_contact", &costs.matching),
        ("an edit", &costs.edit),
        (
            "an edit before a run has read the last write",
            &costs.early_edit,
        ),
    ];
    for (act, cost) in acts {
        println!(
            "{act}: {:?}; once for all of them: {:?}",
            cost.calls, cost.once
        );
    }
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
        let costs = record_costs::measure(&Arc::new(app), DEALS).await;
        print("records by the API", &records(&costs));
        print_calls(&costs);
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
