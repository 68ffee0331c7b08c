//! Controls of the form: each named and placed as the setting is, with what is wrong with it beside it.

use maud::{Markup, html};
use serde::Deserialize;

use super::{draft::Draft, labels::label};
use crate::html::problem;

/// The most options of a select: a longer list is offered while one types.
const MOST_OPTIONS: usize = 60;

/// The API's words about settings, by their places.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    pub(super) problems: Vec<(String, String)>,
    pub(super) warnings: Vec<(String, String)>,
}

/// A setting with its problem.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct At {
    pub(super) place: String,
    pub(super) problem: String,
}

impl Said {
    /// Two lists of the API.
    pub(super) fn of(problems: Vec<At>, warnings: Vec<At>) -> Self {
        let pairs = |list: Vec<At>| list.into_iter().map(|at| (at.place, at.problem)).collect();
        Self {
            problems: pairs(problems),
            warnings: pairs(warnings),
        }
    }

    /// The places that a refusal calls wrong.
    pub(super) fn of_refusal(body: &serde_json::Value) -> Self {
        let wrong = problem::wrong_fields(body);
        Self {
            problems: wrong
                .map(|(at, problem)| (at.to_owned(), problem.to_owned()))
                .collect(),
            warnings: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.problems.is_empty() && self.warnings.is_empty()
    }

    /// Everything said about places that begin so.
    pub(super) fn below<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (Weight, &'a str, &'a str)> {
        let of = |weight, list: &'a [(String, String)]| {
            list.iter()
                .map(move |(place, text)| (weight, &**place, &**text))
        };
        of(Weight::Problem, &self.problems)
            .chain(of(Weight::Warning, &self.warnings))
            .filter(move |(_, place, _)| place.starts_with(prefix))
    }

    fn at<'a>(&'a self, place: &'a str) -> Vec<(Weight, &'a str)> {
        self.below(place)
            .filter(|(_, said, _)| *said == place)
            .map(|(weight, _, text)| (weight, text))
            .collect()
    }
}

/// The weight of what is said about a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// It keeps the settings from being stored.
    Problem,
    /// It does not.
    Warning,
}

/// A sentence about a setting.
pub(super) fn sentence(weight: Weight, text: &str) -> Markup {
    let class = match weight {
        Weight::Problem => "error",
        Weight::Warning => "caution",
    };
    html! {
        p class=(class) {
            @if weight == Weight::Warning { "Warning: " }
            (text)
        }
    }
}

/// An option of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
}

/// The form's controls.
#[derive(Clone, Copy)]
pub(super) struct Controls<'a> {
    pub(super) draft: &'a Draft,
    pub(super) said: &'a Said,
}

impl Controls<'_> {
    fn around(
        &self,
        name: &str,
        hint: Option<&str>,
        control: &dyn Fn(Option<&str>, Option<&str>) -> Markup,
    ) -> Markup {
        let said = self.said.at(name);
        let (said_id, hint_id) = (format!("{name}-said"), format!("{name}-hint"));
        let mut ids = Vec::new();
        if hint.is_some() {
            ids.push(&*hint_id);
        }
        if !said.is_empty() {
            ids.push(&said_id);
        }
        let described = ids.join(" ");
        let described = (!ids.is_empty()).then_some(&*described);
        let is_invalid = said.iter().any(|(weight, _)| *weight == Weight::Problem);
        html! {
            div.field {
                label for=(name) { (label(member_of(name))) }
                (control(described, is_invalid.then_some("true")))
                @if let Some(hint) = hint { p.hint id=(hint_id) { (hint) } }
                @if !said.is_empty() {
                    div id=(said_id) { @for (weight, text) in said { (sentence(weight, text)) } }
                }
            }
        }
    }

    /// A line of text.
    pub(super) fn text(&self, name: &str, hint: Option<&str>) -> Markup {
        self.offered(name, hint, None)
    }

    /// A line of text with a list that is offered while one types.
    pub(super) fn offered(&self, name: &str, hint: Option<&str>, list: Option<&str>) -> Markup {
        self.around(name, hint, &|described, invalid| {
            html! {
                input type="text" id=(name) name=(name) value=(self.draft.text(name)) autocomplete="off" spellcheck="false"
                    list=[list] aria-describedby=[described] aria-invalid=[invalid];
            }
        })
    }

    /// Several lines.
    pub(super) fn area(&self, name: &str, hint: Option<&str>) -> Markup {
        self.around(name, hint, &|described, invalid| {
            let text = self.draft.text(name);
            let rows = text.lines().count().clamp(2, 10);
            html! {
                textarea.short id=(name) name=(name) rows=(rows) spellcheck="false" aria-describedby=[described] aria-invalid=[invalid] { "\n" (text) }
            }
        })
    }

    /// A choice among a few values, each with its label.
    pub(super) fn select(
        &self,
        name: &str,
        hint: Option<&str>,
        options: &[(&str, &str)],
    ) -> Markup {
        self.around(name, hint, &|described, invalid| {
            let chosen = self.draft.text(name);
            let is_known = options.iter().any(|(value, _)| *value == chosen);
            html! {
                select id=(name) name=(name) aria-describedby=[described] aria-invalid=[invalid] {
                    @if !is_known { option value=(chosen) selected { (if chosen.is_empty() { "Choose" } else { chosen }) } }
                    @for (value, label) in options {
                        option value=(value) selected[*value == chosen] { (label) }
                    }
                }
            }
        })
    }

    /// A choice among the fields of one side: a select, or a line with offers where they are many; free text where none
    /// are known.
    pub(super) fn field(
        &self,
        name: &str,
        hint: Option<&str>,
        (choices, list): (&[Choice], Option<&str>),
    ) -> Markup {
        if choices.is_empty() || choices.len() > MOST_OPTIONS {
            return self.offered(name, hint, list.filter(|_| !choices.is_empty()));
        }
        let options: Vec<(&str, &str)> = choices
            .iter()
            .map(|choice| (&*choice.value, &*choice.label))
            .collect();
        self.select(name, hint, &options)
    }

    /// A checkbox.
    pub(super) fn tick(&self, name: &str) -> Markup {
        let said = self.said.at(name);
        html! {
            div.field {
                label.check {
                    input type="checkbox" id=(name) name=(name) value="yes" checked[self.draft.is_ticked(name)];
                    span { (label(member_of(name))) }
                }
                @for (weight, text) in said { (sentence(weight, text)) }
            }
        }
    }
}

/// The part of a place that its label stands for: a row's member and a send setting's have labels of their own.
fn member_of(name: &str) -> &str {
    let separator = if name.starts_with("send.") { "." } else { "]." };
    name.rsplit_once(separator)
        .map_or(name, |(_, member)| member)
}

/// A list that is offered while one types.
pub(super) fn datalist(id: &str, choices: &[Choice]) -> Markup {
    html! {
        datalist id=(id) {
            @for choice in choices { option value=(choice.value) { (choice.label) } }
        }
    }
}
