//! Settings as they stand in the form: texts by the places of the settings.

mod json;

use std::collections::{BTreeMap, BTreeSet};

use dealbridge_core::settings::Settings;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::{
    labels::{self, LISTS, List},
    notation,
};
use crate::visit::Form;

/// The most rows of a list that a form may hold.
const MAX_ROWS: usize = 2_000;

/// The text of a ticked checkbox.
const YES: &str = "yes";

/// An id of an organization that only stands where none is known.
const NO_ORG: &str = "00D000000000000EAA";

/// Settings as texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Draft {
    texts: BTreeMap<String, String>,
    rows: BTreeMap<&'static str, usize>,
    /// The rows that are being edited, by list and place.
    opened: BTreeSet<(&'static str, usize)>,
    /// The version that the form was loaded from; zero for the first settings.
    pub(super) version: u64,
}

impl Draft {
    /// The draft of stored settings.
    pub(super) fn of(settings: &Settings, version: u64) -> Self {
        let mut draft = Self {
            version,
            ..Self::default()
        };
        draft.take("", &whole(settings));
        draft
    }

    /// The draft of what the first settings begin with, where the org may not be known.
    pub(super) fn first(standard: &Value) -> Self {
        let mut written = standard.clone();
        let organization = written["organization_id"].as_str().unwrap_or_default();
        let organization = organization.to_owned();
        if organization.is_empty() {
            written["organization_id"] = NO_ORG.into();
        }
        let mut draft = Self::of_json(&written);
        draft.set("organization_id", &organization);
        draft
    }

    /// The draft of settings as JSON, which another release may have written.
    pub(super) fn of_json(written: &Value) -> Self {
        match serde_json::from_value::<Settings>(written.clone()) {
            Ok(settings) => Self::of(&settings, 0),
            Err(_) => {
                let mut draft = Self::default();
                draft.take("", written);
                draft
            }
        }
    }

    /// The draft that a form holds.
    pub(super) fn typed(form: &Form) -> Self {
        let mut draft = Self {
            version: form.text("version").parse().unwrap_or_default(),
            ..Self::default()
        };
        for list in &LISTS {
            let rows = form.text(&format!("rows.{}", list.name)).parse();
            draft
                .rows
                .insert(list.name, rows.unwrap_or(0).min(MAX_ROWS));
        }
        for (name, value) in form.fields() {
            match row_of(name) {
                Some((list, row)) => {
                    for (member, value) in form_urlencoded::parse(value.as_bytes()) {
                        draft.set(&list.at(row, &member), &value);
                    }
                }
                None if !value.is_empty() && labels::is_known(name) => draft.set(name, value),
                // The rest of the form is not of the settings.
                None => {}
            }
        }
        let opened = form.all("opened").into_iter().filter_map(row_of);
        draft.opened = opened.map(|(list, row)| (list.name, row)).collect();
        draft
    }

    /// A row in one text, for a form in which it is not being edited.
    pub(super) fn folded(&self, list: &List, row: usize) -> String {
        let prefix = list.at(row, "");
        let of_row = self.texts.range(prefix.clone()..);
        let of_row = of_row.take_while(|(name, _)| name.starts_with(&prefix));
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(of_row.map(|(name, text)| (&name[prefix.len()..], text)))
            .finish()
    }

    /// Returns whether a row is being edited.
    pub(super) fn is_open(&self, list: &List, row: usize) -> bool {
        self.opened.contains(&(list.name, row))
    }

    /// Has a row edited.
    pub(super) fn open(&mut self, list: &'static List, row: usize) {
        self.opened.insert((list.name, row));
    }

    fn take(&mut self, name: &str, value: &Value) {
        match value {
            Value::Null => {}
            Value::Bool(ticked) if !name.starts_with("fixed_values") => {
                if *ticked {
                    self.set(name, YES);
                }
            }
            Value::String(text) if !name.starts_with("fixed_values") => self.set(name, text),
            Value::Object(pairs) if name.ends_with(".values") => {
                self.set(name, &notation::of_map(pairs));
            }
            Value::Object(members) => {
                for (member, value) in members {
                    let name = if name.is_empty() {
                        member.clone()
                    } else {
                        format!("{name}.{member}")
                    };
                    self.take(&name, value);
                }
            }
            Value::Array(items) => match List::named(name) {
                Some(list) => {
                    self.rows.insert(list.name, items.len());
                    for (at, item) in items.iter().enumerate() {
                        self.take(&format!("{name}[{at}]"), item);
                    }
                }
                None => {
                    let lines: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                    self.set(name, &lines.join("\n"));
                }
            },
            Value::String(text) if name.ends_with(".value") => {
                self.set(name, &notation::of_text(text));
            }
            Value::String(text) => self.set(name, text),
            scalar => self.set(name, &scalar.to_string()),
        }
    }

