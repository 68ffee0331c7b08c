//! The conditions for import: all are checked, all failures are kept.

use serde_json::{Map, Value};

use super::{
    condition::{Checked, Condition, NOT_READ, OwnerType, owner_type},
    end_user,
    facts::{Facts, is_set, labels, value_at},
    party,
};
use crate::{
    claim::ClaimState,
    code::Code,
    field::{self, Field, Misfit},
    finding::Finding,
    read::{HiddenParent, Reading},
    salesforce::{FieldPath, Row},
    settings::{STAGE, Settings},
    size::Sizes,
};

/// Checks every condition, in the order of the table.
pub(super) fn check<'a>(row: &'a Row, facts: &Facts<'a>, settings: &Settings) -> Checked<'a> {
    let mut checked = Checked {
        conditions: Vec::with_capacity(8 + settings.mappings.len()),
        partner: None,
        distributor: None,
        distributor_owned: false,
        contact: None,
        fields: Map::new(),
        hidden: Vec::new(),
    };
    sync_flag(row, settings, &mut checked);
    end_user::account(row, &mut checked);
    end_user::primary_contact(row, &mut checked);
    parties(row, facts, settings, &mut checked);
    required_fields(row, settings, &mut checked);
    values(row, settings, &mut checked);
    link(facts, &mut checked);
    checked
}

fn sync_flag(row: &Row, settings: &Settings, checked: &mut Checked<'_>) {
    let api_name = settings.fields.sync_flag.as_str();
    let finding = Finding::new(Code::SyncFlagNotSet)
        .field(labels::SYNC_FLAG, api_name)
        .value(field::shown(value_at(row, api_name)));
    checked
        .conditions
        .push(Condition::of(row.is_checked(api_name), finding));
}

/// Rows 4, 5 and 6: they depend on each other through the Distributor module.
fn parties<'a>(row: &Row, facts: &Facts<'a>, settings: &Settings, checked: &mut Checked<'a>) {
    let names = &settings.fields;
    let module = &settings.distributor_module;
    let api_name = |path: &'_ Option<FieldPath>| -> String {
        path.as_ref().map(ToString::to_string).unwrap_or_default()
    };
    let owner_type_name = api_name(&names.deal_owner_type);
    let owner_type_read = row.get(&owner_type_name);
    let owner_type_value = owner_type_read.unwrap_or(&Value::Null);
    let owner_type = if module.enabled {
        owner_type(owner_type_value)
    } else {
        OwnerType::Blank
    };
    checked.distributor_owned = matches!(owner_type, OwnerType::Distributor);
    let may_be_distributor_owned =
        checked.distributor_owned || (module.enabled && owner_type_read.is_none());

    let partner_value = row.get(names.partner_email.as_str());
    let may_omit_partner = may_be_distributor_owned && module.distributor_deals_may_omit_partner;
    if !(may_omit_partner && partner_value.is_some_and(field::is_blank)) {
        checked.partner = party::PARTNER.check(
            names.partner_email.as_str(),
            partner_value,
            facts.directory,
            &mut checked.conditions,
        );
    }
    if !module.enabled {
        return;
    }
    checked.conditions.push(if owner_type_read.is_none() {
        Condition::unread(labels::DEAL_OWNER_TYPE, &owner_type_name)
    } else {
        let finding = Finding::new(Code::DealOwnerTypeInvalid)
            .field(labels::DEAL_OWNER_TYPE, &owner_type_name)
            .value(field::shown(owner_type_value));
        Condition::of(!matches!(owner_type, OwnerType::Invalid), finding)
    });

    let distributor_name = api_name(&names.distributor_email);
    let distributor_value = row.get(&distributor_name);
    let needed = checked.distributor_owned
        || module.partners_must_select_distributor
        || !distributor_value.is_some_and(field::is_blank);
    if needed {
        checked.distributor = party::DISTRIBUTOR.check(
            &distributor_name,
            distributor_value,
            facts.directory,
            &mut checked.conditions,
        );
    }
}

/// Row 7: the fields that a Deal must have.
fn required_fields(row: &Row, settings: &Settings, checked: &mut Checked<'_>) {
    let stage_declared = settings.deal_field(STAGE).is_some();
    if !stage_declared {
        checked.conditions.push(Condition::failed(
            Finding::new(Code::RequiredFieldNotMapped).field("Stage", STAGE),
        ));
    }
    for deal_field in settings
        .deal_fields
        .iter()
        .filter(|field| field.required || field.name == STAGE)
    {
        let mapping = settings.mappings.iter().find(|mapping| {
            mapping.channeltivity == deal_field.name && mapping.on_create.reaches_channeltivity()
        });
        let Some(mapping) = mapping else {
            checked.conditions.push(Condition::failed(
                Finding::new(Code::RequiredFieldNotMapped)
                    .field(&deal_field.label(), &deal_field.name),
            ));
            continue;
        };
        let api_name = mapping.salesforce.as_str();
        if let Some(why) = unread(row, &mapping.salesforce) {
            checked.conditions.push(Condition::failed(
                Finding::new(Code::RequiredFieldHidden)
                    .field(&deal_field.label(), api_name)
                    .value(why),
            ));
            continue;
        }
        let code = if deal_field.name == STAGE {
            Code::StageEmpty
        } else {
            Code::RequiredFieldEmpty
        };
        let finding = Finding::new(code)
            .field(&deal_field.label(), api_name)
            .value(field::shown(value_at(row, api_name)));
        checked
            .conditions
            .push(Condition::of(is_set(row, api_name), finding));
    }
}

