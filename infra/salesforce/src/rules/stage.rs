//! Stages of Opportunities and statuses of leads.

use crate::{store::Store, value::Value};

/// The properties that a stage gives its Opportunities.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stage {
    /// In percent.
    pub(crate) probability: f64,
    /// True if it ends the Opportunity.
    pub(crate) is_closed: bool,
    /// True if it ends it well.
    pub(crate) is_won: bool,
    /// The forecast category's API name and label.
    pub(crate) forecast: (&'static str, &'static str),
}

impl Stage {
    /// The stage with its forecast category.
    pub(super) fn of(probability: f64, is_closed: bool, is_won: bool) -> Self {
        let forecast = match (is_closed, is_won) {
            (true, true) => ("Closed", "Closed"),
            (true, false) => ("Omitted", "Omitted"),
            _ => ("Pipeline", "Pipeline"),
        };
        Self {
            probability,
            is_closed,
            is_won,
            forecast,
        }
    }
}

/// The stages of a developer org.
pub(super) const STAGES: [(&str, f64, bool, bool); 10] = [
    ("Prospecting", 10.0, false, false),
    ("Qualification", 10.0, false, false),
    ("Needs Analysis", 20.0, false, false),
    ("Value Proposition", 50.0, false, false),
    ("Id. Decision Makers", 60.0, false, false),
    ("Perception Analysis", 70.0, false, false),
    ("Proposal/Price Quote", 75.0, false, false),
    ("Negotiation/Review", 90.0, false, false),
    ("Closed Won", 100.0, true, true),
    ("Closed Lost", 0.0, true, false),
];

/// Lead statuses of a developer org: name, default, converted.
pub(super) const LEAD_STATUSES: [(&str, bool, bool); 4] = [
    ("Open - Not Contacted", true, false),
    ("Working - Contacted", false, false),
    ("Closed - Converted", false, true),
    ("Closed - Not Converted", false, false),
];

/// The stage of that name as the org's OpportunityStage rows have it.
pub(crate) fn stage(store: &Store, name: &str) -> Option<Stage> {
    let object = store.schema.object_index("OpportunityStage")?;
    let schema = store.object(object);
    let at = |field| schema.field_index(field);
    let (label, probability, closed, won) = (
        at("ApiName")?,
        at("DefaultProbability")?,
        at("IsClosed")?,
        at("IsWon")?,
    );
    let row = store.table(object).iter().map(|(_, row)| row).find(|row| {
        row.values[label]
            .as_text()
            .is_some_and(|label| label.eq_ignore_ascii_case(name))
    })?;
    let probability = match row.values[probability] {
        Value::Number(number) => number,
        _ => 0.0,
    };
    Some(Stage::of(
        probability,
        row.values[closed].is_true(),
        row.values[won].is_true(),
    ))
}

/// The status that a converted lead gets.
pub(crate) fn converted_status() -> &'static str {
    LEAD_STATUSES
        .iter()
        .find(|(_, _, converted)| *converted)
        .map_or("Closed - Converted", |(name, _, _)| name)
}

/// Returns whether a lead status is one that only conversion sets.
pub(crate) fn is_converted_status(name: &str) -> bool {
    LEAD_STATUSES
        .iter()
        .any(|(status, _, converted)| *converted && status.eq_ignore_ascii_case(name))
}
