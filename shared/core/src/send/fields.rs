//! The fields of the Salesforce record that a record becomes: one pure function of the record and the settings.

use jiff::{ToSpan, civil::Date};
use serde_json::{Map, Value};

use crate::{
    SalesforceObject,
    field::{self, FieldValue},
    record::{CreateTarget, Record},
    settings::Settings,
    value::{MAX_NAME_CHARACTERS, cut, text_of},
};

/// The field that holds the owner: its value is the id of a Salesforce User, which the portal does not know.
const OWNER: &str = "OwnerId";

/// The Salesforce record as it is going to be created.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Draft {
    /// The object.
    pub(super) object: SalesforceObject,
    /// The values, without the owner.
    pub(super) fields: Map<String, Value>,
    /// The value of the portal's field that is mapped to the owner: an id of a User of the portal, or an address.
    pub(super) owner: Option<String>,
    /// The required fields that have no value, each with its label.
    pub(super) missing: Vec<&'static str>,
    /// The name that it is going to have.
    pub(super) name: String,
}

impl CreateTarget {
    /// Returns the object.
    #[must_use]
    pub fn object(&self) -> SalesforceObject {
        match self {
            Self::Lead { .. } => SalesforceObject::Lead,
            Self::Opportunity { .. } => SalesforceObject::Opportunity,
        }
    }
}

/// Drafts the Salesforce record. Blank values are left out: there is nothing on the other side to blank.
pub(super) fn draft(
    record: &Record,
    settings: &Settings,
    target: &CreateTarget,
    today: Date,
) -> Draft {
    let object = target.object();
    let mapping = settings.mapping(object);
    let send = settings.send.of(record.id.kind());
    let mut draft = Draft {
        object,
        fields: Map::new(),
        owner: None,
        missing: Vec::new(),
        name: String::new(),
    };
    for row in mapping.rows {
        let path = &row.salesforce;
        let Some(known) = mapping.field(&row.channeltivity) else {
            continue;
        };
        if !row.on_create.reaches_salesforce() || !settings.writes(path) {
            continue;
        }
        let raw = record.value(&row.channeltivity);
        // A value that does not fit its field any more goes as it is: Salesforce may take it.
        let ours = match known.fit(&raw) {
            Ok(value) => value.as_ref().map_or(Value::Null, FieldValue::to_json),
            Err(_) => raw.into_owned(),
        };
        if field::is_blank(&ours) || draft.has(path.as_str()) {
            continue;
        }
        if path.is(OWNER) {
            draft.owner = text_of(&ours).map(|text| text.trim().to_owned());
            continue;
        }
        let sent = row.to_salesforce(&ours, known, &Value::Null);
        draft.fields.insert(path.to_string(), sent);
    }
    for fixed in mapping.fixed {
        draft
            .fields
            .insert(fixed.salesforce.to_string(), fixed.value.clone());
    }
    draft
        .fields
        .insert(settings.fields.sync_flag.to_string(), Value::Bool(true));
    let record_type = match target {
        CreateTarget::Lead { .. } => send.lead_record_type,
        CreateTarget::Opportunity { account, .. } => {
            draft.set("AccountId", account.to_string().into());
            if !draft.has("StageName") {
                draft.set("StageName", send.opportunity_stage.clone().into());
            }
            if !draft.has("CloseDate") {
                let days = i64::from(send.opportunity_close_days).days();
                let close = today.checked_add(days).unwrap_or(today);
                draft.set("CloseDate", close.to_string().into());
            }
            send.opportunity_record_type
        }
    };
    if let Some(record_type) = record_type {
        draft.set("RecordTypeId", record_type.to_string().into());
    }
    draft.missing = required(object)
        .iter()
        .filter(|(name, _)| !draft.has(name))
        .map(|(_, shown)| *shown)
        .collect();
    draft.name = draft.named();
    draft
}

/// The fields that Salesforce always requires of a new record, with their labels.
fn required(object: SalesforceObject) -> &'static [(&'static str, &'static str)] {
    match object {
        SalesforceObject::Lead => &[
            ("LastName", "Last Name (LastName)"),
            ("Company", "Company (Company)"),
        ],
        SalesforceObject::Opportunity => &[
            ("Name", "Name (Name)"),
            ("StageName", "Stage (StageName)"),
            ("CloseDate", "Close Date (CloseDate)"),
        ],
    }
}

impl Draft {
    fn key(&self, name: &str) -> Option<String> {
        let mut keys = self.fields.keys();
        keys.find(|key| key.eq_ignore_ascii_case(name)).cloned()
    }

    fn has(&self, name: &str) -> bool {
        self.key(name).is_some()
    }

    pub(super) fn set(&mut self, name: &str, value: Value) {
        let key = self.key(name).unwrap_or_else(|| name.to_owned());
        self.fields.insert(key, value);
    }

    fn text(&self, name: &str) -> &str {
        self.key(name)
            .and_then(|key| self.fields.get(&key)?.as_str())
            .unwrap_or_default()
    }

    fn named(&self) -> String {
        let name = match self.object {
            SalesforceObject::Opportunity => self.text("Name").to_owned(),
            SalesforceObject::Lead => {
                format!("{} {}", self.text("FirstName"), self.text("LastName"))
            }
        };
        cut(name.trim(), MAX_NAME_CHARACTERS)
    }
}

