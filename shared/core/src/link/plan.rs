//! The effect of linking on each mapped field: one pure function, shown by the preview and carried out by the confirm.

use serde_json::{Map, Value};

use crate::{
    SalesforceObject,
    field::{self, Field},
    mapping::{Flow, MappingRow, Master},
    read::Reading,
    record::Record,
    salesforce::{FieldPath, Row},
    settings::Settings,
    value,
};

/// The source of a field's value when the link is confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Taken {
    /// Salesforce's value goes to Channeltivity.
    Salesforce,
    /// Channeltivity's value goes to Salesforce.
    Channeltivity,
    /// Both stay as they are.
    Unchanged,
}

/// One line of the preview.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldPreview {
    /// The Channeltivity field; none for a fixed value.
    pub channeltivity_field: Option<String>,
    /// The Salesforce field.
    pub salesforce_field: String,
    /// Channeltivity's value.
    pub channeltivity_value: Value,
    /// Salesforce's value, translated to Channeltivity's by the value map.
    pub salesforce_value: Value,
    /// `true` if both have a value and they differ.
    pub conflict: bool,
    /// The side whose value is taken.
    pub taken: Taken,
    /// The reason, if it is not the master's choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'static str>,
}

/// The changes that a link makes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Each mapped field.
    pub fields: Vec<FieldPreview>,
    /// Channeltivity's future values.
    pub to_channeltivity: Map<String, Value>,
    /// Salesforce's future values.
    pub to_salesforce: Map<String, Value>,
    /// Salesforce's present values of the fields that will be written.
    pub salesforce_before: Map<String, Value>,
    /// The mapped Salesforce fields whose values cannot be read, in the mapping's order.
    pub unread: Vec<String>,
}

/// The note on a row that is left out because the org lacks the field.
const NOT_READ: &str = "left out: the connected org has no such Salesforce field, or hides it from the integration user";

/// The note on a row that is left out because a parent cannot be read.
const HIDDEN: &str = "left out: the Salesforce record that holds the value is deleted or hidden from the integration user";

/// Returns the Salesforce fields that a link to this object reads.
#[must_use]
pub fn fields_to_read(settings: &Settings, object: SalesforceObject) -> Vec<FieldPath> {
    let rows = settings.mapping(object).rows;
    let mut fields = vec![settings.fields.sync_flag.clone()];
    let fixed = settings
        .fixed_values
        .iter()
        .filter(|_| object == SalesforceObject::Opportunity)
        .map(|fixed| &fixed.salesforce);
    for path in rows.iter().map(|row| &row.salesforce).chain(fixed) {
        if !fields
            .iter()
            .any(|known| known.as_str().eq_ignore_ascii_case(path.as_str()))
        {
            fields.push(path.clone());
        }
    }
    fields
}

/// Plans a link. Linking counts as "create" for flows. A field whose value cannot be read is left out, with a note: a
/// hidden value is not a blank for the other side to fill.
#[must_use]
pub fn plan(
    record: &Record,
    row: &Row,
    object: SalesforceObject,
    settings: &Settings,
    master: Master,
) -> Plan {
    let whole = settings.mapping(object);
    let mut plan = Plan::default();
    for mapping in whole.rows {
        let Some(field) = whole.field(&mapping.channeltivity) else {
            continue;
        };
        let raw = match row.reading(&mapping.salesforce) {
            Reading::Value(raw) => raw,
            Reading::Hidden(_) => {
                plan.leave_out(record, field, &mapping.salesforce, HIDDEN);
                continue;
            }
            Reading::NotRead => {
                plan.leave_out(record, field, &mapping.salesforce, NOT_READ);
                continue;
            }
        };
        let unwritable = plan.unwritable(&mapping.salesforce, settings);
        plan.add(record, raw, (field, mapping), unwritable, master);
    }
    if object == SalesforceObject::Opportunity {
        for fixed in &settings.fixed_values {
            match row.get(fixed.salesforce.as_str()) {
                Some(before) => {
                    let unwritable = plan.unwritable(&fixed.salesforce, settings);
                    plan.add_fixed(&fixed.salesforce, &fixed.value, before, unwritable);
                }
                None => plan.leave_out_fixed(&fixed.salesforce, &fixed.value),
            }
        }
    }
    let sync_flag = settings.fields.sync_flag.as_str();
    if object == SalesforceObject::Opportunity && row.get(sync_flag).is_none() {
        plan.leave_out_fixed(&settings.fields.sync_flag, &Value::Bool(true));
    }
    // The Sync Flag is set on the linked record; the Import Flag never. On an object without the field there is nothing
    // to set.
    if row.get(sync_flag).is_some() && !row.is_checked(sync_flag) {
        plan.add_fixed(
            &settings.fields.sync_flag,
            &Value::Bool(true),
            &Value::Bool(false),
            None,
        );
    }
    plan
}

