//! The sheet of a record's values: what a form shows, and what came back by it.

use std::collections::BTreeMap;

use dealbridge_core::{field::FieldType, record::RecordKind};
use dealbridge_lambda::link_api;
use maud::{Markup, html};
use serde_json::{Map, Value, json};

use super::{
    kind::{Declared, Described},
    seen::digest,
    shown::{END_USER, Shown, shortened},
};
use crate::{html::parts::Field, visit::Form};

/// One value of the sheet.
struct Entry {
    /// The name of its control: `fields.stage`, `endUser.company`, `owner`.
    control: String,
    /// The name in the API's errors.
    name: String,
    label: String,
    hint: Option<String>,
    kind: FieldType,
    values: Vec<String>,
    required: bool,
}

impl Entry {
    /// Returns whether its control takes a line of its own.
    fn is_wide(&self) -> bool {
        matches!(self.kind, FieldType::LongText)
    }
}

/// The values of a record under one heading.
struct Group {
    title: &'static str,
    is_open: bool,
    entries: Vec<Entry>,
}

/// The values of a record in a form.
pub(super) struct Sheet {
    groups: Vec<Group>,
    values: BTreeMap<String, String>,
    errors: BTreeMap<String, String>,
    meanwhile: BTreeMap<String, String>,
    /// Digests of the values that the form showed first, for a record that is there already.
    was: Option<BTreeMap<String, String>>,
}

impl Sheet {
    /// The blank sheet of a record that is to be submitted.
    pub(super) fn blank(kind: RecordKind, described: &Described) -> Self {
        Self {
            groups: groups(kind, described, None),
            values: BTreeMap::new(),
            errors: BTreeMap::new(),
            meanwhile: BTreeMap::new(),
            was: None,
        }
    }

    /// The sheet of a record as it is.
    pub(super) fn of(record: &Shown, described: &Described) -> Self {
        let values = values(record);
        let was = values
            .iter()
            .map(|(name, value)| (name.clone(), digest(&plain(value))))
            .collect();
        Self {
            groups: groups(record.kind, described, Some(record)),
            values,
            was: Some(was),
            ..Self::blank(record.kind, described)
        }
    }

    /// Takes what was typed.
    pub(super) fn typed(mut self, form: &Form) -> Self {
        let mut values = BTreeMap::new();
        let mut was = BTreeMap::new();
        for entry in self.groups.iter().flat_map(|group| &group.entries) {
            let all = form.all(&entry.control);
            values.insert(entry.control.clone(), plain(&all.join(";")));
            let seen = form.text(&format!("was.{}", entry.control));
            if !seen.is_empty() {
                was.insert(entry.control.clone(), seen.to_owned());
            }
        }
        self.values = values;
        self.was = self.was.map(|_| was);
        self
    }

    /// Puts the errors of a refusal beside their fields, and returns those of fields that are not here.
    pub(super) fn refused<'a>(
        &mut self,
        errors: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Vec<String> {
        let mut others = Vec::new();
        for (name, message) in errors {
            let entries = self.groups.iter().flat_map(|group| &group.entries);
            match entries.into_iter().find(|entry| entry.name == name) {
                Some(entry) => {
                    self.errors
                        .insert(entry.control.clone(), message.to_owned());
                }
                None => others.push(format!("{name}: {message}")),
            }
        }
        others
    }

    /// Merges a record that changed meanwhile: what was not touched takes its values, and what was typed stays, with the
    /// record's value beside it.
    pub(super) fn merged(mut self, record: &Shown) -> Self {
        let mut newer = values(record);
        let was = self.was.take().unwrap_or_default();
        let mut values = BTreeMap::new();
        let mut next = BTreeMap::new();
        for entry in self.groups.iter().flat_map(|group| &group.entries) {
            let control = &entry.control;
            let now = plain(&newer.remove(control).unwrap_or_default());
            let typed = self.values.remove(control).unwrap_or_default();
            if !now.is_empty() {
                next.insert(control.clone(), digest(&now));
            }
            let is_newer = digest(&now) != seen(&was, control);
            let is_touched = digest(&typed) != seen(&was, control);
            if is_touched && is_newer && typed != now {
                self.meanwhile.insert(control.clone(), now.clone());
            }
            values.insert(control.clone(), if is_touched { typed } else { now });
        }
        self.values = values;
        self.was = Some(next);
        self
    }

