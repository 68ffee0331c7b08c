//! Carrying a write for a Lead over to the Opportunity that the Lead was converted to.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::{
    SalesforceObject, SystemModstamp,
    base::Base,
    claim::PendingWrite,
    field::Field,
    mapping::MappingRow,
    record::Record,
    salesforce::Row,
    settings::Settings,
    three_way::{flowing, mapped_fields},
    value::{is_blank, same},
};

/// The parts of the write after the conversion.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Carried {
    /// The write to the Opportunity, the Sync Flag included.
    pub(crate) pending: Option<PendingWrite>,
    /// Fields of the Lead whose values have no place on the Opportunity, or would overwrite a value of its own.
    pub(crate) dropped: Vec<String>,
    /// The values last agreed on, for the fields that the Opportunity has.
    pub(crate) base: Base,
}

/// Carries a write over. `opportunity` holds the Opportunity's present fields, if it can be read.
///
/// A value goes to the Opportunity field that is mapped to the same Channeltivity field, unless the Opportunity has a
/// value there that the preview of the Lead did not show. The Sync Flag is set, as a link sets it.
///
/// An edited field goes along with what was agreed on of it, and is written if the Opportunity's mapping brings it to
/// Salesforce: there a blank, or the Lead's value, is nobody's edit.
pub(crate) fn carry(
    record: &Record,
    (from, base): (Option<&PendingWrite>, &Base),
    opportunity: Option<&Row>,
    settings: &Settings,
) -> Carried {
    let mut carried = Carried::default();
    let edited = carried.take_edits(record, base, settings);
    let (mut fields, mut before) = (Map::new(), Map::new());
    for (lead_field, value) in from.iter().flat_map(|pending| &pending.fields) {
        if lead_field.eq_ignore_ascii_case(settings.fields.sync_flag.as_str()) {
            continue;
        }
        let Some([of_lead, of_opportunity]) = rows(lead_field, settings) else {
            carried.dropped.push(lead_field.clone());
            continue;
        };
        let path = of_opportunity.row.salesforce.as_str();
        let there = opportunity.map(|row| row.get(path).cloned().unwrap_or(Value::Null));
        let translate = |value: &Value| {
            let ours = of_lead.row.to_channeltivity(value, of_lead.field);
            let there = there.as_ref().unwrap_or(&Value::Null);
            of_opportunity
                .row
                .to_salesforce(&ours, of_opportunity.field, there)
        };
        let shown = from.and_then(|pending| pending.before.get(lead_field));
        let (value, shown) = (translate(value), shown.map_or(Value::Null, translate));
        match there {
            Some(there) if same(&there, &value) => {}
            Some(there) if !is_blank(&there) && !same(&there, &shown) => {
                carried.dropped.push(lead_field.clone());
            }
            there => {
                before.insert(path.to_owned(), there.unwrap_or(shown));
                fields.insert(path.to_owned(), value);
            }
        }
    }
    let sync_flag = settings.fields.sync_flag.as_str();
    if opportunity.is_none_or(|row| row.get(sync_flag).is_some() && !row.is_checked(sync_flag)) {
        fields.insert(sync_flag.to_owned(), Value::Bool(true));
        before.insert(sync_flag.to_owned(), Value::Bool(false));
    }
    // What the Opportunity has where a field was edited is looked at before it is written.
    let seen = opportunity.filter(|_| edited.is_empty());
    carried.pending = (!fields.is_empty() || !edited.is_empty()).then(|| PendingWrite {
        id: record.write_id(record.version + 1),
        fields,
        before,
        seen: seen
            .and_then(Row::stamp)
            .unwrap_or(SystemModstamp::from_second(0)),
        edited,
    });
    carried
}

impl Carried {
    /// Takes over what was agreed on. Returns the edited fields that go to the Opportunity, and notes those that have
    /// no place there.
    fn take_edits(
        &mut self,
        record: &Record,
        base: &Base,
        settings: &Settings,
    ) -> BTreeSet<String> {
        let edited = flowing(base, record, settings, SalesforceObject::Opportunity);
        let of_lead = flowing(base, record, settings, SalesforceObject::Lead);
        for name in of_lead.difference(&edited) {
            let mut rows = mapped_fields(settings, SalesforceObject::Lead);
            let row = rows.find(|mapped| mapped.field.name == *name);
            let lead_field = row.map(|mapped| mapped.row.salesforce.to_string());
            self.dropped
                .push(lead_field.unwrap_or_else(|| name.clone()));
        }
        self.base = base.elsewhere(|name, agreed| {
            let mut rows = mapped_fields(settings, SalesforceObject::Opportunity);
            let field = rows.find(|mapped| mapped.field.name == name);
            field.is_some_and(|mapped| agreed.differs(&record.value(name), mapped.field))
        });
        edited
    }
}

/// A mapping row with its Channeltivity field.
struct Mapped<'a> {
    row: &'a MappingRow,
    field: &'a Field,
}

