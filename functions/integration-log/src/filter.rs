//! The query of the Integration Log: filters, a time span, an order.

use dealbridge_core::{
    SalesforceId,
    code::{Code, Level},
    entry::Entry,
    record_url::{self, ConnectedOrg},
    run::RunId,
};
use dealbridge_lambda::{
    aws::log::Order,
    http::{Query, Refusal, Request},
    link_api,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{parse_code, parse_level};

/// Parameters that may be given once.
const ONCE: [&str; 6] = ["from", "to", "text", "sort", "cursor", "limit"];
/// Filters, which may be repeated. An entry must match one of the values of every filter.
const MANY: [&str; 4] = ["run", "level", "code", "opportunity"];

/// Parses the query of the list.
pub(crate) fn query(request: &Request) -> Result<Query, Refusal> {
    request.query_with_many(&ONCE, &MANY)
}

/// The requested order.
pub(crate) fn order(query: &Query) -> Result<Order, Refusal> {
    let order = query.value("sort", |text| match text {
        "newest" => Ok(Order::NewestFirst),
        "oldest" => Ok(Order::OldestFirst),
        other => Err(format!(
            "{other:?} is not an order; the orders are newest and oldest"
        )),
    })?;
    Ok(order.unwrap_or(Order::NewestFirst))
}

/// The conditions on the entries to show. An empty list lets every entry pass.
pub(crate) struct Filter {
    pub(crate) runs: Vec<RunId>,
    levels: Vec<Level>,
    codes: Vec<Code>,
    records: Vec<SalesforceId>,
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
    text: Text,
}

/// The text that an item must contain, in any case; a blank one lets every item pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text(String);

impl Text {
    /// The parameter `text`.
    pub(crate) fn of(query: &Query) -> Self {
        Self(query.text("text").unwrap_or_default().trim().to_lowercase())
    }

    /// Returns `true` if one of these texts contains it.
    pub(crate) fn is_in<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> bool {
        let mut texts = texts.into_iter();
        self.0.is_empty() || texts.any(|text| text.to_lowercase().contains(&self.0))
    }
}

/// The Salesforce record that a parameter names by its id or its URL.
pub(crate) fn record(text: &str, org: &ConnectedOrg) -> Result<SalesforceId, Refusal> {
    // The code is more precise than "a parameter is wrong".
    record_url::parse(text, org)
        .map(|record| record.id)
        .map_err(|error| {
            let code = link_api::url_code(&error.kind);
            Refusal::with_status(400, code, error.to_string())
        })
}

impl Filter {
    pub(crate) fn of(query: &Query, org: &ConnectedOrg) -> Result<Self, Refusal> {
        let texts = query.values("opportunity", |text| Ok::<_, String>(text.to_owned()))?;
        let records = texts.iter().map(|text| record(text, org));
        let filter = Self {
            runs: query.values("run", RunId::parse)?,
            levels: query.values("level", parse_level)?,
            codes: query.values("code", parse_code)?,
            records: records.collect::<Result<_, _>>()?,
            text: Text::of(query),
            from: query.value("from", instant)?,
            to: query.value("to", instant)?,
        };
        match (filter.from, filter.to) {
            (Some(from), Some(to)) if from >= to => Err(Refusal::malformed(format!(
                "query parameter to: {to} is not behind from, which is {from}"
            ))),
            _ => Ok(filter),
        }
    }

    /// Returns `true` if most entries pass.
    pub(crate) fn is_open(&self) -> bool {
        self.levels.is_empty()
            && self.codes.is_empty()
            && self.records.is_empty()
            && self.text == Text::default()
            && self.from.is_none()
            && self.to.is_none()
    }

    pub(crate) fn shows(&self, entry: &Entry) -> bool {
        let is_record = || {
            let named = entry.salesforce.as_ref();
            named.is_some_and(|(id, _)| self.records.contains(id))
        };
        (self.levels.is_empty() || self.levels.contains(&entry.level))
            && (self.codes.is_empty() || self.codes.contains(&entry.code))
            && (self.records.is_empty() || is_record())
            && self.text.is_in(texts_of(entry))
            && self.from.is_none_or(|from| entry.at >= from)
            && self.to.is_none_or(|to| entry.at < to)
    }
}

/// The texts of an entry that a person would look for.
fn texts_of(entry: &Entry) -> [&str; 4] {
    let details = entry.details.as_deref().unwrap_or_default();
    let named = entry.salesforce.as_ref();
    let name = named.map_or("", |(_, name)| name.as_str());
    [&entry.message, &entry.suggestion, name, details]
}

/// Parses an instant, or a date as its midnight in UTC.
fn instant(text: &str) -> Result<Timestamp, String> {
    // The unescaped plus sign of an offset arrives as a blank.
    let text = text.trim().replace(' ', "+");
    let midnight = |date: Date| {
        let zoned = date.to_zoned(TimeZone::UTC).ok()?;
        Some(zoned.timestamp())
    };
    text.parse::<Timestamp>()
        .ok()
        .or_else(|| text.parse::<Date>().ok().and_then(midnight))
        .ok_or_else(|| {
            format!(
                "{text:?} is not a time such as 2026-01-31T23:01:01Z, nor a date such as 2026-01-31"
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_in_any_case_and_a_blank_one_everywhere() {
        let text = |raw: &str| Text::of(&Query::parse(raw, &["text"], &[]).unwrap());

        assert!(text("text=+ACME+").is_in(["nothing", "of Acme's"]));
        assert!(!text("text=acme").is_in(["nothing"]));
        assert!(text("").is_in(["nothing"]));
    }

    #[test]
    fn an_instant_is_a_time_with_its_offset_or_a_date() {
        let at = |text: &str| instant(text).map(|at| at.to_string());

        assert_eq!(at("2026-01-31T23:01:01Z").unwrap(), "2026-01-31T23:01:01Z");
        assert_eq!(
            at("2026-01-31T23:01:01 01:00").unwrap(),
            "2026-01-31T22:01:01Z"
        );
        assert_eq!(at("2026-01-31").unwrap(), "2026-01-31T00:00:00Z");
        assert!(at("yesterday").unwrap_err().contains("is not a time"));
    }
}
