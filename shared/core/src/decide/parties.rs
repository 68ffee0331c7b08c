//! Account, Contact, owner and Distributor are taken at import only: a later change is reported, not followed.

use serde_json::Value;

use super::{
    condition::{self, OwnerType},
    end_user,
    facts::{id_at, labels, value_at},
};
use crate::{
    Email,
    code::Code,
    field,
    finding::Finding,
    portal::Directory,
    record::Record,
    salesforce::{FieldPath, Row},
    settings::Settings,
};

/// Returns the findings for parties whose values differ from those the Deal was imported with. A field that cannot be
/// read gives none.
pub(super) fn not_moved(
    row: &Row,
    directory: &Directory,
    record: &Record,
    settings: &Settings,
) -> Vec<Finding> {
    let finding = |label: &str, api_name: &str| {
        Finding::new(Code::PartiesNotMoved)
            .field(label, api_name)
            .other(record.id.to_string())
    };
    let mut findings = Vec::new();
    if let Some(account) = &record.account {
        let other = row
            .get("AccountId")
            .filter(|value| id_at(value) != Some(account.id));
        findings
            .extend(other.map(|value| finding("Account", "AccountId").value(field::shown(value))));
        let changed = changed_parties(row, directory, record, settings);
        findings.extend(changed.into_iter().map(|(label, path)| {
            finding(label, path.as_str()).value(field::shown(value_at(row, path.as_str())))
        }));
    }
    let contact = record.contact.as_ref();
    if let Some(contact) = contact.filter(|_| end_user::unread_of_roles(row).is_none()) {
        let primary = end_user::contact_roles(row)
            .iter()
            .find(|role| role["IsPrimary"] == Value::Bool(true));
        if primary.is_none_or(|role| id_at(&role["ContactId"]) != Some(contact.id)) {
            findings.push(finding("Contact Roles", "OpportunityContactRole.IsPrimary"));
        }
    }
    findings
}

/// Returns the fields that name another Partner, Distributor or owner than the imported Deal has.
fn changed_parties<'a>(
    row: &Row,
    directory: &Directory,
    record: &Record,
    settings: &'a Settings,
) -> Vec<(&'static str, &'a FieldPath)> {
    let names = &settings.fields;
    let mut changed = Vec::new();
    let mut compare = |label: &'static str, path: &'a FieldPath, imported: Option<&str>| {
        let is_other = named(row, path, directory).is_some_and(|named| named != imported);
        changed.extend(is_other.then_some((label, path)));
    };
    let (partner, distributor) = (record.partner.as_deref(), record.distributor.as_deref());
    compare(labels::PARTNER_EMAIL, &names.partner_email, partner);
    if !settings.distributor_module.enabled {
        return changed;
    }
    if let Some(path) = &names.distributor_email {
        compare(labels::DISTRIBUTOR_EMAIL, path, distributor);
    }
    let Some(owner_type) = &names.deal_owner_type else {
        return changed;
    };
    let Some(value) = row.get(owner_type.as_str()) else {
        return changed;
    };
    let owner = match condition::owner_type(value) {
        OwnerType::Blank | OwnerType::Partner => partner,
        OwnerType::Distributor => distributor,
        OwnerType::Invalid => None,
    };
    if owner.is_some_and(|owner| Some(owner) != record.owner.as_deref()) {
        changed.push((labels::DEAL_OWNER_TYPE, owner_type));
    }
    changed
}

/// Returns the user with the address in a field: no user if it is blank, [`None`] if it cannot be determined.
fn named<'d>(row: &Row, path: &FieldPath, directory: &'d Directory) -> Option<Option<&'d str>> {
    let value = row.get(path.as_str())?;
    if field::is_blank(value) {
        return Some(None);
    }
    let email = Email::parse(value.as_str()?).ok()?;
    match directory.get(&email)?.users.as_slice() {
        [user] => Some(Some(&user.user.id)),
        _ => None,
    }
}