/// Row 8: every mapped value fits its Deal field. Values that fit are kept for the Deal.
fn values(row: &Row, settings: &Settings, checked: &mut Checked<'_>) {
    if !settings.currencies.is_empty() {
        let currency = value_at(row, "CurrencyIsoCode");
        let finding = Finding::new(Code::CurrencyNotSupported)
            .field("Currency", "CurrencyIsoCode")
            .value(field::shown(currency))
            .other(settings.currencies.join(", "));
        let known = field::is_blank(currency)
            || settings
                .currencies
                .iter()
                .any(|known| Some(known.as_str()) == currency.as_str());
        checked.conditions.push(Condition::of(known, finding));
    }
    let mut sizes = Sizes::default();
    let mut too_long = Vec::new();
    for mapping in settings
        .mappings
        .iter()
        .filter(|mapping| mapping.on_create.reaches_channeltivity())
    {
        let Some(deal_field) = settings.deal_field(&mapping.channeltivity) else {
            continue;
        };
        let read = match row.reading(&mapping.salesforce) {
            Reading::Value(read) => read,
            Reading::NotRead => continue,
            Reading::Hidden(parent) => {
                // For a field that the Deal needs, its own condition has reported it.
                if !deal_field.required && deal_field.name != STAGE {
                    checked
                        .hidden
                        .push(hidden(deal_field, &mapping.salesforce, parent));
                }
                continue;
            }
        };
        match deal_field.fit(&mapping.to_channeltivity(read, deal_field)) {
            Ok(None) => {}
            Ok(Some(value)) => {
                let value = value.to_json();
                sizes.add(&deal_field.name, &value);
                checked.fields.insert(deal_field.name.clone(), value);
                let finding = Finding::new(Code::ValueTypeInvalid)
                    .field(&deal_field.label(), mapping.salesforce.as_str())
                    .value(field::shown(read));
                checked.conditions.push(Condition::passed(finding));
            }
            Err(misfit) => {
                let finding =
                    misfit_finding(deal_field, mapping.salesforce.as_str(), read, &misfit);
                if misfit.is_beyond_any_text() {
                    sizes.add(&deal_field.name, read);
                    too_long.push(finding);
                } else {
                    checked.conditions.push(Condition::failed(finding));
                }
            }
        }
    }
    // If all of it together is too large, that is reported once, and of the texts without a maximum of their own.
    let failures = if sizes.is_too_large() {
        vec![sizes.finding(&settings.deal_fields, &settings.mappings)]
    } else {
        too_long
    };
    checked
        .conditions
        .extend(failures.into_iter().map(Condition::failed));
}

/// Returns the reason why a mapped value cannot be checked; [`None`] if it was read, blank or not.
fn unread(row: &Row, path: &FieldPath) -> Option<String> {
    match row.reading(path) {
        Reading::Value(_) => None,
        Reading::Hidden(parent) => Some(parent.to_string()),
        Reading::NotRead => Some(NOT_READ.to_owned()),
    }
}

/// Returns the finding for a value whose parent cannot be read.
pub(super) fn hidden(deal_field: &Field, path: &FieldPath, parent: HiddenParent<'_>) -> Finding {
    Finding::new(Code::ValueHidden)
        .field(&deal_field.label(), path.as_str())
        .value(parent.to_string())
}

/// Returns the finding for a value that does not fit.
pub(super) fn misfit_finding(
    deal_field: &Field,
    api_name: &str,
    read: &Value,
    misfit: &Misfit,
) -> Finding {
    let (code, other) = match misfit {
        Misfit::Type => (Code::ValueTypeInvalid, deal_field.kind.takes().to_owned()),
        Misfit::Length { max, length, .. } => (
            Code::ValueTypeInvalid,
            format!("at most {max} characters, but this has {length}"),
        ),
        Misfit::Unknown { .. } => (
            Code::PicklistValueUnknown,
            shortened_list(&deal_field.values),
        ),
    };
    Finding::new(code)
        .field(&deal_field.label(), api_name)
        .value(field::shown(read))
        .other(other)
}

/// A picklist can have hundreds of values; a sentence cannot.
fn shortened_list(values: &[String]) -> String {
    const SHOWN: usize = 12;
    let list = values
        .iter()
        .take(SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if values.len() > SHOWN {
        format!("{list} and {} more", values.len() - SHOWN)
    } else {
        list
    }
}

/// Row 9: not linked to another record. A claim whose record is gone still holds.
fn link(facts: &Facts<'_>, checked: &mut Checked<'_>) {
    let live = facts.claim.filter(|claim| claim.state == ClaimState::Live);
    let other = live
        .map(|claim| claim.record.to_string())
        .unwrap_or_default();
    checked.conditions.push(Condition::of(
        live.is_none(),
        Finding::new(Code::AlreadyLinkedOther).other(other),
    ));
}