/// Returns the fields whose present values are other than those that were sent, with both values: what the record
/// changed by while it was being created. A value that is gone is null.
pub(super) fn changed(sent: &Map<String, Value>, now: &Map<String, Value>) -> Vec<(String, Value)> {
    let mut changed: Vec<(String, Value)> = now
        .iter()
        .filter(|(name, value)| sent.get(*name) != Some(value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let gone = sent.keys().filter(|name| !now.contains_key(*name));
    changed.extend(gone.map(|name| (name.clone(), Value::Null)));
    changed
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        SalesforceId,
        mapping::{Flow, MappingRow},
        record::{RecordId, RecordKind},
        salesforce::FieldPath,
        testing,
    };

    fn record(kind: RecordKind, fields: Value) -> Record {
        Record {
            fields: fields.as_object().unwrap().clone(),
            ..Record::new(RecordId::new(kind, "D-17").unwrap())
        }
    }

    fn drafted(record: &Record, settings: &Settings, target: &CreateTarget) -> Draft {
        draft(record, settings, target, jiff::civil::date(2026, 11, 26))
    }

    const LEAD: CreateTarget = CreateTarget::Lead { because: None };

    fn opportunity() -> CreateTarget {
        CreateTarget::Opportunity {
            account: SalesforceId::parse("001D000000IRFma").unwrap(),
            contact: SalesforceId::parse("003D000000IRFma").unwrap(),
        }
    }

    #[test]
    fn a_lead_has_the_mapped_values_the_sync_flag_and_never_the_import_flag() {
        let record = record(
            RecordKind::Lead,
            json!({ "last_name": "Roe", "first_name": "Ann", "company": "Acme", "phone": " ", "other": 5 }),
        );

        let draft = drafted(&record, &testing::settings(), &LEAD);

        assert_eq!(
            Value::Object(draft.fields),
            json!({ "LastName": "Roe", "FirstName": "Ann", "Company": "Acme", "Sync__c": true })
        );
        assert_eq!(
            (draft.name.as_str(), draft.missing),
            ("Ann Roe", Vec::new())
        );
    }

    #[test]
    fn an_opportunity_has_its_account_and_stage_and_close_date_from_the_settings_where_the_mapping_brings_none()
     {
        let mut settings = testing::settings();
        settings.send.deal.opportunity_record_type = SalesforceId::parse("012D000000IRFma").ok();
        let bare = record(RecordKind::Deal, json!({ "name": "Solar" }));
        let whole = record(
            RecordKind::Deal,
            json!({ "name": "Solar", "stage": "Won", "close_date": "2027-01-31", "amount": 10 }),
        );

        let draft = drafted(&bare, &settings, &opportunity());
        assert_eq!(
            Value::Object(draft.fields),
            json!({
                "Name": "Solar", "Sync__c": true, "AccountId": "001D000000IRFmaIAH",
                "StageName": "Qualification", "CloseDate": "2027-02-24", "RecordTypeId": "012D000000IRFmaIAH",
            })
        );
        let draft = drafted(&whole, &settings, &opportunity());
        assert_eq!(
            (
                &draft.fields["StageName"],
                &draft.fields["CloseDate"],
                &draft.fields["Amount"]
            ),
            (&json!("Closed Won"), &json!("2027-01-31"), &json!(10))
        );
    }

    #[test]
    fn what_is_missing_is_named_all_at_once() {
        let empty = record(RecordKind::Deal, json!({}));
        let settings = testing::settings();

        assert_eq!(
            drafted(&empty, &settings, &LEAD).missing,
            ["Last Name (LastName)", "Company (Company)"]
        );
        assert_eq!(
            drafted(&empty, &settings, &opportunity()).missing,
            ["Name (Name)"]
        );
    }

    #[test]
    fn the_owner_is_looked_up_and_not_sent_as_it_is_and_a_row_from_salesforce_sends_nothing() {
        let mut settings = testing::settings();
        let row = |name: &str, path: &str, flow: Flow| MappingRow {
            channeltivity: name.into(),
            salesforce: FieldPath::parse(path).unwrap(),
            on_create: flow,
            on_update: Flow::None,
            values: std::collections::BTreeMap::new(),
            conflicts: None,
        };
        settings.lead_mappings[7] = row("description", "ownerid", Flow::ToSalesforce);
        settings.lead_mappings[5] = row("title", "Title", Flow::ToChanneltivity);
        let record = record(
            RecordKind::Lead,
            json!({ "description": " usr-ada ", "title": "CEO", "last_name": "Roe" }),
        );

        let draft = drafted(&record, &settings, &LEAD);

        assert_eq!(draft.owner.as_deref(), Some("usr-ada"));
        assert_eq!(
            Value::Object(draft.fields),
            json!({ "LastName": "Roe", "Sync__c": true })
        );
    }

    #[test]
    fn what_an_edit_changed_meanwhile_is_told_from_what_was_sent() {
        let map = |value: Value| value.as_object().unwrap().clone();
        let sent = map(json!({ "A": 1, "B": "x", "C": true }));
        let now = map(json!({ "A": 1, "B": "y", "D": 2 }));

        assert_eq!(
            changed(&sent, &now),
            [
                ("B".to_owned(), json!("y")),
                ("D".to_owned(), json!(2)),
                ("C".to_owned(), Value::Null)
            ]
        );
    }
}
