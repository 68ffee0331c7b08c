//! Differences between two settings, in the words of the screen.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{
    draft::{Draft, place_of},
    labels::{self, LISTS},
};
use crate::html::parts;

/// A setting with both of its values.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Difference {
    place: String,
    before: String,
    after: String,
}

/// The differences as a table; a sentence where there are none.
pub(super) fn show(before: &Draft, after: &Draft, (of_before, of_after): (&str, &str)) -> Markup {
    let differences = between(before, after);
    if differences.is_empty() {
        return html! { p.muted { "They do not differ, but for the order of rows at most." } };
    }
    parts::table(
        "Differences",
        html! {
            thead { tr { th scope="col" { "Setting" } th scope="col" { (of_before) } th scope="col" { (of_after) } } }
            tbody {
                @for difference in differences {
                    tr {
                        th.value scope="row" { (difference.place) }
                        td.value { (value(&difference.before)) }
                        td.value { (value(&difference.after)) }
                    }
                }
            }
        },
    )
}

fn value(text: &str) -> Markup {
    match text {
        "" => html! { span.muted { "none" } },
        text => html! { pre { (text) } },
    }
}

fn between(before: &Draft, after: &Draft) -> Vec<Difference> {
    let (before, after) = (by_name(before), by_name(after));
    let names = before
        .keys()
        .chain(after.keys().filter(|name| !before.contains_key(*name)));
    let text =
        |texts: &BTreeMap<String, String>, name: &str| texts.get(name).cloned().unwrap_or_default();
    let mut differences: Vec<Difference> = names
        .map(|name| Difference {
            place: name.clone(),
            before: text(&before, name),
            after: text(&after, name),
        })
        .filter(|difference| difference.before != difference.after)
        .collect();
    differences.sort_by(|one, other| one.place.cmp(&other.place));
    differences
}

/// Texts by what they are of: a row by what it is named for, not by its place.
fn by_name(draft: &Draft) -> BTreeMap<String, String> {
    let named = draft.texts().filter(|(_, text)| !text.is_empty());
    named
        .map(|(name, text)| {
            let row = LISTS
                .iter()
                .find_map(|list| Some((list, place_of(list, name)?)));
            let shown = match row {
                Some((list, (row, member))) => {
                    let key = draft.text(&list.at(row, list.key));
                    format!("{}, {key}: {}", list.label, labels::label(member))
                }
                None => labels::place(name),
            };
            (shown, text.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_are_compared_by_their_fields_not_by_their_places() {
        let row = |field: &str, flow: &str| json!({ "channeltivity": field, "salesforce": "X", "on_create": flow, "on_update": "none" });
        let draft = |rows: serde_json::Value, domain: &str| {
            Draft::of_json(&json!({ "my_domain": domain, "mappings": rows }))
        };

        let before = draft(json!([row("name", "both"), row("stage", "both")]), "acme");
        let after = draft(
            json!([row("stage", "none"), row("name", "both")]),
            "acme-uat",
        );

        let differences = between(&before, &after);
        let told: Vec<(&str, &str, &str)> = differences
            .iter()
            .map(|one| (&*one.place, &*one.before, &*one.after))
            .collect();
        assert_eq!(
            told,
            [
                (
                    "Mapping of Opportunities, stage: Flow on create",
                    "both",
                    "none"
                ),
                ("My Domain", "acme", "acme-uat"),
            ]
        );
        assert!(between(&before, &before).is_empty());
    }
}
