//! Open problems: an overview grouped by code, and lists of those that a filter leaves.

use std::collections::BTreeMap;

use dealbridge_core::code::Code;
use dealbridge_lambda::http::{Answer, Refusal};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    filter::{self, Filter, Wrong},
    parts::{CLEAR, PROBLEMS, RecordName, TITLE, tabs},
};
use crate::{
    functions::{ApiCall, List},
    html::{
        layout::csrf,
        parts::{self, Tone, number},
    },
    visit::Visit,
};

/// The problems that the overview groups: one request to the store, whatever their number.
const GROUPED: usize = 250;
/// The problems that the overview shows, over all groups.
const SHOWN: usize = 20;
/// The problems on a page of a list.
const PAGE: &str = "30";
/// The filters of this half.
const FILTERS: [&str; 4] = ["code", "opportunity", "text", "cleared"];

/// An open problem as the API shows it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Problem {
    opportunity: Option<Opportunity>,
    record: Option<RecordName>,
    codes: Vec<Code>,
    first_seen: Timestamp,
    last_seen: Timestamp,
    times: i64,
    cleared: bool,
    entries: Vec<Said>,
}

#[derive(Debug, Deserialize)]
struct Opportunity {
    id: String,
    name: Option<String>,
    url: Option<String>,
}

/// A cause of a problem, with what to do.
#[derive(Debug, Deserialize)]
struct Said {
    code: Code,
    message: String,
    suggestion: String,
    details: Option<String>,
}

/// `GET /console/log`.
pub(super) async fn page(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let filter = Filter::of(visit, &FILTERS);
    let cursor = visit.query("cursor");
    let is_overview = filter.is_open() && cursor.is_empty();
    let most = if is_overview {
        GROUPED.to_string()
    } else {
        PAGE.to_owned()
    };
    let call = ApiCall::get("/problems");
    let call = ["code", "opportunity", "text"]
        .into_iter()
        .fold(call, |call, name| call.query(name, filter.value(name)));
    let call = match filter.value("cleared") {
        "all" => call,
        "" => call.query("cleared", "false"),
        cleared => call.query("cleared", cleared),
    };
    let call = call.query("limit", &most).query("cursor", &cursor);
    let (found, wrong) = match visit.read::<List<Problem>>(call).await {
        Ok(found) => (Some(found), None),
        Err(refusal) => (None, Some(Wrong::of(refusal)?)),
    };
    let content = html! {
        (tabs(PROBLEMS))
        (told(visit))
        @if let Some(wrong) = &wrong { @if let Some(notice) = wrong.notice() { (notice) } }
        (filter::form(PROBLEMS, &filter, wrong.as_ref(), &FILTERS))
        @if let Some(found) = &found {
            form method="post" action=(CLEAR) {
                (csrf(visit))
                (parts::once())
                input type="hidden" name="back" value=(filter.address(PROBLEMS, &[]));
                @if is_overview { (overview(found)) } @else { (list(found, &filter)) }
            }
            @if !is_overview { (filter.next(PROBLEMS, found.cursor.as_deref())) }
        }
    };
    let status = wrong.map_or(200, |wrong| wrong.status);
    Ok(visit.page_with(status, TITLE, content))
}

/// The outcome of the form that led back here.
fn told(visit: &Visit<'_>) -> Markup {
    let acknowledged: Option<i64> = visit.query("acknowledged").parse().ok();
    let is_part = !visit.query("more").is_empty();
    html! {
        @if let Some(many) = acknowledged {
            (parts::notice(if is_part { Tone::Warning } else { Tone::Good }, html! {
                p {
                    @match many { 0 => "Nothing was left to acknowledge.", 1 => "1 problem is acknowledged.", many => { (number(many)) " problems are acknowledged." } }
                    " Each is checked again by every run, and is back here if its codes change."
                    @if is_part { " There are more: clear them again." }
                }
            }))
        }
    }
}

