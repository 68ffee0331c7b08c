//! The effects of a Salesforce record's state on the record that it is linked to.

use serde_json::{Map, Value};

use super::{
    condition::Condition,
    conditions,
    decision::{Decision, Verdict},
    facts::{Facts, id_at, labels, value_at},
    parties,
    record_update::RecordUpdate,
};
use crate::{
    SalesforceObject,
    claim::{Claim, ClaimState},
    code::Code,
    finding::Finding,
    mapping::ObjectMapping,
    read::Reading,
    record::{LinkStatus, Record, RecordKind},
    salesforce::Row,
    settings::{STAGE, Settings},
    size::Sizes,
    value::{MAX_NAME_CHARACTERS, cut},
};

/// Returns the link's status as the Salesforce record determines it.
fn link_state(facts: &Facts<'_>, settings: &Settings) -> (LinkStatus, Option<String>) {
    let sync_flag = settings.fields.sync_flag.as_str();
    let disconnected = |reason: String| (LinkStatus::Disconnected, Some(reason));
    match facts.row {
        None => disconnected("no longer exists or is hidden from the integration user".into()),
        Some(row) if row.is_checked("IsConverted") => {
            disconnected(conversion(row, facts.successor))
        }
        Some(row) if row.is_checked("IsDeleted") => match row.text("MasterRecordId") {
            Some(survivor) => disconnected(format!("was merged into {survivor}")),
            None => disconnected("was deleted".into()),
        },
        // A Lead need not have the Sync Flag: a field that is absent cannot be off.
        Some(row) if row.get(sync_flag).is_some() && !row.is_checked(sync_flag) => (
            LinkStatus::Paused,
            Some(format!("{} is off", labels::SYNC_FLAG)),
        ),
        Some(_) => (LinkStatus::Synced, None),
    }
}

/// Returns the reason why a converted Lead's link cannot follow, in words.
fn conversion(row: &Row, successor: Option<&Claim>) -> String {
    match (row.text("ConvertedOpportunityId"), successor) {
        (None, _) if row.get("ConvertedOpportunityId").is_none() => {
            "was converted, and the integration user cannot read to which Opportunity".to_owned()
        }
        (None, _) => "was converted without an Opportunity".to_owned(),
        (Some(opportunity), Some(claim)) => {
            format!(
                "was converted to the Opportunity {opportunity}, which is linked to the {}",
                claim.record
            )
        }
        (Some(opportunity), None) => format!("was converted to the Opportunity {opportunity}"),
    }
}

fn is_converted(facts: &Facts<'_>) -> bool {
    facts.row.is_some_and(|row| row.is_checked("IsConverted"))
}

/// Returns the finding for a converted Lead whose link cannot follow because the Opportunity belongs to another record.
fn move_conflict(facts: &Facts<'_>, record: &Record) -> Option<Finding> {
    let holder = facts
        .successor
        .filter(|claim| claim.state == ClaimState::Live && is_converted(facts))?;
    let finding = Finding::new(Code::LinkMoveConflict)
        .value(format!(
            "{}, which is linked to the {}",
            holder.salesforce, holder.record
        ))
        .other(record.id.to_string());
    Some(finding)
}

/// Returns the finding for the fields that a converted Lead's link still had to write to Salesforce, apart from the
/// Sync Flag.
fn dropped_write(claim: &Claim, record: &Record, settings: &Settings) -> Option<Finding> {
    let sync_flag = settings.fields.sync_flag.as_str();
    let fields = claim
        .pending
        .iter()
        .flat_map(|pending| pending.fields.keys());
    let fields: Vec<String> = fields
        .filter(|field| !field.eq_ignore_ascii_case(sync_flag))
        .cloned()
        .collect();
    (!fields.is_empty())
        .then(|| Finding::write_dropped("was converted", &fields).other(record.id.to_string()))
}

/// Returns the Opportunity that the link of a converted Lead moves to, unless that one is taken.
fn moves_to(facts: &Facts<'_>, record: &Record) -> Option<crate::SalesforceId> {
    // A later deletion of the Lead does not change which Opportunity it became.
    let row = facts.row.filter(|row| row.is_checked("IsConverted"))?;
    let free = facts
        .successor
        .is_none_or(|claim| claim.state != ClaimState::Live || claim.record == record.id);
    id_at(value_at(row, "ConvertedOpportunityId")).filter(|_| free)
}

