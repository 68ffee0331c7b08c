//! A model of links that follows the history of committed transactions and reports each step that breaks an invariant
//! of the architecture.

use std::collections::BTreeMap;

use dealbridge_core::{SalesforceId, record::RecordId};
use serde_json::Value;

use crate::scheduler::Step;

/// The kind of client that commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The import worker.
    Import,
    /// Link, unlink and allow import.
    Administrator,
    /// The push worker.
    Push,
}

/// A claim as the model knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClaimSeen {
    /// `live`, `suppressed` or `released`.
    pub(crate) state: String,
    /// The record, as it is stored.
    pub(crate) record: String,
    /// The epoch.
    pub(crate) epoch: u64,
    version: u64,
    stamp: String,
    /// The pending write.
    pending: Option<String>,
    /// The number of the link among those of this Salesforce record, which distinguishes successive links of a pair.
    pub(crate) link: u64,
}

/// Claims by Salesforce record, and the Salesforce record and version of each record by its key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    /// Claims.
    pub(crate) claims: BTreeMap<String, ClaimSeen>,
    /// Records.
    pub(crate) records: BTreeMap<String, (Option<String>, u64)>,
}

/// The effect of a committed transaction on a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// A record was linked.
    Linked,
    /// A link, with its number, was removed.
    Unlinked(u64),
    /// A suppression was lifted.
    Allowed,
    /// No effect on links.
    Other,
}

/// The key of a record in the Records table.
pub(crate) fn key_of(stored: &str) -> String {
    let (kind, id) = stored.split_once('/').unwrap();
    format!("{}#{id}", kind.to_uppercase())
}

fn text(item: &Value, name: &str) -> Option<String> {
    item[name]["S"].as_str().map(str::to_owned)
}

fn number(item: &Value, name: &str) -> u64 {
    item[name]["N"].as_str().unwrap().parse().unwrap()
}

impl Model {
    /// Takes in an item of the store.
    pub(crate) fn know(&mut self, item: &Value) {
        let pk = text(item, "pk").unwrap();
        if let Some(id) = pk.strip_prefix("SF#") {
            let id = id.split_once('#').unwrap().1.to_owned();
            let link = self.claims.get(&id).map_or(0, |claim| claim.link);
            let claim = seen(item, link);
            self.claims.insert(id, claim);
        } else {
            let link = text(item, "salesforce_id");
            self.records.insert(pk, (link, number(item, "version")));
        }
    }

    /// Follows a committed transaction. Returns its effect and its violations.
    pub(crate) fn follow(
        &mut self,
        step: &Step,
        role: Role,
        org: SalesforceId,
    ) -> (Act, Vec<String>) {
        let mut broken = Vec::new();
        let mut act = Act::Other;
        let puts: Vec<(&str, &Value)> = step.request["TransactItems"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|item| Some((item["Put"]["TableName"].as_str()?, &item["Put"]["Item"])))
            .collect();
        for (_, item) in puts.iter().filter(|(table, _)| *table == "Records") {
            let (pk, version) = (text(item, "pk").unwrap(), number(item, "version"));
            let before = self.records.get(&pk).map_or(0, |(_, version)| *version);
            if version != before + 1 {
                broken.push(format!("{pk} went from version {before} to {version}"));
            }
            self.know(item);
        }
        let moved = self.moved(&puts);
        for (_, item) in puts.iter().filter(|(table, _)| *table == "Links") {
            let id = text(item, "pk")
                .unwrap()
                .rsplit('#')
                .next()
                .unwrap()
                .to_owned();
            let before = self.claims.get(&id).cloned();
            let mut after = seen(item, before.as_ref().map_or(0, |claim| claim.link));
            let was_live = before.as_ref().is_some_and(|claim| claim.state == "live");
            if after.state == "live" && !was_live {
                (after.link, act) = (after.link + 1, Act::Linked);
            } else if after.state == "suppressed" && was_live {
                act = Act::Unlinked(after.link);
            } else if after.state == "released"
                && role == Role::Administrator
                && before
                    .as_ref()
                    .is_some_and(|claim| claim.state == "suppressed")
            {
                act = Act::Allowed;
            }
            let is_move = moved.as_ref() == Some(&after.record);
            if role == Role::Import && act == Act::Linked && !is_move {
                broken.extend(self.twin(&id));
            }
            broken.extend(transition(
                &id,
                (before.as_ref(), &after),
                (role, is_move),
                org,
            ));
            self.claims.insert(id, after);
        }
        let is_audited = puts.iter().any(|(table, item)| {
            *table == "Log" && text(item, "pk").is_some_and(|pk| pk.starts_with("RECORD#"))
        });
        if role == Role::Administrator && act != Act::Other && !is_audited {
            broken.push("an administrator's change left no audit row".to_owned());
        }
        broken.extend(self.broken_mirrors());
        (act, broken)
    }