    /// The body of a submission, or of an edit with what was touched alone.
    pub(super) fn body(&self) -> Value {
        let mut body = Map::new();
        let mut fields = Map::new();
        let mut end_user = Map::new();
        for entry in self.groups.iter().flat_map(|group| &group.entries) {
            let value = self.value(&entry.control);
            let is_sent = match &self.was {
                Some(was) => digest(value) != seen(was, &entry.control),
                None => !value.is_empty(),
            };
            if !is_sent {
                continue;
            }
            let sent = match value {
                "" => Value::Null,
                value => json!(value),
            };
            let member = |prefix: &str| entry.control.strip_prefix(prefix).map(str::to_owned);
            if let Some(name) = member("fields.") {
                fields.insert(name, sent);
            } else if let Some(name) = member("endUser.") {
                end_user.insert(name, sent);
            } else {
                body.insert(entry.control.clone(), sent);
            }
        }
        body.insert("fields".to_owned(), fields.into());
        if !end_user.is_empty() {
            body.insert("endUser".to_owned(), end_user.into());
        }
        body.into()
    }

    /// The fields that are wrong, each with its control.
    pub(super) fn wrong(&self) -> Vec<(&str, &str)> {
        let entries = self.groups.iter().flat_map(|group| &group.entries);
        entries
            .filter(|entry| self.errors.contains_key(&entry.control))
            .map(|entry| (entry.control.as_str(), entry.label.as_str()))
            .collect()
    }

    fn value(&self, control: &str) -> &str {
        self.values.get(control).map_or("", String::as_str)
    }

    pub(super) fn show(&self) -> Markup {
        html! {
            @for group in self.groups.iter().filter(|group| !group.entries.is_empty()) {
                @let is_wrong = group.entries.iter().any(|entry| self.errors.contains_key(&entry.control));
                @if group.is_open {
                    fieldset { legend { (group.title) } div.sheet { (self.entries(&group.entries)) } }
                } @else {
                    details open[is_wrong] {
                        summary { (group.title) }
                        fieldset { legend { (group.title) } div.sheet { (self.entries(&group.entries)) } }
                    }
                }
            }
        }
    }

    fn entries(&self, entries: &[Entry]) -> Markup {
        html! {
            @for entry in entries {
                div.wide[entry.is_wide()] { (self.control(entry)) }
                @if let Some(seen) = self.was.as_ref().and_then(|was| was.get(&entry.control)) {
                    input type="hidden" name=(format!("was.{}", entry.control)) value=(seen);
                }
            }
        }
    }

    fn control(&self, entry: &Entry) -> Markup {
        let value = self.value(&entry.control);
        let meanwhile = self
            .meanwhile
            .get(&entry.control)
            .map(|now| match now.as_str() {
                "" => "Somebody emptied it meanwhile.".to_owned(),
                now => format!(
                    "Meanwhile it became: \u{2068}{}\u{2069}",
                    shortened(now, 300)
                ),
            });
        let required = if entry.required { " (required)" } else { "" };
        let label = format!("{}{required}", entry.label);
        let field = Field {
            name: &entry.control,
            label: &label,
            hint: meanwhile.as_deref().or(entry.hint.as_deref()),
            error: self.errors.get(&entry.control).map(String::as_str),
        };
        match entry.kind {
            FieldType::Checkbox => {
                field.select(&[("", ""), ("true", "Yes"), ("false", "No")], value)
            }
            FieldType::Picklist if !entry.values.is_empty() => {
                let mut options = vec![("", "")];
                options.extend(entry.values.iter().map(|one| (one.as_str(), one.as_str())));
                if !value.is_empty() && !entry.values.iter().any(|one| one == value) {
                    options.push((value, value));
                }
                field.select(&options, value)
            }
            FieldType::MultiPicklist if !entry.values.is_empty() => choices(&field, entry, value),
            FieldType::LongText => field.around(html! {
                textarea id=(field.name) name=(field.name) rows="5" aria-describedby=[field.described_by()] aria-invalid=[field.error.map(|_| "true")] { "\n" (value) }
            }),
            kind => {
                let (input, mode) = keyboard(kind);
                field.around(html! {
                    input type=(input) id=(field.name) name=(field.name) value=(value) inputmode=[mode] autocomplete="off"
                        aria-describedby=[field.described_by()] aria-invalid=[field.error.map(|_| "true")];
                })
            }
        }
    }
}

