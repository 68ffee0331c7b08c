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
const ONCE: [&str; 5] = ["from", "to", "sort", "cursor", "limit"];
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
}

impl Filter {
    pub(crate) fn of(query: &Query, org: &ConnectedOrg) -> Result<Self, Refusal> {
        let record = |text: &str| record_url::parse(text, org).map(|record| record.id);
        // The code is more precise than "a parameter is wrong".
        let refused = |text: &str| {
            let error = record_url::parse(text, org).err()?;
            Some(Refusal::with_status(
                400,
                link_api::url_code(&error.kind),
                error.to_string(),
            ))
        };
        let texts = query.values("opportunity", |text| Ok::<_, String>(text.to_owned()))?;
        if let Some(refusal) = texts.iter().find_map(|text| refused(text)) {
            return Err(refusal);
        }
        let filter = Self {
            runs: query.values("run", RunId::parse)?,
            levels: query.values("level", parse_level)?,
            codes: query.values("code", parse_code)?,
            records: query.values("opportunity", record)?,
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
            && self.from.is_none_or(|from| entry.at >= from)
            && self.to.is_none_or(|to| entry.at < to)
    }
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