    fn set(&mut self, name: &str, text: &str) {
        self.texts.insert(name.to_owned(), text.to_owned());
    }

    /// The text of a setting; blank for none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.texts.get(name).map_or("", |text| text.trim())
    }

    /// Returns whether a checkbox is ticked.
    pub(super) fn is_ticked(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    /// The number of rows of a list.
    pub(super) fn rows(&self, list: &str) -> usize {
        self.rows.get(list).copied().unwrap_or_default()
    }

    /// Adds a row at the end of a list.
    pub(super) fn add(&mut self, list: &'static List) {
        let row = self.rows(list.name);
        if row == MAX_ROWS {
            return;
        }
        self.rows.insert(list.name, row + 1);
        self.open(list, row);
        let defaults: &[(&str, &str)] = match list.key {
            "channeltivity" => &[("on_create", "both"), ("on_update", "both")],
            "name" => &[("type", "text")],
            _ => &[],
        };
        for (member, text) in defaults {
            self.set(&list.at(row, member), text);
        }
    }

    /// Removes a row: those behind it move up.
    pub(super) fn remove(&mut self, list: &'static List, row: usize) {
        let rows = self.rows(list.name);
        if row >= rows {
            return;
        }
        self.rows.insert(list.name, rows - 1);
        let mut moved = BTreeMap::new();
        for (name, text) in std::mem::take(&mut self.texts) {
            match place_of(list, &name) {
                Some((at, _)) if at == row => {}
                Some((at, member)) if at > row => {
                    moved.insert(list.at(at - 1, member), text);
                }
                _ => {
                    moved.insert(name, text);
                }
            }
        }
        self.texts = moved;
        let opened = std::mem::take(&mut self.opened).into_iter();
        let others = opened.filter(|opened| *opened != (list.name, row));
        self.opened = others
            .map(|(of, at)| match of == list.name && at > row {
                true => (of, at - 1),
                false => (of, at),
            })
            .collect();
    }

    /// The places whose notation, one of the form's own, cannot be read.
    pub(super) fn unreadable(&self) -> Vec<(String, String)> {
        let maps = self.texts.iter().filter(|(name, _)| is_map(name));
        maps.filter_map(|(name, text)| Some((name.clone(), notation::map(text).err()?)))
            .collect()
    }

    /// Every text by its place.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(name, text)| (&**name, text.trim()))
    }
}

/// The row that a place such as `mappings[3]` is.
pub(super) fn row_of(place: &str) -> Option<(&'static List, usize)> {
    let (list, row) = place.strip_suffix(']')?.split_once('[')?;
    Some((List::named(list)?, row.parse().ok()?))
}

/// The row and the member that a name of that list is of.
pub(super) fn place_of<'a>(list: &List, name: &'a str) -> Option<(usize, &'a str)> {
    let rest = name.strip_prefix(list.name)?.strip_prefix('[')?;
    let (row, member) = rest.split_once("].")?;
    Some((row.parse().ok()?, member))
}

fn is_map(name: &str) -> bool {
    name.contains("mappings[") && name.ends_with("].values")
}

/// The settings with every member, those that have their defaults too.
fn whole(settings: &Settings) -> Value {
    let mut all = json!(settings);
    let sends = settings.send.all();
    let sends: Map<String, Value> = sends
        .map(|(kind, send)| (kind.as_str().to_owned(), json!(send)))
        .collect();
    for (name, value) in [
        ("enabled", json!(settings.enabled)),
        ("lead_fields", json!(settings.lead_fields)),
        ("lead_mappings", json!(settings.lead_mappings)),
        ("overlap_minutes", json!(settings.overlap_minutes)),
        (
            "default_registration_status",
            json!(settings.default_registration_status),
        ),
        ("conflicts", json!(settings.conflicts)),
        ("api_budget", json!(settings.api_budget)),
        ("link_requires_admin", json!(settings.link_requires_admin)),
        ("send", sends.into()),
    ] {
        all[name] = value;
    }
    all
}

#[cfg(test)]
mod tests;
