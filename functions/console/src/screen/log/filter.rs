//! The filters of both halves of the log: what was typed, what is wrong with it, and the form.

use dealbridge_core::code::Code;
use dealbridge_lambda::http::Refusal;
use maud::{Markup, html};

use crate::{
    functions::ApiCall,
    html::parts::{self, Field, Tone},
    visit::Visit,
};

/// The filters of entries.
pub(super) const OF_ENTRIES: [&str; 7] = [
    "run",
    "level",
    "code",
    "opportunity",
    "text",
    "from",
    "to",
];

/// The filters that were chosen, by the names of the API's parameters.
pub(super) struct Filter {
    given: Vec<(&'static str, String)>,
}

/// A refusal of a filter: the field that is wrong, if the API names one, and the reason.
pub(super) struct Wrong {
    field: Option<String>,
    reason: String,
    pub(super) status: u16,
}

impl Filter {
    /// The filters of a request, among those that a list knows.
    pub(super) fn of(visit: &Visit<'_>, names: &[&'static str]) -> Self {
        let given = names.iter().map(|name| (*name, visit.query(name)));
        Self {
            given: given.collect(),
        }
    }

    /// The value of a filter; blank if it is not set.
    pub(super) fn value(&self, name: &str) -> &str {
        let given = self.given.iter().find(|(known, _)| *known == name);
        given.map_or("", |(_, value)| value)
    }

    /// Returns `true` if no filter is set.
    pub(super) fn is_open(&self) -> bool {
        self.given.iter().all(|(_, value)| value.is_empty())
    }

    /// The call with these filters.
    pub(super) fn ask(&self, call: ApiCall) -> ApiCall {
        self.given.iter().fold(call, |call, (name, value)| {
            call.query(name, &instant(name, value))
        })
    }

    /// The way to the next page of a list with these filters.
    pub(super) fn next(&self, path: &str, cursor: Option<&str>) -> Markup {
        let given: Vec<(&str, &str)> = self
            .given
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        parts::next(path, &given, cursor)
    }

    /// An address with these filters, and more parameters.
    pub(super) fn address(&self, path: &str, more: &[(&str, &str)]) -> String {
        let kept: Vec<(&str, &str)> = self
            .given
            .iter()
            .map(|(name, value)| (*name, &**value))
            .filter(|(name, _)| more.iter().all(|(other, _)| other != name))
            .collect();
        parts::address(path, &kept, more)
    }
}

/// A time of the browser's control, which has no zone, as the API takes it.
fn instant(name: &str, value: &str) -> String {
    let is_local =
        matches!(name, "from" | "to") && value.contains('T') && !value.contains(['Z', '+', 'z']);
    match (is_local, value.len()) {
        (true, 16) => format!("{value}:00Z"),
        (true, _) => format!("{value}Z"),
        (false, _) => value.to_owned(),
    }
}

impl Wrong {
    /// The refusal of a filter; another refusal is given back.
    pub(super) fn of(refusal: Refusal) -> Result<Self, Refusal> {
        if refusal.status() != 400 {
            return Err(refusal);
        }
        let of_url = refusal.code().starts_with("URL_");
        let status = refusal.status();
        let answer = refusal.into_answer();
        let detail = answer.body["detail"].as_str().unwrap_or_default();
        let named = detail
            .strip_prefix("query parameter ")
            .and_then(|rest| rest.split_once(": "));
        let (field, reason) = match named {
            Some((field, reason)) => (Some(field), reason),
            None => (of_url.then_some("opportunity"), detail),
        };
        Ok(Self {
            field: field.map(str::to_owned),
            reason: reason.to_owned(),
            status,
        })
    }

    /// The notice for what no field stands for.
    pub(super) fn notice(&self) -> Option<Markup> {
        let notice = || parts::notice(Tone::Bad, html! { p { (self.reason) } });
        self.field.is_none().then(notice)
    }
}

/// The form's fields, in a list's order.
pub(super) fn form(
    path: &str,
    filter: &Filter,
    wrong: Option<&Wrong>,
    fields: &[&'static str],
) -> Markup {
    let one = |name: &'static str| field(name, filter.value(name), wrong);
    html! {
        form.row.filter method="get" action=(path) role="search" aria-label="Filter" {
            @for name in fields { (one(name)) }
            div.row {
                button type="submit" { "Filter" }
                @if !filter.is_open() { a.button.quiet href=(path) { "Show all" } }
            }
        }
    }
}

fn field(name: &'static str, value: &str, wrong: Option<&Wrong>) -> Markup {
    let error = wrong
        .filter(|wrong| wrong.field.as_deref() == Some(name))
        .map(|wrong| &*wrong.reason);
    let field = |label| Field {
        name,
        label,
        hint: None,
        error,
    };
    let time = |label| {
        let field = field(label);
        field.around(html! {
            input type="datetime-local" id=(name) name=(name) value=(value)
                aria-describedby=[field.described_by()] aria-invalid=[error.map(|_| "true")];
        })
    };
    match name {
        "code" => field("Code").select(&codes(value), value),
        "level" => field("Level").select(
            &[
                ("", "Any"),
                ("error", "Error"),
                ("warning", "Warning"),
                ("info", "Info"),
            ],
            value,
        ),
        "cleared" => field("Acknowledged").select(
            &[("false", "No"), ("true", "Yes"), ("all", "Either")],
            if value.is_empty() { "false" } else { value },
        ),
        "run" => field("Run").text(value),
        "from" => time("From (UTC)"),
        "to" => time("To (UTC)"),
        "text" => field("Text").text(value),
        _ => field("Opportunity, id or URL").text(value),
    }
}

/// The codes to choose from, and one that the address names though there is none of that name.
fn codes(chosen: &str) -> Vec<(&str, &str)> {
    let known = Code::ALL.iter().map(|code| (code.as_str(), code.as_str()));
    let unknown = (!chosen.is_empty() && Code::parse(chosen).is_none()).then_some((chosen, chosen));
    std::iter::once(("", "Any"))
        .chain(unknown)
        .chain(known)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_a_zone_is_meant_in_utc() {
        assert_eq!(instant("from", "2026-01-31T23:01"), "2026-01-31T23:01:00Z");
        assert_eq!(instant("to", "2026-01-31T23:01:09"), "2026-01-31T23:01:09Z");
        assert_eq!(
            instant("to", "2026-01-31T23:01:09Z"),
            "2026-01-31T23:01:09Z"
        );
        assert_eq!(instant("from", "2026-01-31"), "2026-01-31");
        assert_eq!(instant("text", "2026-01-31T23:01"), "2026-01-31T23:01");
    }

    #[test]
    fn what_the_api_says_of_a_parameter_stands_beside_its_field() {
        let of = |refusal| {
            let wrong = Wrong::of(refusal).ok()?;
            Some((wrong.field, wrong.reason))
        };

        assert_eq!(
            of(Refusal::malformed(
                "query parameter from: \"x\" is not a time"
            )),
            Some((Some("from".to_owned()), "\"x\" is not a time".to_owned()))
        );
        let cursor = "The cursor is of another list.";
        assert_eq!(
            of(Refusal::malformed(cursor)),
            Some((None, cursor.to_owned()))
        );
        assert_eq!(of(Refusal::forbidden("no")), None);
    }
}