    /// The violation that an Opportunity was imported beside the link of the Lead that became it. Scenes link no Lead
    /// except to convert it.
    fn twin(&self, id: &str) -> Option<String> {
        let of_lead = self
            .claims
            .iter()
            .find(|(id, claim)| id.starts_with("00Q") && claim.state == "live")?;
        Some(format!("{id} became a Deal beside the link of {of_lead:?}"))
    }

    /// The record whose converted Lead a transaction releases.
    fn moved(&self, puts: &[(&str, &Value)]) -> Option<String> {
        puts.iter()
            .filter(|(table, _)| *table == "Links")
            .find_map(|(_, item)| {
                let id = text(item, "pk")?.rsplit('#').next()?.to_owned();
                let was_live = self
                    .claims
                    .get(&id)
                    .is_some_and(|claim| claim.state == "live");
                (id.starts_with("00Q") && was_live && text(item, "state")? == "released")
                    .then(|| text(item, "record"))?
            })
    }

    /// Reports records and live claims that do not mirror each other. Where they do, each side has at most one other.
    fn broken_mirrors(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for (id, claim) in self
            .claims
            .iter()
            .filter(|(_, claim)| claim.state == "live")
        {
            let record = self.records.get(&key_of(&claim.record));
            if record.and_then(|(link, _)| link.as_ref()) != Some(id) {
                broken.push(format!(
                    "the live claim of {id} names {}, which is linked to {record:?}",
                    claim.record
                ));
            }
        }
        for (record, (link, _)) in &self.records {
            let Some(id) = link else { continue };
            let claim = self.claims.get(id);
            if !claim.is_some_and(|claim| claim.state == "live" && key_of(&claim.record) == *record)
            {
                broken.push(format!(
                    "{record} is linked to {id}, whose claim is {claim:?}"
                ));
            }
        }
        broken
    }
}

fn seen(item: &Value, link: u64) -> ClaimSeen {
    ClaimSeen {
        state: text(item, "state").unwrap(),
        record: text(item, "record").unwrap(),
        epoch: number(item, "epoch"),
        version: number(item, "version"),
        stamp: text(item, "stamp").unwrap(),
        pending: text(&item["pending"]["M"], "id"),
        link,
    }
}

/// The violation in a claim's change, if any.
fn transition(
    id: &str,
    (before, after): (Option<&ClaimSeen>, &ClaimSeen),
    (role, is_move): (Role, bool),
    org: SalesforceId,
) -> Vec<String> {
    let mut broken = Vec::new();
    let (epoch, version) = before.map_or((0, 0), |claim| (claim.epoch, claim.version));
    if after.version != version + 1 {
        broken.push(format!(
            "{id} went from version {version} to {}",
            after.version
        ));
    }
    let from = before.map_or("absent", |claim| claim.state.as_str());
    let same_record = before.is_none_or(|claim| claim.record == after.record);
    let allowed = match (role, from, after.state.as_str()) {
        // A run's id on the claim, or an update. A pending write remains, except for a Lead: each Lead of a scene is
        // converted.
        (Role::Import, from, to) if from == to => {
            let is_given_up = id.starts_with("00Q") && after.pending.is_none();
            same_record
                && after.epoch == epoch
                && (is_given_up || after.pending == before.and_then(|claim| claim.pending.clone()))
        }
        // A write is delivered once.
        (Role::Push, "live", "live") => {
            let was_due = before.is_some_and(|claim| claim.pending.is_some());
            same_record && after.epoch == epoch && was_due && after.pending.is_none()
        }
        // A converted Lead's link continues at its Opportunity.
        (Role::Import, "live", "released") => is_move && same_record && after.epoch == epoch,
        (Role::Import, "absent" | "suppressed" | "released", "live") if is_move => {
            after.epoch == epoch
        }
        (Role::Import, "absent" | "released", "live") => {
            let opportunity = SalesforceId::parse(id).unwrap();
            let deal = RecordId::of_imported_deal(org, opportunity, u32::try_from(epoch).unwrap());
            after.epoch == epoch && after.record == format!("deal/{}", deal.id())
        }
        (Role::Administrator, "absent" | "suppressed" | "released", "live") => after.epoch == epoch,
        (Role::Administrator, "live", "suppressed") => {
            same_record && after.epoch == epoch + 1 && after.pending.is_none()
        }
        (Role::Administrator, "suppressed", "released") => same_record && after.epoch == epoch,
        _ => false,
    };
    if !allowed {
        broken.push(format!("{role:?} made {after:?} of {before:?}"));
    }
    if let Some(before) =
        before.filter(|before| after.record == before.record && after.stamp < before.stamp)
    {
        broken.push(format!(
            "{id} went back from {} to {}",
            before.stamp, after.stamp
        ));
    }
    broken
}