/// The groups of the first problems, the largest first.
fn overview(found: &List<Problem>) -> Markup {
    let mut groups: BTreeMap<Code, Vec<&Problem>> = BTreeMap::new();
    for problem in &found.items {
        for code in &problem.codes {
            groups.entry(*code).or_default().push(problem);
        }
    }
    let mut groups: Vec<(Code, Vec<&Problem>)> = groups.into_iter().collect();
    groups.sort_by_key(|(code, problems)| (std::cmp::Reverse(problems.len()), *code));
    let each = (SHOWN / groups.len().max(1)).clamp(1, 5);
    let is_part = found.cursor.is_some();
    let total = found.items.len();
    html! {
        @if found.items.is_empty() {
            (parts::empty("There is no open problem: every flagged Opportunity that was looked at is imported, left alone on purpose, or acknowledged. The next run looks again."))
        } @else {
            div.title {
                p {
                    @if is_part {
                        "There are more than " strong { (number(size(total))) } " open problems. The counts are of the first " (number(size(total))) ", in the order of their ids; a code leads to all that have it."
                    } @else {
                        @if total == 1 { strong { "1" } " open problem" } @else { strong { (number(size(total))) } " open problems" }
                        ", by code. One that has several codes is in each group."
                    }
                }
                details.menu.right {
                    summary.button.quiet { "Clear" }
                    div.items { button type="submit" name="all" value="true" { "Clear every open problem" } }
                }
            }
            @if groups.len() > 3 {
                nav aria-label="Codes" {
                    ul.tabs.codes {
                        @for (place, (code, problems)) in groups.iter().enumerate() {
                            li { a href=(way_to(*code, place)) { (code.as_str()) " " span.count { (number(size(problems.len()))) } } }
                        }
                    }
                }
            }
            @for (code, problems) in groups.iter().take(SHOWN) {
                (group(*code, &problems[..], each, found))
            }
        }
    }
}

/// The way to a group: on this page if it is among the largest, or to the list of its problems.
fn way_to(code: Code, place: usize) -> String {
    if place < SHOWN {
        format!("#group-{}", code.as_str())
    } else {
        parts::address(PROBLEMS, &[("code", code.as_str())], &[])
    }
}

fn group(code: Code, problems: &[&Problem], each: usize, found: &List<Problem>) -> Markup {
    let is_part = found.cursor.is_some();
    let every = parts::address(PROBLEMS, &[("code", code.as_str())], &[]);
    let title = format!("group-{}", code.as_str());
    html! {
        section aria-labelledby=(title) {
            div.title {
                h2 id=(title) {
                    a href=(every) { (code.as_str()) }
                    " " span.count { (number(size(problems.len()))) @if is_part { " of the first " (number(size(found.items.len()))) } }
                }
                button.quiet type="submit" name="code" value=(code.as_str()) { "Clear all" span.hidden { " with the code " (code.as_str()) } }
            }
            ul.plain.problems {
                @for problem in problems.iter().take(each) { (item(problem, Some(code))) }
            }
            @if problems.len() > each || is_part {
                p { a href=(every) { "Show all with this code" span.hidden { ", " (code.as_str()) } } }
            }
        }
    }
}

fn list(found: &List<Problem>, filter: &Filter) -> Markup {
    let code = filter.value("code");
    html! {
        @if found.items.is_empty() {
            @if found.cursor.is_some() {
                (parts::empty("None of those that were looked at so far match. The next page goes on looking."))
            } @else {
                (parts::empty("No open problem matches. Take a filter away, or look among the entries: a problem that is solved is only there."))
            }
        } @else {
            section aria-labelledby="matching" {
                div.title {
                    h2 id="matching" { @if code.is_empty() { "Matching problems" } @else { (code) } }
                    @if !code.is_empty() {
                        button.quiet type="submit" name="code" value=(code) { "Clear all with this code" }
                    }
                }
                ul.plain.problems { @for problem in &found.items { (item(problem, None)) } }
            }
        }
    }
}

/// A problem: in a group, with the cause of that code and the names of the others.
fn item(problem: &Problem, code: Option<Code>) -> Markup {
    let causes = problem
        .entries
        .iter()
        .filter(|entry| code.is_none_or(|code| entry.code == code));
    let others: Vec<&str> = problem
        .codes
        .iter()
        .filter(|other| code.is_some_and(|code| **other != code))
        .map(|other| other.as_str())
        .collect();
    html! {
        li.problem {
            div.title {
                h3 { (name(problem)) }
                (acts(problem))
            }
            @for cause in causes {
                @if code.is_none() { p.muted { code { (cause.code.as_str()) } } }
                p.clip.long { (cause.message) }
                p.clip.long { strong { "What to do: " } (cause.suggestion) }
                @if let Some(details) = cause.details.as_deref().filter(|details| !details.is_empty()) { p.muted.clip { (details) } }
            }
            @if !others.is_empty() { p.muted { "Also: " (others.join(", ")) } }
            p.muted {
                "First seen " (parts::time(problem.first_seen)) ", last seen " (parts::time(problem.last_seen)) ", "
                @if problem.times == 1 { "once" } @else { (number(problem.times)) " times" } "."
                @if problem.cleared { " " (parts::badge(Tone::Info, "Acknowledged")) }
            }
        }
    }
}

fn name(problem: &Problem) -> Markup {
    html! {
        @if let Some(opportunity) = &problem.opportunity {
            @let name = opportunity.name.as_deref().unwrap_or("An Opportunity without a name");
            @match &opportunity.url {
                Some(url) => (parts::out(url, name)),
                None => (name),
            }
            " " code.muted { (opportunity.id) }
        }
        @if let Some(record) = &problem.record { a href=(record.address()) { (record.label()) } }
    }
}