/// The values of a multi-picklist as boxes to tick.
fn choices(field: &Field<'_>, entry: &Entry, value: &str) -> Markup {
    let chosen: Vec<&str> = value.split(';').map(str::trim).collect();
    html! {
        fieldset id=(field.name) tabindex="-1" aria-describedby=[field.described_by()] {
            legend { (field.label) }
            @if let Some(hint) = field.hint { p.hint id=(format!("{}-hint", field.name)) { (hint) } }
            @for one in &entry.values {
                label.check {
                    input type="checkbox" name=(field.name) value=(one) checked[chosen.contains(&one.as_str())];
                    (one)
                }
            }
            @if let Some(error) = field.error { p.error id=(format!("{}-error", field.name)) { (error) } }
        }
    }
}

/// The type of the control, and the keyboard that a telephone shows for it.
fn keyboard(kind: FieldType) -> (&'static str, Option<&'static str>) {
    match kind {
        FieldType::Number | FieldType::Currency | FieldType::Percent => ("text", Some("decimal")),
        FieldType::Date => ("date", None),
        FieldType::Email => ("text", Some("email")),
        FieldType::Phone => ("text", Some("tel")),
        FieldType::Url => ("text", Some("url")),
        _ => ("text", None),
    }
}

fn seen(was: &BTreeMap<String, String>, control: &str) -> String {
    was.get(control).cloned().unwrap_or_else(|| digest(""))
}

/// A text without outer blanks, its lines ended in one way: browsers send CR LF.
fn plain(text: &str) -> String {
    text.replace("\r\n", "\n").trim().to_owned()
}

/// The values of a record, by their controls.
fn values(record: &Shown) -> BTreeMap<String, String> {
    let fields = record.fields.iter().map(|(name, value)| {
        let text = match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        (format!("fields.{name}"), text)
    });
    let end_user = record.end_user.iter().flat_map(|end_user| {
        let values = end_user.values().into_iter();
        values.map(|(name, _, value)| (format!("endUser.{name}"), value.to_owned()))
    });
    let owner = record.people.owner.as_ref().map(|owner| owner.id.clone());
    let status = record.registration_status.clone();
    let own = [("owner", owner), ("registrationStatus", status)];
    let own = own
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    fields
        .chain(end_user)
        .chain(own)
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

fn groups(kind: RecordKind, described: &Described, record: Option<&Shown>) -> Vec<Group> {
    let declared = |is_own: bool| {
        let fields = described
            .fields
            .iter()
            .filter(move |field| field.is_own == is_own);
        fields.map(entry).collect()
    };
    let plain_text = |name: &str, label: &str, hint: Option<String>| Entry {
        control: name.to_owned(),
        name: name.to_owned(),
        label: label.to_owned(),
        hint,
        kind: FieldType::Text,
        values: Vec::new(),
        required: false,
    };
    let status = match record {
        Some(_) => None,
        None => Some(format!(
            "\"{}\" if left blank.",
            described.registration_status
        )),
    };
    let registration = vec![
        plain_text(
            "owner",
            "Owner",
            Some("The e-mail address or the id of an Active User.".to_owned()),
        ),
        plain_text("registrationStatus", "Registration status", status),
    ];
    let imported =
        record.is_some_and(|record| record.account.is_some() || record.contact.is_some());
    let end_user = match kind {
        // A Lead is its own end user, and an imported Deal has that of Salesforce.
        RecordKind::Lead => Vec::new(),
        _ if imported => Vec::new(),
        _ => END_USER
            .iter()
            .map(|(name, label)| plain_text(&format!("endUser.{name}"), label, None))
            .collect(),
    };
    let other = match kind {
        RecordKind::Deal => "Fields for a Salesforce Lead",
        RecordKind::Lead | RecordKind::Referral => "Fields for an Opportunity",
    };
    let group = |title, is_open, entries| Group {
        title,
        is_open,
        entries,
    };
    vec![
        group("Fields", true, declared(true)),
        group("End user", true, end_user),
        group("Registration", true, registration),
        group(other, false, declared(false)),
    ]
}

fn entry(field: &Declared) -> Entry {
    // Others say by their control what they take.
    let takes = match field.kind {
        FieldType::Datetime => true,
        FieldType::MultiPicklist => field.values.is_empty(),
        _ => false,
    };
    Entry {
        control: format!("fields.{}", field.name),
        name: field.name.clone(),
        label: field.label.clone(),
        hint: takes.then(|| link_api::sentence(field.kind.takes())),
        required: field.required,
        kind: field.kind,
        values: field.values.clone(),
    }
}

#[cfg(test)]
mod tests;
