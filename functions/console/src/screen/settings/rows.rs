//! The lists of the form: fields, mapping rows, fixed values.

use maud::{Markup, html};

use super::{
    controls::{Choice, Controls},
    labels::List,
};
use crate::html::parts::{self, Tone};

const FLOWS: [(&str, &str); 4] = [
    ("both", "both ways"),
    ("to_channeltivity", "to Channeltivity"),
    ("to_salesforce", "to Salesforce"),
    ("none", "not at all"),
];

const TYPES: [(&str, &str); 13] = [
    ("text", "Text"),
    ("long_text", "Long text"),
    ("number", "Number"),
    ("currency", "Currency"),
    ("percent", "Percent"),
    ("date", "Date"),
    ("datetime", "Date and time"),
    ("checkbox", "Checkbox"),
    ("picklist", "Picklist"),
    ("multi_picklist", "Multi-picklist"),
    ("email", "Email"),
    ("phone", "Phone"),
    ("url", "URL"),
];

/// The sides that win where a field was changed on both.
pub(super) const MASTERS: [(&str, &str); 2] = [
    ("salesforce", "Salesforce"),
    ("channeltivity", "Channeltivity"),
];

/// The fields that the rows of a list may name.
#[derive(Clone, Copy, Default)]
pub(super) struct Sides<'a> {
    pub(super) own: &'a [Choice],
    pub(super) salesforce: &'a [Choice],
    /// The list that offers the Salesforce fields.
    pub(super) salesforce_list: &'a str,
}

/// A list with its rows: those that are being edited or wrong with their controls, the others as a line each, so that
/// a page of a hundred stays small.
pub(super) fn list(controls: &Controls<'_>, list: &'static List, sides: &Sides<'_>) -> Markup {
    let rows = controls.draft.rows(list.name);
    let said_of_list = controls
        .said
        .below(list.name)
        .filter(|(_, place, _)| *place == list.name);
    html! {
        input type="hidden" name=(format!("rows.{}", list.name)) value=(rows);
        @for (weight, _, text) in said_of_list { (super::controls::sentence(weight, text)) }
        @if rows == 0 { (parts::empty("None so far.")) }
        ol.rows {
            @for row in 0..rows {
                @if is_open(controls, list, row) { (opened(controls, list, sides, row)) }
                @else { (folded(controls, list, row)) }
            }
        }
        button.quiet type="submit" name="act" value=(format!("add:{}", list.name)) formaction=(format!("/console/settings#{}[{rows}]", list.name)) { (list.add) }
    }
}

/// Returns whether a row shows its controls.
pub(super) fn is_open(controls: &Controls<'_>, list: &List, row: usize) -> bool {
    let prefix = list.at(row, "");
    controls.draft.is_open(list, row)
        || controls
            .said
            .problems
            .iter()
            .any(|(place, _)| place.starts_with(&prefix))
}

fn folded(controls: &Controls<'_>, list: &'static List, row: usize) -> Markup {
    let place = format!("{}[{row}]", list.name);
    let prefix = format!("{place}.");
    html! {
        li.line id=(place) {
            input type="hidden" name=(place) value=(controls.draft.folded(list, row));
            div { (summary(controls, list, row)) @if controls.said.below(&prefix).next().is_some() { " " (parts::badge(Tone::Warning, "Warning")) } }
            button.quiet type="submit" name="act" value=(format!("edit:{place}")) formaction=(format!("/console/settings#{place}")) { "Edit" span.hidden { " " (list.row) " " (row + 1) } }
        }
    }
}

fn opened(controls: &Controls<'_>, list: &'static List, sides: &Sides<'_>, row: usize) -> Markup {
    let place = format!("{}[{row}]", list.name);
    let at = |member: &str| list.at(row, member);
    let offers = Some(sides.salesforce_list).filter(|_| !sides.salesforce.is_empty());
    html! {
        // The row says what is wrong with it as soon as something else is chosen.
        li.line.open id=(place) hx-post=(format!("/console/settings/row?at={place}")) hx-trigger="change" hx-target="find .said" {
            input type="hidden" name="opened" value=(place);
            div { (summary(controls, list, row)) }
            div.grid {
                @match list.key {
                    "name" => {
                        (controls.text(&at("name"), None))
                        (controls.text(&at("label"), None))
                        (controls.select(&at("type"), None, &TYPES))
                        (controls.text(&at("max_length"), None))
                        (controls.area(&at("values"), Some("Of a picklist, a line each.")))
                        (controls.tick(&at("required")))
                    }
                    "channeltivity" => {
                        (controls.field(&at("channeltivity"), None, (sides.own, None)))
                        (controls.offered(&at("salesforce"), None, offers))
                        (controls.select(&at("on_create"), None, &FLOWS))
                        (controls.select(&at("on_update"), None, &FLOWS))
                        (controls.select(&at("conflicts"), None, &[("", "As the settings say"), MASTERS[0], MASTERS[1]]))
                        (controls.area(&at("values"), Some("A line each: Salesforce's value = Channeltivity's.")))
                    }
                    _ => {
                        (controls.offered(&at("salesforce"), None, offers))
                        (controls.text(&at("value"), Some("Text, a number, true or false.")))
                    }
                }
            }
            div.said aria-live="polite" {}
            button.quiet type="submit" name="act" value=(format!("remove:{place}")) formaction=(format!("/console/settings#{}", list.name)) { "Remove" span.hidden { " " (list.row) " " (row + 1) } }
        }
    }
}

/// A row in a line.
fn summary(controls: &Controls<'_>, list: &'static List, row: usize) -> Markup {
    let text = |member: &str| controls.draft.text(&list.at(row, member));
    let or = |text: &'static str, given: &str| {
        if given.is_empty() {
            text.to_owned()
        } else {
            given.to_owned()
        }
    };
    html! {
        @match list.key {
            "name" => {
                strong { (or("new field", text("name"))) }
                " " span.muted {
                    (word(&TYPES, text("type")))
                    @if controls.draft.is_ticked(&list.at(row, "required")) { ", required" }
                    @if let count @ 1.. = text("values").lines().count() { ", " (counted(count, "value")) }
                }
            }
            "channeltivity" => {
                strong { (or("new row", text("channeltivity"))) }
                " " span aria-hidden="true" { (arrow(text("on_create"), text("on_update"))) } " "
                strong { (or("no field", text("salesforce"))) }
                " " span.muted {
                    @if text("on_create") == text("on_update") {
                        (word(&FLOWS, text("on_create")))
                    } @else {
                        (word(&FLOWS, text("on_create"))) " on create, " (word(&FLOWS, text("on_update"))) " on update"
                    }
                    @if let count @ 1.. = text("values").lines().count() { ", " (counted(count, "value")) " mapped" }
                }
            }
            _ => {
                strong { (or("new value", text("salesforce"))) } " = " (text("value"))
            }
        }
    }
}

fn counted(count: usize, word: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {word}{plural}")
}

fn word<'a>(words: &[(&'a str, &'a str)], value: &'a str) -> &'a str {
    words
        .iter()
        .find(|(known, _)| *known == value)
        .map_or(value, |(_, word)| word)
}

/// The directions of a row, its Channeltivity field standing first.
fn arrow(on_create: &str, on_update: &str) -> &'static str {
    let flows = [on_create, on_update];
    let into = flows
        .iter()
        .any(|flow| matches!(*flow, "both" | "to_channeltivity"));
    let out = flows
        .iter()
        .any(|flow| matches!(*flow, "both" | "to_salesforce"));
    match (into, out) {
        (true, true) => "↔",
        (true, false) => "←",
        (false, true) => "→",
        (false, false) => "–",
    }
}