fn acts(problem: &Problem) -> Markup {
    html! {
        div.row {
            @if let Some(opportunity) = &problem.opportunity {
                @let subject = opportunity.name.as_deref().unwrap_or(&opportunity.id);
                a.button.quiet href=(parts::address("/console/why", &[("q", &opportunity.id)], &[])) { "Check again" span.hidden { ": " (subject) } }
                @if !problem.cleared {
                    button.quiet type="submit" name="opportunity" value=(opportunity.id) { "Clear" span.hidden { ": " (subject) } }
                }
            }
            @if let Some(record) = &problem.record {
                a.button.quiet href=(record.address()) { "Open the record" span.hidden { ": " (record.label()) } }
                @if !problem.cleared {
                    button.quiet type="submit" name="record" value=(record.path()) { "Clear" span.hidden { ": " (record.label()) } }
                }
            }
        }
    }
}

/// `POST /console/log/clear`: acknowledges a problem, those of a code, or all.
pub(super) async fn clear(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let form = visit.form()?;
    let pressed = ["all", "code", "opportunity", "record"].map(|name| form.text(name));
    let chosen = pressed.concat();
    // A page has one key and many buttons, each an act of its own.
    let key: String = format!("{}:{chosen}", form.text("key"))
        .chars()
        .take(128)
        .collect();
    let call = ApiCall::post("/problems/clear")
        .json(&wanted(pressed))
        .once(&key);
    let answer = visit.call(call).await?;
    let acknowledged = answer.body["cleared"].as_i64().unwrap_or_default();
    let more = match answer.body["complete"].as_bool() {
        Some(false) => "yes",
        _ => "",
    };
    let told = [("acknowledged", &*acknowledged.to_string()), ("more", more)];
    let told = parts::address("", &told, &[]);
    let back = form.text("back");
    let back = if back.starts_with("/console/log?") {
        format!("{back}&{}", told.trim_start_matches('?'))
    } else {
        format!("{PROBLEMS}{told}")
    };
    Ok(Answer::see_other(back))
}

/// The body of the API's call for the button that was pressed: all, a code, an Opportunity, or a record.
fn wanted(pressed: [&str; 4]) -> Value {
    match pressed {
        ["", "", "", ""] => json!({}),
        [_, "", "", ""] => json!({ "all": true }),
        [_, code, "", ""] => json!({ "code": code }),
        [_, _, opportunity, ""] => json!({ "opportunities": [opportunity] }),
        [_, _, _, record] => json!({ "records": [record] }),
    }
}

fn size(many: usize) -> i64 {
    i64::try_from(many).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(code: Code) -> Problem {
        let at = Timestamp::UNIX_EPOCH;
        Problem {
            opportunity: Some(Opportunity {
                id: "006".to_owned(),
                name: Some("<b>".to_owned()),
                url: Some("https://x.example".to_owned()),
            }),
            record: None,
            codes: vec![code, Code::Imported],
            first_seen: at,
            last_seen: at,
            times: 1,
            cleared: false,
            entries: Vec::new(),
        }
    }

    fn overview_of(items: Vec<Problem>, cursor: Option<&str>) -> String {
        let cursor = cursor.map(str::to_owned);
        overview(&List { items, cursor }).into_string()
    }

    #[test]
    fn counts_are_of_all_problems_only_where_all_were_read() {
        let two = || vec![problem(Code::StageEmpty), problem(Code::StageEmpty)];
        let whole = overview_of(two(), None);
        let part = overview_of(two(), Some("next"));

        assert!(
            whole.contains("<strong>2</strong> open problems"),
            "{whole}"
        );
        assert!(!whole.contains("of the first"), "{whole}");
        assert!(part.contains("There are more than"), "{part}");
        assert!(part.contains("of the first 2"), "{part}");
    }

    #[test]
    fn the_largest_group_comes_first_and_each_problem_is_in_each_of_its_groups() {
        let page = overview_of(
            vec![problem(Code::StageEmpty), problem(Code::AccountMissing)],
            None,
        );
        let at = |text: &str| page.find(text).unwrap();

        assert!(at("group-IMPORTED") < at("group-ACCOUNT_MISSING"));
        assert!(at("group-ACCOUNT_MISSING") < at("group-STAGE_EMPTY"));
        assert!(!page.contains("<b>"), "{page}");
    }

    #[test]
    fn each_button_is_an_act_of_its_own() {
        assert_eq!(wanted(["true", "", "", ""]), json!({ "all": true }));
        assert_eq!(
            wanted(["", "STAGE_EMPTY", "", ""]),
            json!({ "code": "STAGE_EMPTY" })
        );
        assert_eq!(
            wanted(["", "", "006", ""]),
            json!({ "opportunities": ["006"] })
        );
        assert_eq!(
            wanted(["", "", "", "deal/d"]),
            json!({ "records": ["deal/d"] })
        );
    }
}