/// Returns the rows of one Channeltivity field: that of the Lead's field, and that of an Opportunity's field that can
/// be written.
fn rows<'a>(lead_field: &str, settings: &'a Settings) -> Option<[Mapped<'a>; 2]> {
    let find = |object: SalesforceObject, is_it: &dyn Fn(&MappingRow) -> bool| {
        let mapping = settings.mapping(object);
        let row = mapping.rows.iter().find(|row| is_it(row))?;
        let field = mapping.field(&row.channeltivity)?;
        Some(Mapped { row, field })
    };
    let of_lead = find(SalesforceObject::Lead, &|row| row.salesforce.is(lead_field))?;
    let of_opportunity = find(SalesforceObject::Opportunity, &|row| {
        row.channeltivity == of_lead.row.channeltivity
            && row.on_create.reaches_salesforce()
            && settings.writes(&row.salesforce)
    })?;
    Some([of_lead, of_opportunity])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        base::Agreed,
        field::FieldType,
        mapping::Flow,
        record::{RecordId, RecordKind},
        salesforce::FieldPath,
        testing,
    };

    /// The Lead's title is the Opportunity's next step, its company the name of the Opportunity's Account.
    fn settings() -> Settings {
        let mut settings = testing::settings();
        for (name, salesforce, flow) in [
            ("title", "NextStep", Flow::Both),
            ("company", "Account.Name", Flow::ToChanneltivity),
        ] {
            settings.deal_fields.push(Field {
                name: name.into(),
                label: None,
                kind: FieldType::Text,
                required: false,
                values: Vec::new(),
                max_length: None,
            });
            settings.mappings.push(MappingRow {
                channeltivity: name.into(),
                salesforce: FieldPath::parse(salesforce).unwrap(),
                on_create: flow,
                on_update: flow,
                values: [("Buyer".to_owned(), "Purchaser".to_owned())].into(),
                conflicts: None,
            });
        }
        settings
    }

    fn record() -> Record {
        serde_json::from_value::<Record>(json!({ "version": 3, "fields": {} }))
            .map(|record| Record {
                id: RecordId::new(RecordKind::Lead, "lead-1").unwrap(),
                ..record
            })
            .unwrap()
    }

    fn pending() -> PendingWrite {
        let map = |value: Value| value.as_object().unwrap().clone();
        PendingWrite {
            id: "lead-1-3".into(),
            fields: map(json!({ "Title": "Purchaser", "Company": "Acme", "Sync__c": true })),
            before: map(json!({ "Title": "Head of IT", "Company": null, "Sync__c": false })),
            seen: SystemModstamp::from_second(9),
            edited: BTreeSet::new(),
        }
    }

    fn row(next_step: Value, sync: bool) -> Row {
        serde_json::from_value(json!({
            "SystemModstamp": "2026-05-01T07:25:37Z", "NextStep": next_step, "Sync__c": sync,
        }))
        .unwrap()
    }

    #[test]
    fn a_value_goes_where_the_opportunity_has_the_same_field_and_the_rest_is_named() {
        let carried = carry(
            &record(),
            (Some(&pending()), &Base::default()),
            Some(&row(Value::Null, false)),
            &settings(),
        );

        let pending = carried.pending.unwrap();
        assert_eq!(
            Value::Object(pending.fields),
            json!({ "NextStep": "Buyer", "Sync__c": true })
        );
        assert_eq!(
            Value::Object(pending.before),
            json!({ "NextStep": null, "Sync__c": false })
        );
        assert_eq!(
            pending.seen,
            SystemModstamp::parse("2026-05-01T07:25:37Z").unwrap()
        );
        assert_eq!(pending.id, "lead-1-4");
        assert_eq!(carried.dropped, ["Company"]);
    }

    #[test]
    fn what_the_lead_had_is_written_over_and_what_only_the_opportunity_has_is_not() {
        let fields = |next_step: &str| {
            let row = row(json!(next_step), true);
            let carried = carry(
                &record(),
                (Some(&pending()), &Base::default()),
                Some(&row),
                &settings(),
            );
            (
                carried.pending.map(|pending| Value::Object(pending.fields)),
                carried.dropped,
            )
        };

        assert_eq!(
            fields("Head of IT"),
            (
                Some(json!({ "NextStep": "Buyer" })),
                vec!["Company".to_owned()]
            )
        );
        assert_eq!(
            fields("Call on Monday"),
            (None, vec!["Title".to_owned(), "Company".to_owned()])
        );
        assert_eq!(fields("Buyer"), (None, vec!["Company".to_owned()]));
    }

    #[test]
    fn without_a_write_the_sync_flag_alone_is_set_where_it_is_off_or_not_known() {
        let flags = |row: Option<&Row>| {
            let carried = carry(&record(), (None, &Base::default()), row, &settings());
            carried.pending.map(|pending| Value::Object(pending.fields))
        };

        assert_eq!(flags(None), Some(json!({ "Sync__c": true })));
        assert_eq!(
            flags(Some(&row(Value::Null, false))),
            Some(json!({ "Sync__c": true }))
        );
        assert_eq!(flags(Some(&row(Value::Null, true))), None);
    }

    #[test]
    fn an_edit_goes_along_with_what_was_agreed_on_and_one_without_a_place_is_named() {
        let settings = settings();
        let mut base = Base::default();
        for (name, value) in [("title", "Buyer"), ("company", "Acme"), ("phone", "1")] {
            let field = settings
                .mapping(SalesforceObject::Lead)
                .field(name)
                .unwrap();
            base.set(name, Agreed::on(&json!(value), field));
        }
        let row = row(Value::Null, true);

        let carried = carry(&record(), (None, &base), Some(&row), &settings);

        let pending = carried.pending.unwrap();
        assert_eq!(pending.edited, ["title".to_owned()].into());
        assert_eq!(pending.seen, SystemModstamp::from_second(0));
        assert_eq!(carried.dropped, ["Company", "Phone"]);
        // The Account's name keeps its edit until Salesforce brings another; the Opportunity has no telephone number.
        assert_eq!(
            serde_json::to_value(&carried.base).unwrap(),
            json!({
                "title": { "value": { "value": "Buyer" }, "sent": [{ "value": null }] },
                "company": { "value": { "value": "Acme" }, "sent": [{ "value": null }] },
            })
        );
    }
}
