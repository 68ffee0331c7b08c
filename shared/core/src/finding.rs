//! Findings about one Opportunity: codes with the values that their sentences name.

use serde::{Deserialize, Serialize};

use crate::{
    SalesforceId,
    code::{Code, Context, Level},
    value::cut,
};

/// The most characters of any value that a finding names.
const MAX_CHARACTERS: usize = 1_000;

/// The size in bytes up to which one record's findings are kept whole.
const MAX_BYTES: usize = 100 * 1024;

/// The characters that are left of a value if there are too many.
const SHORT: usize = 40;

/// One code with its context. The record's label is filled in when the sentence is made, because it is the same for all
/// findings of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The code.
    #[serde(rename = "c")]
    pub code: Code,
    /// The field, the value and the like.
    #[serde(flatten)]
    pub context: Context,
    /// The raw Salesforce code and ids, for support.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

impl Finding {
    /// Creates a finding that names nothing beyond the record.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self {
            code,
            context: Context::default(),
            details: None,
        }
    }

    /// Creates the finding that says the values of these fields were not written to a record, with that record's fate.
    #[must_use]
    pub fn write_dropped(fate: &str, fields: &[String]) -> Self {
        let mut finding = Self::new(Code::WriteDropped).value(fate);
        finding.context.field = fields.join(", ");
        finding
    }

    /// Sets the field's label and API name.
    #[must_use]
    pub fn field(mut self, label: &str, api_name: &str) -> Self {
        self.context.field = format!("{label} ({api_name})");
        self
    }

    /// Sets the value.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.context.value = cut(&value.into(), MAX_CHARACTERS);
        self
    }

    /// Sets the other party.
    #[must_use]
    pub fn other(mut self, other: impl Into<String>) -> Self {
        self.context.other = cut(&other.into(), MAX_CHARACTERS);
        self
    }

    /// Sets the details.
    #[must_use]
    pub fn details(mut self, details: impl Into<String>) -> Self {
        self.details = Some(cut(&details.into(), MAX_CHARACTERS));
        self
    }

    /// Returns the level of the finding's code.
    #[must_use]
    pub fn level(&self) -> Level {
        self.code.level()
    }

    /// Returns the message and the suggestion, for the record with this label.
    #[must_use]
    pub fn sentences(&self, record: &str) -> (String, String) {
        let context = Context {
            record: record.to_owned(),
            ..self.context.clone()
        };
        (self.code.message(&context), self.code.suggestion(&context))
    }
}

/// Returns the findings of one record, with shorter values if they are so many that an item of the log could not hold
/// them.
#[must_use]
pub fn bounded(mut findings: Vec<Finding>) -> Vec<Finding> {
    let size = |finding: &Finding| {
        let Context {
            record,
            field,
            value,
            other,
        } = &finding.context;
        let details = finding.details.as_deref().unwrap_or_default();
        [record, field, value, other]
            .iter()
            .map(|text| text.len())
            .sum::<usize>()
            + details.len()
    };
    if findings.iter().map(size).sum::<usize>() > MAX_BYTES {
        for finding in &mut findings {
            let Context { value, other, .. } = &mut finding.context;
            for text in [value, other].into_iter().chain(&mut finding.details) {
                *text = cut(text, SHORT);
            }
        }
    }
    findings
}

/// Returns the codes of findings, each once, in the table's order.
#[must_use]
pub fn codes(findings: &[Finding]) -> Vec<Code> {
    let mut codes: Vec<Code> = findings.iter().map(|finding| finding.code).collect();
    codes.sort();
    codes.dedup();
    codes
}

/// Returns a Salesforce record as sentences name it.
#[must_use]
pub fn label(object: &str, id: SalesforceId, name: &str) -> String {
    if name.is_empty() {
        format!("{object} {id}")
    } else {
        format!("{object} \"{name}\" ({id})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_finding_names_is_never_endless() {
        let long = "ü".repeat(5_000);
        let finding = Finding::new(Code::ValueTypeInvalid)
            .value(&*long)
            .other(&*long)
            .details(&*long);

        let Context { value, other, .. } = &finding.context;
        for text in [value, other, &finding.details.clone().unwrap()] {
            assert_eq!(text.chars().count(), 1_000);
            assert!(text.ends_with("ü..."));
        }
        let few = bounded(vec![finding.clone(); 3]);
        assert_eq!(few[0], finding);
        let many = bounded(vec![finding; 500]);
        assert!(
            many.iter()
                .all(|finding| finding.context.value.chars().count() == 40)
        );
        let bytes = serde_json::to_string(&many).unwrap().len();
        assert!(bytes < 300 * 1024, "{bytes}");
    }
}
