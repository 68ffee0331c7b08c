//! Findings for fields that the org lacks or hides.

use std::collections::BTreeMap;

use crate::{
    SalesforceObject,
    code::Code,
    finding::Finding,
    read::{CONTACT_ROLES, Unreadable},
    settings::{STAGE, Settings},
};

/// The currency of an Opportunity, in orgs with several.
pub(super) const CURRENCY: &str = "CurrencyIsoCode";

/// The fields that identify the end user of a Deal. Imports need them; a linked record keeps the end user that it was
/// imported with.
pub(super) const END_USER: [&str; 5] = [
    "AccountId",
    "Account.Name",
    "OpportunityContactRoles.ContactId",
    "OpportunityContactRoles.IsPrimary",
    "OpportunityContactRoles.Contact.Name",
];

/// Returns one finding per missing field that is needed, each with a key of its own. Fields that nobody mapped are
/// named by their cause alone: one finding covers a hidden object.
pub(super) fn findings(
    left_out: &[(SalesforceObject, Unreadable)],
    settings: &Settings,
) -> Vec<(String, Finding)> {
    let mut causes = BTreeMap::new();
    let mut findings = Vec::new();
    for (object, unreadable) in left_out {
        let Some((finding, is_mapped)) = said(*object, unreadable, settings) else {
            continue;
        };
        if is_mapped {
            findings.push((format!("FIELD#{object}.{}", unreadable.path), finding));
        } else {
            let key = format!("FIELD#{}", unreadable.cause());
            causes.entry(key).or_insert(finding);
        }
    }
    findings.extend(causes);
    findings
}

/// Returns the effect of a missing field, and whether a setting names it. [`None`] if nothing needs it.
fn said(
    object: SalesforceObject,
    unreadable: &Unreadable,
    settings: &Settings,
) -> Option<(Finding, bool)> {
    let path = unreadable.path.as_str();
    let is_opportunity = object == SalesforceObject::Opportunity;
    let rows = settings.mapping(object).rows.iter();
    let rows: Vec<_> = rows.filter(|row| row.salesforce.is(path)).collect();
    let parties = settings.party_fields().into_iter();
    let setting = parties
        .filter(|(_, party)| is_opportunity && party.is(path))
        .map(|(name, _)| name)
        .next();
    let feeds_a_needed_one = rows.iter().any(|row| {
        let field = settings.deal_field(&row.channeltivity);
        let is_needed = row.channeltivity == STAGE || field.is_some_and(|field| field.required);
        is_needed && row.on_create.reaches_channeltivity()
    });
    let is_end_user = END_USER
        .iter()
        .any(|needed| needed.eq_ignore_ascii_case(path));
    let stops_imports = is_opportunity && (setting.is_some() || feeds_a_needed_one || is_end_user);
    let names: Vec<String> = rows
        .iter()
        .map(|row| format!("{} <- {}", row.channeltivity, row.salesforce))
        .collect();
    let mut means = Vec::new();
    if unreadable.is_without_object {
        means.push(format!(
            "; nothing of the object {} can be read",
            unreadable.object
        ));
    }
    if let Some(setting) = setting {
        means.push(format!("; it is named by the setting fields.{setting}"));
    }
    let is_mapped = !names.is_empty();
    match names.as_slice() {
        [] => {}
        [row] => means.push(format!("; the mapping row {row} is left out")),
        rows => means.push(format!(
            "; the mapping rows {} are left out",
            rows.join(", ")
        )),
    }
    let mut code = Code::SfFieldMissing;
    if stops_imports {
        means.push(
            "; until it can be read, Opportunities are not imported and have open problems instead, and linked records are updated without it"
                .to_owned(),
        );
    } else if is_opportunity && path == CURRENCY && !is_mapped {
        code = Code::SfNoCurrencies;
    } else if path.starts_with(CONTACT_ROLES) {
        means.push("; Deals go without the email address of their Contact".to_owned());
    } else if path == "ConvertedOpportunityId" {
        means.push("; links of converted Leads cannot follow them".to_owned());
    } else if !is_mapped {
        // A Lead need not have the Sync Flag, and a field that is only displayed is not missed.
        return None;
    }
    let mut finding = Finding::new(code).value(means.concat());
    finding.context.field = format!("{}.{}", unreadable.object, unreadable.field);
    Some((finding, setting.is_some() || is_mapped))
}
