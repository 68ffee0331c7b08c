//! The effects of a Salesforce record's state on the record that it is linked to.

use std::collections::BTreeSet;

use serde_json::Map;

use super::{
    condition::Condition,
    decision::{Decision, Verdict},
    facts::{Facts, id_at, labels, value_at},
    followed::{Followed, followed},
    parties,
    record_update::RecordUpdate,
};
use crate::{
    SalesforceObject, SystemModstamp,
    claim::{Claim, ClaimState, PendingWrite},
    code::Code,
    finding::Finding,
    link::edit,
    record::{LinkStatus, Record},
    salesforce::Row,
    settings::Settings,
    three_way::flowing,
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
    let of_link = claim
        .pending
        .iter()
        .flat_map(|pending| pending.fields.keys());
    let of_link = of_link
        .filter(|field| !field.eq_ignore_ascii_case(sync_flag))
        .cloned();
    let edited = claim.pending.iter().flat_map(|pending| &pending.edited);
    let fields: Vec<String> = of_link.chain(edited.cloned()).collect();
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
    let (state, mut reason) = link_state(facts, settings);
    let object = SalesforceObject::of(&facts.opportunity).unwrap_or(SalesforceObject::Opportunity);
    let kept = claim.pending.clone().filter(|pending| {
        !is_converted(facts) && (state == LinkStatus::Synced || pending.is_of_link())
    });
    let with_write = |pending: Option<&PendingWrite>| match state {
        // The write of a link sets the Sync Flag, too.
        LinkStatus::Synced | LinkStatus::Paused if pending.is_some() => LinkStatus::Pending,
        state => state,
    };
    let mut status = with_write(kept.as_ref());
    if status == LinkStatus::Pending {
        reason = None;
    } else if status == LinkStatus::Synced && link.status == LinkStatus::Synced {
        // A refusal by Salesforce of the link's own write still stands.
        reason.clone_from(&link.reason);
    }
    let stamp = facts.row.and_then(Row::stamp).unwrap_or(link.stamp);
    let status_changed = status != link.status || reason != link.reason;
    let conflict = move_conflict(facts, record);
    let gives_up = kept != claim.pending;
    let digest = facts.row.map_or(claim.digest, |_| facts.digest);
    let is_known = stamp == link.stamp
        && !status_changed
        && !gives_up
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
    let has_new_state = !findings.is_empty();
    if gives_up && is_converted(facts) {
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
            base: claim.base.clone(),
            pending: kept,
        };
        return Decision::failed(conflict, Some(update));
    }
    let mut fields = Map::new();
    let mut base = claim.base.clone();
    if kept.is_none() {
        // What was on its way may have arrived.
        let given_up = claim.pending.iter().flat_map(|pending| &pending.edited);
        for field in given_up.filter_map(|name| settings.mapping(object).field(name)) {
            base.send(field, &record.value(&field.name));
        }
    }
    let mut pending = kept;
    let active = matches!(status, LinkStatus::Synced | LinkStatus::Pending);
    // What was edited meanwhile goes on when the link does.
    let resumes = active && matches!(link.status, LinkStatus::Paused | LinkStatus::Disconnected);
    if let (Some(row), true) = (facts.row, active) {
        let Followed {
            changed,
            failures,
            hidden,
            base: agreed,
            resolved,
            kept_here,
        } = followed(row, object, (&base, pending.as_ref()), record, settings);
        if !failures.is_empty() {
            // The link's status follows all the same. The stamp stays, so that the value that did not fit is checked
            // again.
            if resumes {
                let edited = flowing(&base, record, settings, object);
                pending = due(pending, edited, claim, record);
                status = with_write(pending.as_ref());
            }
            let status_alone = RecordUpdate {
                fields,
                status,
                reason,
                name: link.name.clone(),
                stamp: link.stamp,
                digest: claim.digest,
                findings,
                is_change: true,
                base,
                pending,
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
        base = agreed;
        let mut next = record.clone();
        next.fields.extend(changed.clone());
        let edited = if resumes {
            flowing(&base, &next, settings, object)
        } else {
            let under_way = pending.iter().flat_map(|pending| pending.edited.iter());
            let still = under_way.filter(|name| base.get(name).is_some()).cloned();
            still.chain(kept_here).collect()
        };
        pending = due(pending, edited, claim, record);
        status = with_write(pending.as_ref());
        if !changed.is_empty() {
            let names = changed.keys().cloned().collect::<Vec<_>>().join(", ");
            findings.push(
                Finding::new(Code::Updated)
                    .value(names)
                    .other(record.id.to_string()),
            );
        }
        findings.extend(resolved);
        findings.extend(hidden);
        findings.extend(parties::not_moved(row, facts.directory, record, settings));
        fields = changed;
    }
    let is_change = has_new_state || !fields.is_empty();
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
        base,
        pending,
    })))
}

/// Returns the write that is due once these edited fields are; [`None`] if there is nothing to write.
fn due(
    kept: Option<PendingWrite>,
    edited: BTreeSet<String>,
    claim: &Claim,
    record: &Record,
) -> Option<PendingWrite> {
    let is_of_link = kept.as_ref().is_some_and(PendingWrite::is_of_link);
    if edited.is_empty() && !is_of_link {
        return None;
    }
    let is_asked_for = kept
        .as_ref()
        .is_some_and(|kept| edited.is_subset(&kept.edited));
    // Whatever Salesforce holds is looked at before anything is written.
    let mut write = kept.unwrap_or_else(|| edit::nothing(SystemModstamp::from_second(0)));
    if !is_asked_for {
        // No other change of the claim has this version.
        write.id = format!(
            "{}-{}.{}",
            record.id.id(),
            record.version + 1,
            claim.version + 1
        );
    }
    write.edited = edited;
    Some(write)
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
