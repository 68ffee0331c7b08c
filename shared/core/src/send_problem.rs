//! The open send problem of a record: the reasons why it did not become a Salesforce record, kept until it does.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    code::Code,
    finding::{self, Finding},
    message::CreateRequest,
    record::{RecordId, RecordKind, first_life, is_first_life},
};

/// The open send problem of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendProblem {
    /// The record; part of the key in the store.
    #[serde(skip, default = "unset_id")]
    pub record: RecordId,
    /// The name of the record when it was last sent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The findings.
    pub findings: Vec<Finding>,
    /// The time at which it was first met.
    pub first_seen: Timestamp,
    /// The time at which it was last met.
    pub last_seen: Timestamp,
    /// The number of attempts that met it.
    pub times: u32,
    /// `true` if an administrator acknowledged these codes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cleared: bool,
    /// The create that it keeps from its end.
    pub create: String,
    /// The life of the record that the create is for.
    #[serde(default = "first_life", skip_serializing_if = "is_first_life")]
    pub life: u32,
    /// The digest of the settings that the last attempt went by: with others, it is tried again.
    pub settings: String,
    /// The number of changes of this item.
    pub version: u64,
}

fn unset_id() -> RecordId {
    RecordId::unnamed(RecordKind::Deal)
}

impl SendProblem {
    /// Returns the problem as an attempt met it. It stays acknowledged while its codes are the same.
    #[must_use]
    pub fn met(
        earlier: Option<&Self>,
        name: &str,
        findings: Vec<Finding>,
        (create, settings): (&CreateRequest, String),
        at: Timestamp,
    ) -> Self {
        let codes = finding::codes(&findings);
        Self {
            record: create.record.clone(),
            name: name.to_owned(),
            first_seen: earlier.map_or(at, |earlier| earlier.first_seen),
            last_seen: at,
            times: earlier.map_or(0, |earlier| earlier.times) + 1,
            cleared: earlier.is_some_and(|earlier| earlier.cleared && earlier.codes() == codes),
            create: create.create.clone(),
            life: create.life,
            settings,
            version: earlier.map_or(0, |earlier| earlier.version) + 1,
            findings,
        }
    }

    /// Returns the codes, each once, in the table's order.
    #[must_use]
    pub fn codes(&self) -> Vec<Code> {
        finding::codes(&self.findings)
    }

    /// Returns the record as sentences name it.
    #[must_use]
    pub fn label(&self) -> String {
        self.record.label(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::VERSION;

    fn met(earlier: Option<&SendProblem>, code: Code, second: i64) -> SendProblem {
        let create = CreateRequest {
            version: VERSION,
            record: RecordId::new(RecordKind::Deal, "D-17").unwrap(),
            life: 1,
            create: "D-17-1".to_owned(),
        };
        SendProblem::met(
            earlier,
            "Acme",
            vec![Finding::new(code)],
            (&create, "s".to_owned()),
            Timestamp::from_second(second).unwrap(),
        )
    }

    #[test]
    fn a_problem_counts_how_often_it_was_met_and_is_acknowledged_until_its_codes_change() {
        let first = met(None, Code::StageEmpty, 1);
        let cleared = SendProblem {
            cleared: true,
            ..first.clone()
        };
        let second = met(Some(&cleared), Code::StageEmpty, 2);

        assert_eq!(
            (second.first_seen, second.times, second.version),
            (first.first_seen, 2, 2)
        );
        assert!(second.cleared && !met(Some(&second), Code::AccountMissing, 3).cleared);
        assert_eq!(second.label(), "Deal \"Acme\" (D-17)");
    }
}
