//! The report of a run: counts, failure codes with what to do, and what the run used.

use std::collections::BTreeMap;

use dealbridge_aws::Usage;
use dealbridge_core::{
    code::Code,
    run::{Counts, Run, RunStatus},
};
use dealbridge_salesforce::ApiUsage;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

/// The use between two looks at the counters.
#[derive(Clone, Debug, Default)]
pub struct Used {
    /// AWS requests and units.
    pub aws: Usage,
    /// Salesforce calls.
    pub salesforce: ApiUsage,
    /// Invocations by function.
    pub invocations: BTreeMap<&'static str, u64>,
}

impl Used {
    /// The use since an earlier look.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Value {
        let dynamodb = difference(&self.aws.dynamodb_requests, &earlier.aws.dynamodb_requests);
        let sqs = difference(&self.aws.sqs_requests, &earlier.aws.sqs_requests);
        let invocations = difference(&self.invocations, &earlier.invocations);
        let (now, before) = (&self.salesforce, &earlier.salesforce);
        let salesforce = BTreeMap::from([
            ("token", now.token - before.token),
            ("query", now.query - before.query),
            ("queryMore", now.query_more - before.query_more),
            ("retrieve", now.retrieve - before.retrieve),
            ("describe", now.describe - before.describe),
            ("update", now.update - before.update),
            ("upsert", now.upsert - before.upsert),
        ]);
        json!({
            "salesforceCalls": salesforce.values().sum::<u64>(),
            "sqsRequests": sqs.values().sum::<u64>(),
            "dynamodbRequests": dynamodb.values().sum::<u64>(),
            "dynamodbReadUnits": self.aws.read_units - earlier.aws.read_units,
            "dynamodbWriteUnits": self.aws.write_units - earlier.aws.write_units,
            "lambdaInvocations": invocations.values().sum::<u64>(),
            "salesforce": salesforce,
            "sqs": sqs,
            "dynamodb": dynamodb,
            "lambda": invocations,
        })
    }
}

fn difference<K: Ord + Clone>(
    now: &BTreeMap<K, u64>,
    before: &BTreeMap<K, u64>,
) -> BTreeMap<K, u64> {
    now.iter()
        .map(|(key, count)| (key.clone(), count - before.get(key).copied().unwrap_or(0)))
        .filter(|(_, count)| *count > 0)
        .collect()
}

/// A failure code with how many Opportunities have it and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRow {
    /// The code.
    pub code: Code,
    /// The number of Opportunities.
    pub opportunities: u64,
    /// One of its messages.
    pub example: String,
    /// The remedy.
    pub suggestion: String,
}

/// Something that kept a run from doing its work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The code.
    pub code: Code,
    /// The problem.
    pub message: String,
    /// The remedy.
    pub suggestion: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} -> {}", self.code, self.message, self.suggestion)
    }
}

/// The report.
#[derive(Clone, Debug)]
pub struct Report {
    /// The run.
    pub run: Run,
    /// Its status when it was looked at.
    pub status: RunStatus,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Failure codes.
    pub codes: Vec<CodeRow>,
    /// Task-level errors of the run.
    pub faults: Vec<Fault>,
    /// The requests and calls it used.
    pub usage: Value,
}

#[derive(Serialize)]
struct JsonCounts {
    listed: u64,
    imported: u64,
    updated: u64,
    unchanged: u64,
    failed: u64,
    suppressed: u64,
    left: i64,
}

fn json_counts(counts: &Counts) -> JsonCounts {
    JsonCounts {
        listed: counts.listed,
        imported: counts.imported,
        updated: counts.updated,
        unchanged: counts.unchanged,
        failed: counts.failed,
        suppressed: counts.suppressed,
        left: counts.left(),
    }
}

/// The column at which the lines below a code begin.
const INDENT: &str = "          ";

/// A paragraph below a code, with a lead before its first line that the others are aligned to.
fn indented(lead: &str, text: &str, width: Option<usize>) -> String {
    let first = format!("{INDENT}{lead}");
    let others = " ".repeat(first.len());
    // Below some forty columns, a word a line is worse to read than a line that runs over.
    let width = width.map_or(usize::MAX, |width| width.max(40));
    let options = textwrap::Options::new(width)
        .initial_indent(&first)
        .subsequent_indent(&others)
        .break_words(false);
    format!("{}\n", textwrap::fill(text, options))
}

impl Report {
    /// The report as one JSON object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let codes: BTreeMap<&str, u64> = self
            .codes
            .iter()
            .map(|row| (row.code.as_str(), row.opportunities))
            .collect();
        json!({
            "run": {
                "id": self.run.id,
                "status": self.status,
                "startedAt": self.run.started_at,
                "finishedAt": self.finished_at,
            },
            "counts": json_counts(&self.run.counts),
            "codes": codes,
            "errors": self.faults,
            "usage": self.usage,
        })
    }

    /// The report for a person, wrapped to a width if one is given.
    #[must_use]
    pub fn to_text(&self, width: Option<usize>) -> String {
        let counts = &self.run.counts;
        let paragraph = |lead: &str, text: &str| indented(lead, text, width);
        let mut text = format!("\n{} {}\n\n", self.run.id, self.how_it_went());
        for (label, count) in [
            ("listed", counts.listed),
            ("imported", counts.imported),
            ("updated", counts.updated),
            ("unchanged", counts.unchanged),
            ("failed", counts.failed),
            ("suppressed", counts.suppressed),
        ] {
            text.push_str(&format!("  {label:<11}{count:>7}\n"));
        }
        text.push_str(&format!("  {:<11}{:>7}\n", "left", counts.left()));
        for fault in &self.faults {
            text.push_str(&format!("\n  {}\n", fault.code));
            text.push_str(&paragraph("", &fault.message));
            text.push_str(&paragraph("-> ", &fault.suggestion));
        }
        if counts.left() > 0 && self.faults.is_empty() {
            text.push_str(
                "\nWhat is left has failed again and again for a reason of ours: it waits in the dead-letter queue.\n  \
                 -> Look at the warnings above, then replay it: POST /dead-letters/replay while `dealbridge up` runs.\n",
            );
        }
        if !self.codes.is_empty() {
            text.push_str("\nWhy Opportunities did not import (one can have several reasons):\n");
        }
        for row in &self.codes {
            text.push_str(&format!("\n  {:>6}  {}\n", row.opportunities, row.code));
            text.push_str(&paragraph("e.g. ", &row.example));
            text.push_str(&paragraph("-> ", &row.suggestion));
        }
        text
    }

    /// Its status and how long it took.
    fn how_it_went(&self) -> String {
        let word = match self.status {
            RunStatus::Queued => "is queued",
            RunStatus::Running => "is running",
            RunStatus::Succeeded => "succeeded",
            RunStatus::Failed => "failed",
        };
        match self.finished_at {
            None => word.to_owned(),
            Some(end) => {
                let milliseconds = end.duration_since(self.run.started_at).as_millis();
                format!(
                    "{word} after {}.{} s",
                    milliseconds / 1_000,
                    milliseconds % 1_000 / 100
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paragraph_is_wrapped_to_the_terminal_and_aligned_below_its_lead() {
        let text = "Choose the end user's Account on the Opportunity in Salesforce.";

        assert_eq!(
            indented("-> ", text, Some(50)),
            "          -> Choose the end user's Account on the\n             Opportunity in Salesforce.\n"
        );
        assert_eq!(
            indented("-> ", text, None),
            format!("          -> {text}\n")
        );
    }
}