impl Plan {
    /// Returns the reason why no value goes to a Salesforce field, if there is one. The flags are the integration's
    /// own. If several rows write one field, only the first does, so that the preview shows exactly the values that are
    /// written.
    fn unwritable(&self, path: &FieldPath, settings: &Settings) -> Option<&'static str> {
        let is = |name: &str| name.eq_ignore_ascii_case(path.as_str());
        if path.is_parent_path() {
            Some("the Salesforce field can be read, not written")
        } else if !settings.writes(path) {
            Some("the flags of the integration are not written by a mapping")
        } else if self.to_salesforce.keys().any(|name| is(name)) {
            Some("another row of the mapping writes this Salesforce field")
        } else {
            None
        }
    }

    fn add(
        &mut self,
        record: &Record,
        raw: &Value,
        (field, mapping): (&Field, &MappingRow),
        unwritable: Option<&'static str>,
        master: Master,
    ) {
        let ours_raw = record.value(&field.name).into_owned();
        let mapped = value::plain(mapping.to_channeltivity(raw, field));
        let fitted = field.fit(&mapped);
        let theirs = match &fitted {
            Ok(value) => value
                .as_ref()
                .map_or(Value::Null, field::FieldValue::to_json),
            Err(_) => mapped,
        };
        // Channeltivity's value is compared as the field reads it, so 1054 equals 1054.0; one that does not fit is
        // compared as it is.
        let ours = field.fit(&ours_raw).ok().map_or_else(
            || ours_raw.clone(),
            |value| value.map_or(Value::Null, |value| value.to_json()),
        );
        let (ours_blank, theirs_blank) = (field::is_blank(&ours), field::is_blank(&theirs));
        let differ = ours != theirs && !field.same(&ours, &theirs) && !(ours_blank && theirs_blank);
        let (taken, note) = if !differ {
            (Taken::Unchanged, None)
        } else {
            choose(
                mapping.on_create,
                ours_blank,
                theirs_blank,
                unwritable,
                master,
            )
        };
        let (taken, note) = match taken {
            Taken::Salesforce if fitted.is_err() => (
                Taken::Unchanged,
                Some("the Salesforce value does not fit the Channeltivity field"),
            ),
            taken => (taken, note),
        };
        match taken {
            Taken::Salesforce => {
                self.to_channeltivity
                    .insert(field.name.clone(), theirs.clone());
            }
            Taken::Channeltivity => {
                let sent = mapping.to_salesforce(&ours, field, raw);
                self.to_salesforce
                    .insert(mapping.salesforce.to_string(), sent);
                self.salesforce_before
                    .insert(mapping.salesforce.to_string(), raw.clone());
            }
            Taken::Unchanged => {}
        }
        self.fields.push(FieldPreview {
            channeltivity_field: Some(field.name.clone()),
            salesforce_field: mapping.salesforce.to_string(),
            channeltivity_value: ours,
            salesforce_value: theirs,
            conflict: differ && !ours_blank && !theirs_blank,
            taken,
            note,
        });
    }

    /// Lists a row whose Salesforce value is unknown: both sides stay as they are.
    fn leave_out(&mut self, record: &Record, field: &Field, path: &FieldPath, why: &'static str) {
        self.unread.push(path.to_string());
        self.fields.push(FieldPreview {
            channeltivity_field: Some(field.name.clone()),
            salesforce_field: path.to_string(),
            channeltivity_value: record.value(&field.name).into_owned(),
            salesforce_value: Value::Null,
            conflict: false,
            taken: Taken::Unchanged,
            note: Some(why),
        });
    }

    fn leave_out_fixed(&mut self, path: &FieldPath, value: &Value) {
        self.unread.push(path.to_string());
        self.fields.push(FieldPreview {
            channeltivity_field: None,
            salesforce_field: path.to_string(),
            channeltivity_value: value.clone(),
            salesforce_value: Value::Null,
            conflict: false,
            taken: Taken::Unchanged,
            note: Some(NOT_READ),
        });
    }

    fn add_fixed(
        &mut self,
        path: &FieldPath,
        value: &Value,
        before: &Value,
        unwritable: Option<&'static str>,
    ) {
        let taken = if value::same(before, value) || unwritable.is_some() {
            Taken::Unchanged
        } else {
            Taken::Channeltivity
        };
        if taken == Taken::Channeltivity {
            self.to_salesforce
                .insert(path.to_string(), value::in_type_of(value.clone(), before));
            self.salesforce_before
                .insert(path.to_string(), before.clone());
        }
        self.fields.push(FieldPreview {
            channeltivity_field: None,
            salesforce_field: path.to_string(),
            channeltivity_value: value.clone(),
            salesforce_value: before.clone(),
            conflict: false,
            taken,
            note: unwritable.or(Some("a fixed value that a link sends to Salesforce")),
        });
    }
}

/// Chooses the side that is taken of two values that differ.
fn choose(
    flow: Flow,
    ours_blank: bool,
    theirs_blank: bool,
    unwritable: Option<&'static str>,
    master: Master,
) -> (Taken, Option<&'static str>) {
    match flow {
        Flow::None => (
            Taken::Unchanged,
            Some("this field does not flow when a record is linked"),
        ),
        // A blank never wins: it has no value to bring.
        Flow::ToChanneltivity if theirs_blank => (
            Taken::Unchanged,
            Some("one way, to Channeltivity, and Salesforce has no value"),
        ),
        Flow::ToChanneltivity => (Taken::Salesforce, Some("one way, to Channeltivity")),
        Flow::ToSalesforce if ours_blank => (
            Taken::Unchanged,
            Some("one way, to Salesforce, and Channeltivity has no value"),
        ),
        Flow::ToSalesforce if unwritable.is_some() => (Taken::Unchanged, unwritable),
        Flow::ToSalesforce => (Taken::Channeltivity, Some("one way, to Salesforce")),
        Flow::Both if ours_blank => (Taken::Salesforce, Some("Channeltivity has no value")),
        Flow::Both if theirs_blank && unwritable.is_some() => (Taken::Unchanged, unwritable),
        Flow::Both if theirs_blank => (Taken::Channeltivity, Some("Salesforce has no value")),
        Flow::Both => match master {
            Master::Salesforce => (Taken::Salesforce, None),
            Master::Channeltivity if unwritable.is_some() => (Taken::Unchanged, unwritable),
            Master::Channeltivity => (Taken::Channeltivity, None),
        },
    }
}
