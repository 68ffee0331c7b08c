//! The Deal that an Opportunity becomes, and what an edit in Salesforce changes in a linked record.

use serde_json::{Map, Value};

use super::{
    Condition, Decision, Facts, Verdict,
    conditions::{self, Checked, id_at},
    labels, value_at,
};
use crate::{
    Stamp,
    claim::Claim,
    code::Code,
    field,
    finding::Finding,
    record::{EndUser, LinkStatus, Record, RecordId, RecordKind},
    salesforce::Row,
    settings::Settings,
};

/// A Deal to be made, without the time of its link, which the import adds.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDeal {
    /// Its id, derived from org, Opportunity and epoch.
    pub id: RecordId,
    /// The claim's epoch.
    pub epoch: u32,
    /// The Opportunity's name.
    pub name: String,
    /// The Opportunity's SystemModstamp.
    pub stamp: Stamp,
    /// The mapped fields.
    pub fields: Map<String, Value>,
    /// The user that owns it.
    pub owner: String,
    /// The owner's Organization.
    pub organization: String,
    /// The Partner User.
    pub partner: Option<String>,
    /// The Distributor User.
    pub distributor: Option<String>,
    /// The end user's Account.
    pub account: EndUser,
    /// The end user's Contact.
    pub contact: EndUser,
    /// The first step of the registration.
    pub registration_status: String,
}

/// What changes in a linked record.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordUpdate {
    /// Fields with their values as they will be; null clears one.
    pub fields: Map<String, Value>,
    /// The link's status as it will be.
    pub status: LinkStatus,
    /// Why it is paused or disconnected.
    pub reason: Option<String>,
    /// The Salesforce record's name.
    pub name: Option<String>,
    /// The stamp that is applied with this.
    pub stamp: Stamp,
    /// What the log says of it.
    pub findings: Vec<Finding>,
    /// Whether anything but the stamp changes.
    pub is_change: bool,
}

fn text(value: &Value) -> Option<String> {
    value
        .as_str()
        .map(str::to_owned)
        .filter(|text| !text.is_empty())
}

/// Makes the Deal of a row that meets every condition; [`None`] when Salesforce left out what every row has.
pub(super) fn new_deal(
    row: &Row,
    facts: &Facts<'_>,
    checked: &mut Checked<'_>,
    settings: &Settings,
) -> Option<NewDeal> {
    let epoch = facts.claim.map_or(0, |claim| claim.epoch);
    let owner = if checked.distributor_owned {
        checked.distributor
    } else {
        checked.partner
    }?;
    let contact = checked.contact?;
    let contact_id = id_at(&contact["Id"])?;
    Some(NewDeal {
        id: RecordId::of_imported_deal(settings.organization_id, facts.opportunity, epoch),
        epoch,
        name: row.text("Name").unwrap_or_default().to_owned(),
        stamp: row.stamp()?,
        fields: std::mem::take(&mut checked.fields),
        owner: owner.user.id.clone(),
        organization: owner.user.organization.clone(),
        partner: checked.partner.map(|user| user.user.id.clone()),
        distributor: checked.distributor.map(|user| user.user.id.clone()),
        account: EndUser {
            id: id_at(value_at(row, "AccountId"))?,
            name: row.text("Account.Name").unwrap_or_default().to_owned(),
            email: None,
        },
        contact: EndUser {
            id: contact_id,
            name: text(&contact["Name"]).unwrap_or_default(),
            email: text(&contact["Email"]),
        },
        registration_status: settings.default_registration_status.clone(),
    })
}

/// The link's status as the Salesforce record has it.
fn link_state(row: Option<&Row>, settings: &Settings) -> (LinkStatus, Option<String>) {
    let disconnected = |reason: String| (LinkStatus::Disconnected, Some(reason));
    match row {
        None => disconnected("no longer exists or is hidden from the integration user".into()),
        Some(row) if row.is_checked("IsDeleted") => match row.text("MasterRecordId") {
            Some(survivor) => disconnected(format!("was merged into {survivor}")),
            None => disconnected("was deleted".into()),
        },
        Some(row) if !row.is_checked(settings.fields.sync_flag.as_str()) => (
            LinkStatus::Paused,
            Some(format!("{} is off", labels::SYNC_FLAG)),
        ),
        Some(_) => (LinkStatus::Synced, None),
    }
}