/// Decides what changes in the linked record because of the Salesforce record's state.
pub(super) fn update(
    facts: &Facts<'_>,
    claim: &Claim,
    record: &Record,
    settings: &Settings,
) -> Decision {
    let Some(link) = &record.link else {
        // No transaction of ours can make a live claim whose record does not point back; leave both alone.
        return Decision::only(Verdict::Unchanged);
    };
    if let Some(opportunity) = moves_to(facts, record) {
        return Decision::only(Verdict::Move(opportunity));
    }
    let (mut status, mut reason) = link_state(facts, settings);
    if claim.pending.is_some() && matches!(status, LinkStatus::Synced | LinkStatus::Paused) {
        // The write that is on its way sets the Sync Flag, too.
        (status, reason) = (LinkStatus::Pending, None);
    } else if status == LinkStatus::Synced && link.status == LinkStatus::Synced {
        // A refusal by Salesforce of the link's own write still stands.
        reason.clone_from(&link.reason);
    }
    let stamp = facts.row.and_then(Row::stamp).unwrap_or(link.stamp);
    let status_changed = status != link.status || reason != link.reason;
    let conflict = move_conflict(facts, record);
    let drops_write = claim.pending.is_some() && is_converted(facts);
    let digest = facts.row.map_or(claim.digest, |_| facts.digest);
    let is_known = stamp == link.stamp
        && !status_changed
        && !drops_write
        && (facts.row.is_none() || claim.is_up_to(stamp, digest));
    if stamp < link.stamp || is_known {
        return match conflict {
            // The conflict is an open problem for as long as it lasts.
            Some(conflict) => Decision::failed(conflict, None),
            None => Decision::only(Verdict::Unchanged),
        };
    }
    let mut findings = Vec::new();
    if status_changed && conflict.is_none() {
        findings.extend(status_finding(
            link.status,
            status,
            reason.as_deref(),
            record,
            settings,
        ));
    }
    if drops_write {
        findings.extend(dropped_write(claim, record, settings));
    }
    if let Some(conflict) = conflict {
        let update = RecordUpdate {
            fields: Map::new(),
            status,
            reason,
            name: link.name.clone(),
            stamp,
            digest,
            findings,
            is_change: true,
            drops_write,
        };
        return Decision::failed(conflict, Some(update));
    }
    let mut fields = Map::new();
    let active = matches!(status, LinkStatus::Synced | LinkStatus::Pending);
    if let (Some(row), true) = (facts.row, active) {
        let Followed {
            changed,
            failures,
            hidden,
        } = followed(row, facts, claim, record, settings);
        if !failures.is_empty() {
            // The link's status follows all the same. The stamp stays, so that the value that did not fit is checked
            // again.
            let status_alone = RecordUpdate {
                fields,
                status,
                reason,
                name: link.name.clone(),
                stamp: link.stamp,
                digest: claim.digest,
                findings,
                is_change: true,
                drops_write,
            };
            return Decision {
                conditions: failures.into_iter().map(Condition::failed).collect(),
                verdict: if status_changed {
                    Verdict::FailAndUpdate(Box::new(status_alone))
                } else {
                    Verdict::Fail
                },
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
        findings.extend(hidden);
        findings.extend(parties::not_moved(row, facts.directory, record, settings));
        fields = changed;
    }
    let is_change = status_changed || !fields.is_empty();
    let name = facts
        .row
        .and_then(|row| row.text("Name"))
        .map(|name| cut(name, MAX_NAME_CHARACTERS))
        .or_else(|| link.name.clone());
    Decision::only(Verdict::Update(Box::new(RecordUpdate {
        fields,
        status,
        reason,
        name,
        stamp,
        digest,
        findings,
        is_change,
        drops_write,
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

/// The result of the mapped fields that follow Salesforce on update.
#[derive(Default)]
struct Followed {
    /// The values that differ.
    changed: Map<String, Value>,
    /// The values that do not fit.
    failures: Vec<Finding>,
    /// The values that cannot be read: their fields keep their present values.
    hidden: Vec<Finding>,
}

fn followed(
    row: &Row,
    facts: &Facts<'_>,
    claim: &Claim,
    record: &Record,
    settings: &Settings,
) -> Followed {
    let mut followed = Followed::default();
    let mut too_long = Vec::new();
    let object = SalesforceObject::of(&facts.opportunity).unwrap_or(SalesforceObject::Opportunity);
    let ObjectMapping { fields, rows, .. } = settings.mapping(object);
    let is_on_its_way = |name: &str| {
        claim
            .pending
            .as_ref()
            .is_some_and(|pending| pending.fields.contains_key(name))
    };
    for mapping in rows
        .iter()
        .filter(|mapping| mapping.on_update.reaches_channeltivity())
    {
        let api_name = mapping.salesforce.as_str();
        let Some(field) = fields
            .iter()
            .find(|field| field.name == mapping.channeltivity)
        else {
            continue;
        };
        let read = match row.reading(&mapping.salesforce) {
            Reading::Value(read) => read,
            Reading::NotRead => continue,
            Reading::Hidden(parent) => {
                let hidden = conditions::hidden(field, &mapping.salesforce, parent);
                followed.hidden.push(hidden.other(record.id.to_string()));
                continue;
            }
        };
        if is_on_its_way(api_name) {
            // Salesforce's value is about to be overwritten.
            continue;
        }
        let needed =
            field.required || (object == SalesforceObject::Opportunity && field.name == STAGE);
        match field.fit(&mapping.to_channeltivity(read, field)) {
            Err(misfit) => {
                let finding = conditions::misfit_finding(field, api_name, read, &misfit);
                if misfit.is_beyond_any_text() {
                    followed.changed.insert(field.name.clone(), read.clone());
                    too_long.push(finding);
                } else {
                    followed.failures.push(finding);
                }
            }
            Ok(None) if needed && record.id.kind() == RecordKind::Deal => {
                let code = if field.name == STAGE {
                    Code::StageEmpty
                } else {
                    Code::RequiredFieldEmpty
                };
                followed
                    .failures
                    .push(Finding::new(code).field(&field.label(), api_name));
            }
            Ok(value) => {
                let value = value.map_or(Value::Null, |value| value.to_json());
                if !field.same(&record.value(&field.name), &value) {
                    followed.changed.insert(field.name.clone(), value);
                }
            }
        }
    }
    let Followed {
        changed, failures, ..
    } = &mut followed;
    let kept = record
        .fields
        .iter()
        .filter(|(name, _)| !changed.contains_key(*name));
    let sizes = Sizes::of(kept.chain(&*changed));
    if !changed.is_empty() && sizes.is_too_large() {
        failures.push(sizes.finding(fields, rows));
    } else {
        failures.extend(too_long);
    }
    followed
}
