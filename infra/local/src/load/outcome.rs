//! The outcome of a load, or of one that is only planned.

use std::collections::BTreeMap;

use dealbridge_core::people::member::MemberKind;
use serde_json::{Value, json};

use super::plan::{Plan, Task};

/// The members that a dry run names of each kind of act; the others are counted.
const NAMED: usize = 20;

/// The counts of one kind of member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Created.
    pub created: u64,
    /// Changed.
    pub changed: u64,
    /// Left as they were.
    pub left: u64,
}

/// A member that the API refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Its place in the folder.
    pub place: String,
    /// The API's reason.
    pub reason: String,
}

/// The outcome of a load, or of one that is only planned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Counts by kind.
    pub tallies: BTreeMap<MemberKind, Tally>,
    /// The refusals.
    pub failed: Vec<Failed>,
    /// Who would be created or changed, as far as they are named; nobody for a load that wrote.
    pub would: Vec<String>,
    /// `true` if nothing was written.
    pub is_dry_run: bool,
}

impl Outcome {
    pub(super) fn begun(plan: &Plan) -> Self {
        let tally = |left| Tally {
            left,
            ..Tally::default()
        };
        let left = plan.left.iter();
        Self {
            tallies: left.map(|(kind, left)| (*kind, tally(*left))).collect(),
            ..Self::default()
        }
    }

    /// The outcome that a plan would have.
    pub(super) fn planned(plan: &Plan) -> Self {
        let mut outcome = Self::begun(plan);
        outcome.is_dry_run = true;
        for task in &plan.tasks {
            let tally = outcome.tally(task.id.kind());
            if task.is_change {
                tally.changed += 1;
            } else {
                tally.created += 1;
            }
        }
        for (act, is_change) in [("create", false), ("change", true)] {
            let tasks: Vec<&Task> = plan
                .tasks
                .iter()
                .filter(|task| task.is_change == is_change)
                .collect();
            let named = tasks.iter().take(NAMED);
            outcome.would.extend(named.map(|task| {
                let (kind, id) = (task.id.kind().as_str(), task.id.id());
                format!("would {act} {kind} {id} ({})", task.place)
            }));
            if let Some(more) = tasks.len().checked_sub(NAMED).filter(|more| *more > 0) {
                outcome.would.push(format!("would {act} {more} more"));
            }
        }
        outcome
    }

    pub(super) fn tally(&mut self, kind: MemberKind) -> &mut Tally {
        self.tallies.entry(kind).or_default()
    }

    /// The outcome for a person.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for line in &self.would {
            text.push_str(line);
            text.push('\n');
        }
        if !self.would.is_empty() {
            text.push('\n');
        }
        let (created, changed) = match self.is_dry_run {
            true => ("to create", "to change"),
            false => ("created", "changed"),
        };
        text.push_str(&format!(
            "{:16}{created:>10}{changed:>11}{:>11}\n",
            "", "as it was"
        ));
        for kind in MemberKind::ALL {
            let tally = self.tallies.get(&kind).copied().unwrap_or_default();
            text.push_str(&format!(
                "{:16}{:>10}{:>11}{:>11}\n",
                kind.collection(),
                tally.created,
                tally.changed,
                tally.left
            ));
        }
        text.pop();
        text
    }

    /// The outcome as one JSON object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut body = json!({ "dryRun": self.is_dry_run, "failed": self.failed.len() });
        for kind in MemberKind::ALL {
            let tally = self.tallies.get(&kind).copied().unwrap_or_default();
            body[kind.collection()] = json!({
                "created": tally.created,
                "changed": tally.changed,
                "left": tally.left,
            });
        }
        body
    }
}