/// What the Opportunity's state brings to its linked record.
pub(super) fn update(
    facts: &Facts<'_>,
    claim: &Claim,
    record: &Record,
    settings: &Settings,
) -> Decision {
    let Some(link) = &record.link else {
        // A live claim whose record does not point back cannot be made by any transaction of ours; leave both alone.
        return Decision::only(Verdict::Unchanged);
    };
    let (mut status, reason) = link_state(facts.row, settings);
    if status == LinkStatus::Synced && claim.pending.is_some() {
        status = LinkStatus::Pending;
    }
    let stamp = facts.row.and_then(Row::stamp).unwrap_or(link.stamp);
    let status_changed = status != link.status || reason != link.reason;
    if stamp < link.stamp || (stamp == link.stamp && !status_changed && claim.stamp >= stamp) {
        return Decision::only(Verdict::Unchanged);
    }
    let mut findings = Vec::new();
    if status_changed {
        findings.extend(status_finding(
            link.status,
            status,
            reason.as_deref(),
            record,
            settings,
        ));
    }
    let mut fields = Map::new();
    let active = matches!(status, LinkStatus::Synced | LinkStatus::Pending);
    if let (Some(row), true) = (facts.row, active) {
        let (changed, failures) = changed_fields(row, facts, record, settings);
        if !failures.is_empty() {
            return Decision {
                conditions: failures.into_iter().map(Condition::failed).collect(),
                verdict: Verdict::Fail,
            };
        }
        if !changed.is_empty() {
            let names = changed.keys().cloned().collect::<Vec<_>>().join(", ");
            findings.push(
                Finding::new(Code::Updated)
                    .value(names)
                    .other(record.id.to_string()),
            );
        }
        findings.extend(parties_not_moved(row, record));
        fields = changed;
    }
    let is_change = status_changed || !fields.is_empty();
    let name = facts
        .row
        .and_then(|row| row.text("Name"))
        .map(str::to_owned)
        .or_else(|| link.name.clone());
    Decision::only(Verdict::Update(Box::new(RecordUpdate {
        fields,
        status,
        reason,
        name,
        stamp,
        findings,
        is_change,
    })))
}

fn status_finding(
    from: LinkStatus,
    to: LinkStatus,
    reason: Option<&str>,
    record: &Record,
    settings: &Settings,
) -> Option<Finding> {
    let code = match (from, to) {
        (_, LinkStatus::Paused) => Code::LinkPaused,
        (_, LinkStatus::Disconnected) => Code::LinkDisconnected,
        (LinkStatus::Disconnected, _) => Code::LinkReconnected,
        (LinkStatus::Paused, _) => Code::LinkResumed,
        _ => return None,
    };
    let finding = Finding::new(code)
        .other(record.id.to_string())
        .field(labels::SYNC_FLAG, settings.fields.sync_flag.as_str());
    Some(finding.value(reason.unwrap_or_default()))
}

/// The mapped fields whose flow on update comes from Salesforce and whose value differs, and those that do not fit.
fn changed_fields(
    row: &Row,
    facts: &Facts<'_>,
    record: &Record,
    settings: &Settings,
) -> (Map<String, Value>, Vec<Finding>) {
    let mut changed = Map::new();
    let mut failures = Vec::new();
    if record.id.kind() != RecordKind::Deal {
        return (changed, failures);
    }
    for mapping in settings
        .mappings
        .iter()
        .filter(|mapping| mapping.on_update.reaches_channeltivity())
    {
        let Some(deal_field) = settings.deal_field(&mapping.channeltivity) else {
            continue;
        };
        if facts.missing.contains(&mapping.salesforce) {
            continue;
        }
        let read = value_at(row, mapping.salesforce.as_str());
        let stored = record.fields.get(&deal_field.name).unwrap_or(&Value::Null);
        match deal_field.fit(&mapping.to_channeltivity(read)) {
            Err(misfit) => failures.push(conditions::misfit_finding(
                deal_field,
                mapping.salesforce.as_str(),
                read,
                &misfit,
            )),
            Ok(None) if deal_field.required || deal_field.name == crate::settings::STAGE => {
                let code = if deal_field.name == crate::settings::STAGE {
                    Code::StageEmpty
                } else {
                    Code::RequiredFieldEmpty
                };
                failures.push(
                    Finding::new(code).field(&deal_field.label(), mapping.salesforce.as_str()),
                );
            }
            Ok(value) => {
                let value = value.map_or(Value::Null, |value| value.to_json());
                // Both sides are compared as the field reads them, so 1054 equals 1054.0 and a multi-picklist's order does not matter.
                let same = deal_field.fit(stored).is_ok_and(|stored| {
                    stored.map_or(Value::Null, |stored| stored.to_json()) == value
                });
                if !same {
                    changed.insert(deal_field.name.clone(), value);
                }
            }
        }
    }
    (changed, failures)
}

/// Account and Contact are taken at import only: a later change is said, not followed.
fn parties_not_moved(row: &Row, record: &Record) -> Vec<Finding> {
    let finding = |label: &str, api_name: &str| {
        Finding::new(Code::PartiesNotMoved)
            .field(label, api_name)
            .other(record.id.to_string())
    };
    let mut findings = Vec::new();
    if record
        .account
        .as_ref()
        .is_some_and(|account| id_at(value_at(row, "AccountId")) != Some(account.id))
    {
        findings
            .push(finding("Account", "AccountId").value(field::shown(value_at(row, "AccountId"))));
    }
    if let Some(contact) = &record.contact {
        let primary = conditions::contact_roles(row)
            .iter()
            .find(|role| role["IsPrimary"] == Value::Bool(true));
        if primary.is_none_or(|role| id_at(&role["ContactId"]) != Some(contact.id)) {
            findings.push(finding("Contact Roles", "OpportunityContactRole.IsPrimary"));
        }
    }
    findings
}
