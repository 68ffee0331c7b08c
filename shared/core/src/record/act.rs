//! Acts on a record. The latest are told by the record itself, the others by audit rows.

use std::cmp::Reverse;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::SalesforceId;

/// The bytes of acts that a record tells itself: a Deal of some fields stays within the 1,024 bytes that a write unit
/// pays for.
const ROOM: usize = 320;

/// The bytes of an act besides its texts: names of attributes, and what a map takes.
const FRAME: usize = 30;

/// The acts that a record tells itself where it has room for them. A link and an unlink have rows of their own always:
/// the rows of unlinks and deletions number a record's lives.
const TOLD_BY_RECORD: [&str; 3] = ["create", "edit", "write-delivered"];

/// An act of a user, or of the system, on a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// The time.
    pub at: Timestamp,
    /// The user who did it, or the integration.
    pub by: String,
    /// The name of the act: `create`, `edit`, `delete`, `link`, `unlink`, `allow-import`, `write-delivered` and the
    /// like.
    pub action: String,
    /// The Salesforce record; none for an act that concerns the portal's side alone.
    #[serde(
        rename = "salesforce_id",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub salesforce: Option<SalesforceId>,
    /// Details for a person to read.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub details: String,
}

/// A row of the audit trail: an act, and those before it that the record had told itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// The act.
    #[serde(flatten)]
    pub act: Act,
    /// The acts before it, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Act>,
}

impl Act {
    /// Returns the bytes that it takes within its record.
    fn bytes(&self) -> usize {
        let salesforce = self.salesforce.map_or(0, |id| id.as_str().len());
        let texts = [&self.by, &self.action, &self.details];
        let texts: usize = texts.iter().map(|text| text.len()).sum();
        FRAME + self.at.to_string().len() + texts + salesforce
    }

    /// Returns `true` if a record that tells these acts can tell this one, too.
    pub(crate) fn fits_beside(&self, told: &[Self]) -> bool {
        let taken: usize = told.iter().map(Self::bytes).sum();
        TOLD_BY_RECORD.contains(&self.action.as_str()) && taken + self.bytes() <= ROOM
    }
}

/// Returns the history of a record, newest first, of the acts that it tells itself, oldest first as it has them, and of
/// its audit rows, newest first.
#[must_use]
pub fn history(told: &[Act], rows: Vec<AuditRow>) -> Vec<Act> {
    let mut acts: Vec<Act> = told.iter().rev().cloned().collect();
    for row in rows {
        acts.push(row.act);
        acts.extend(row.earlier.into_iter().rev());
    }
    // A row that is written without the record, as that of a move to another org, leaves older acts to the record.
    acts.sort_by_key(|act| Reverse(act.at));
    acts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(second: i64, action: &str) -> Act {
        Act {
            at: Timestamp::new(second, 123_456_789).unwrap(),
            by: "ann.lindqvist@acme.example".to_owned(),
            action: action.to_owned(),
            salesforce: None,
            details: String::new(),
        }
    }

    fn row(second: i64, action: &str, earlier: &[Act]) -> AuditRow {
        AuditRow {
            act: act(second, action),
            earlier: earlier.to_vec(),
        }
    }

    #[test]
    fn a_history_has_every_act_once_and_the_newest_first() {
        let told = [act(5, "edit"), act(7, "write-delivered")];
        let rows = vec![
            row(6, "move-org", &[]),
            row(4, "link", &[act(2, "create"), act(3, "edit")]),
            row(1, "delete", &[act(0, "create")]),
        ];

        let history = history(&told, rows);

        let seconds: Vec<i64> = history.iter().map(|act| act.at.as_second()).collect();
        assert_eq!(seconds, [7, 6, 5, 4, 3, 2, 1, 0]);
    }

    #[test]
    fn a_record_tells_a_few_acts_and_no_end_of_a_life() {
        let edit = act(1, "edit");

        let told: Vec<Act> = std::iter::repeat_n(edit.clone(), 3).collect();
        assert!(edit.fits_beside(&told[..2]));
        assert!(!edit.fits_beside(&told));
        assert!(!act(1, "unlink").fits_beside(&[]));
        let long = Act {
            details: "a, ".repeat(100),
            ..edit
        };
        assert!(!long.fits_beside(&[]));
    }

    #[test]
    fn an_audit_row_reads_back_and_so_does_one_without_details() {
        let row = row(1, "link", &[act(0, "create")]);
        let stored = serde_json::to_value(&row).unwrap();
        assert_eq!(serde_json::from_value::<AuditRow>(stored).unwrap(), row);

        let plain = serde_json::json!({ "at": "1970-01-01T00:00:01.123456789Z", "by": "ann.lindqvist@acme.example", "action": "edit", "details": "" });
        let read: AuditRow = serde_json::from_value(plain).unwrap();
        assert_eq!((read.act, read.earlier), (act(1, "edit"), Vec::new()));
    }
}
