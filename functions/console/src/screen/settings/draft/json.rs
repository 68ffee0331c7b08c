//! A draft as the API takes settings.

use dealbridge_core::record::RecordKind;
use serde_json::{Map, Number, Value, json};

use super::Draft;
use crate::screen::settings::{labels::List, notation};

impl Draft {
    /// The settings as the API takes them.
    pub(in crate::screen::settings) fn json(&self) -> Value {
        let text = |name: &str| Value::from(self.text(name));
        let ticked = |name: &str| Value::from(self.is_ticked(name));
        let module = |name: &str| ticked(&format!("distributor_module.{name}"));
        let mut fields = Map::new();
        for name in ["sync_flag", "import_flag", "partner_email"] {
            fields.insert(name.to_owned(), text(&format!("fields.{name}")));
        }
        for name in ["distributor_email", "deal_owner_type"] {
            self.insert_text(&mut fields, "fields", name);
        }
        let mut budget = Map::new();
        for name in ["share", "reserve"] {
            self.insert_number(&mut budget, "api_budget", name);
        }
        let sends = RecordKind::ALL.map(|kind| (kind.as_str().to_owned(), self.sending(kind)));
        let list = |name| match List::named(name) {
            Some(list) => (0..self.rows(name))
                .map(|row| self.row(list, row))
                .collect(),
            None => Vec::new(),
        };
        let mut all = Map::new();
        for (name, value) in [
            ("organization_id", text("organization_id")),
            ("my_domain", text("my_domain")),
            ("enabled", ticked("enabled")),
            ("fields", fields.into()),
            (
                "distributor_module",
                json!({
                    "enabled": module("enabled"),
                    "partners_must_select_distributor": module("partners_must_select_distributor"),
                    "distributor_deals_may_omit_partner": module("distributor_deals_may_omit_partner"),
                }),
            ),
            ("deal_fields", list("deal_fields").into()),
            ("mappings", list("mappings").into()),
            ("lead_fields", list("lead_fields").into()),
            ("lead_mappings", list("lead_mappings").into()),
            ("fixed_values", list("fixed_values").into()),
            ("currencies", self.lines("currencies")),
            ("api_budget", budget.into()),
            ("link_requires_admin", ticked("link_requires_admin")),
            ("send", Value::Object(sends.into_iter().collect())),
        ] {
            all.insert(name.to_owned(), value);
        }
        self.insert_number(&mut all, "", "overlap_minutes");
        self.insert_text(&mut all, "", "default_registration_status");
        self.insert_text(&mut all, "", "conflicts");
        all.into()
    }

    fn sending(&self, kind: RecordKind) -> Value {
        let parent = format!("send.{}", kind.as_str());
        let at = |member: &str| format!("{parent}.{member}");
        let mut send = Map::new();
        for member in ["mode", "target", "external_id", "opportunity_stage"] {
            send.insert(member.to_owned(), self.text(&at(member)).into());
        }
        for member in ["assignment_rule", "allow_duplicates"] {
            send.insert(member.to_owned(), self.is_ticked(&at(member)).into());
        }
        for member in ["lead_record_type", "opportunity_record_type"] {
            self.insert_text(&mut send, &parent, member);
        }
        self.insert_number(&mut send, &parent, "opportunity_close_days");
        send.insert("statuses".to_owned(), self.lines(&at("statuses")));
        send.into()
    }

    fn row(&self, list: &List, row: usize) -> Value {
        let parent = format!("{}[{row}]", list.name);
        let at = |member: &str| format!("{parent}.{member}");
        let mut members = Map::new();
        match list.key {
            "name" => {
                for member in ["name", "type"] {
                    members.insert(member.to_owned(), self.text(&at(member)).into());
                }
                self.insert_text(&mut members, &parent, "label");
                self.insert_number(&mut members, &parent, "max_length");
                members.insert(
                    "required".to_owned(),
                    self.is_ticked(&at("required")).into(),
                );
                members.insert("values".to_owned(), self.lines(&at("values")));
            }
            "channeltivity" => {
                for member in ["channeltivity", "salesforce", "on_create", "on_update"] {
                    members.insert(member.to_owned(), self.text(&at(member)).into());
                }
                self.insert_text(&mut members, &parent, "conflicts");
                let values = notation::map(self.text(&at("values"))).unwrap_or_default();
                members.insert("values".to_owned(), values.into());
            }
            _ => {
                members.insert("salesforce".to_owned(), self.text(&at("salesforce")).into());
                let value = notation::scalar(self.text(&at("value")));
                members.insert("value".to_owned(), value);
            }
        }
        members.into()
    }

    fn lines(&self, name: &str) -> Value {
        let lines = self.text(name).lines().map(str::trim);
        lines.filter(|line| !line.is_empty()).collect()
    }

    fn insert_text(&self, into: &mut Map<String, Value>, parent: &str, member: &str) {
        let text = self.text(&join(parent, member));
        if !text.is_empty() {
            into.insert(member.to_owned(), text.into());
        }
    }

    /// Inserts a number; a text that is none stays one, so that the API says what is wrong with it.
    fn insert_number(&self, into: &mut Map<String, Value>, parent: &str, member: &str) {
        let text = self.text(&join(parent, member));
        if !text.is_empty() {
            let number = serde_json::from_str::<Number>(text).map(Value::Number);
            into.insert(member.to_owned(), number.unwrap_or_else(|_| text.into()));
        }
    }
}

fn join(parent: &str, member: &str) -> String {
    if parent.is_empty() {
        member.to_owned()
    } else {
        format!("{parent}.{member}")
    }
}
