//! The invariants: after each step, and when everything has come to rest.

use serde_json::Value;

use super::{Edit, Judge, Side, is_live, key};
use crate::{
    SalesforceId,
    claim::ClaimState,
    code::Code,
    interleavings::{
        items::Items,
        org::{Org, Stored},
        set_up::FIELDS,
    },
    message::Note,
    record::{LinkStatus, Record},
};

/// Returns `true` if a Salesforce record that was created for one of the portal's is, or was, linked, was reported, or is
/// what a create is still about.
fn is_somebodys(id: SalesforceId, items: &Items, org: &Org) -> bool {
    let stored = &org.rows[&id];
    let became = stored
        .fields
        .get("ConvertedOpportunityId")
        .and_then(Value::as_str);
    let became = became.and_then(|id| SalesforceId::parse(id).ok());
    let is_known = |id: &SalesforceId| items.claims.contains_key(id) || items.orphans.contains(id);
    let is_creating = |record: &Record| {
        record.creating.is_some() && stored.key() == Some(&*key(&record.id, record.life))
    };
    is_known(&id)
        || became.is_some_and(|id| is_known(&id))
        || items.records.values().any(is_creating)
}

impl Judge {
    /// Checks what holds at every moment.
    pub(in crate::interleavings) fn check(&mut self, items: &Items) {
        if !std::mem::take(&mut self.is_due) {
            return;
        }
        let mut wrong = Vec::new();
        for claim in items.claims.values() {
            let record = items.records.get(&claim.record);
            let link = record.and_then(|record| record.link.as_ref());
            let is_linked = link.is_some_and(|link| link.salesforce_id == claim.salesforce);
            if is_live(claim) != is_linked {
                wrong.push(format!(
                    "the claim {} is {:?}, {} is linked: {is_linked}",
                    claim.salesforce, claim.state, claim.record
                ));
            }
            let due = claim.pending.as_ref().map(|due| due.id.as_str());
            let noted = items
                .note(&Note::Write(claim.salesforce))
                .map(|note| note.id());
            let status = link.filter(|_| is_linked).map(|link| link.status);
            // What is due to a record that is gone is given up by the next run, or reported by the worker.
            let is_pending = match status {
                Some(LinkStatus::Disconnected) => due.is_some(),
                status => status == Some(LinkStatus::Pending),
            };
            if due != noted || due.is_some() != is_pending {
                wrong.push(format!(
                    "{due:?} is due to {}, {noted:?} is noted, the link is {status:?}",
                    claim.salesforce
                ));
            }
            let edited = claim.pending.iter().flat_map(|due| &due.edited);
            for name in edited.filter(|name| claim.base.get(name).is_none()) {
                wrong.push(format!(
                    "{name} is due to {} and nothing was agreed on",
                    claim.salesforce
                ));
            }
        }
        for record in items.records.values() {
            if let Some(link) = &record.link {
                let claim = items.claims.get(&link.salesforce_id);
                if !claim.is_some_and(|claim| is_live(claim) && claim.record == record.id) {
                    wrong.push(format!(
                        "{} is linked to {}, whose claim is {claim:?}",
                        record.id, link.salesforce_id
                    ));
                }
            }
            let life = 1 + items.endings.get(&record.id).copied().unwrap_or_default();
            let is_imported = record.id.id().starts_with("deal-");
            if record.life > life || (record.life < life && !is_imported) {
                wrong.push(format!(
                    "{} is in its life {}, not {life}",
                    record.id, record.life
                ));
            }
            if let Some(creating) = &record.creating {
                let noted = items
                    .note(&Note::Create(record.id.clone(), record.life))
                    .map(|note| note.id());
                let problem = items
                    .send_problems
                    .get(&record.id)
                    .map(|problem| problem.create.as_str());
                let is_kept = if creating.refused { problem } else { noted } == Some(&creating.id);
                if record.link.is_some() || !is_kept {
                    wrong.push(format!(
                        "{} is creating {creating:?}, noted {noted:?}, problem {problem:?}",
                        record.id
                    ));
                }
            }
        }
        for id in items.send_problems.keys() {
            if items
                .records
                .get(id)
                .is_none_or(|record| record.creating.is_none())
            {
                wrong.push(format!("{id} has a send problem and is not to be created"));
            }
        }
        self.wrong.append(&mut wrong);
    }

    /// Checks what holds when everything has come to its end.
    pub(in crate::interleavings) fn check_end(&mut self, items: &Items, org: &Org) {
        let mut wrong: Vec<String> = self
            .edits
            .iter()
            .filter_map(|edit| self.lost(edit, items, org))
            .collect();
        for record in items.records.values() {
            if let Some(creating) = &record.creating {
                let codes = items
                    .send_problems
                    .get(&record.id)
                    .map(|problem| problem.codes())
                    .unwrap_or_default();
                if !creating.refused || !self.stands_in_the_way(record, &codes, items, org) {
                    wrong.push(format!(
                        "in the end {} is still to be created: {codes:?}",
                        record.id
                    ));
                }
            }
            let Some(link) = record
                .link
                .as_ref()
                .filter(|link| link.status != LinkStatus::Disconnected)
            else {
                continue;
            };
            if link.status != LinkStatus::Synced {
                wrong.push(format!("in the end {} is {:?}", record.id, link.status));
            }
            for field in FIELDS
                .iter()
                .filter(|field| field.goes_out && field.comes_in)
            {
                let Some(path) = field.path(link.object) else {
                    continue;
                };
                let here = record.fields.get(field.name).unwrap_or(&Value::Null);
                let there = &org.rows[&link.salesforce_id].fields[path];
                let is_refused = here.as_str().is_some_and(|here| here.ends_with('!'));
                if here != there && !is_refused {
                    wrong.push(format!(
                        "in the end {} has {} {here}, {} {there}",
                        record.id, field.name, link.salesforce_id
                    ));
                }
            }
        }
        let created = org.ids(|stored| stored.key().is_some() && !stored.is("IsDeleted"));
        for id in created
            .into_iter()
            .filter(|id| !is_somebodys(*id, items, org))
        {
            wrong.push(format!(
                "in the end {id} is nobody's, and nobody is told of it"
            ));
        }
        if !items.outbox.is_empty() {
            wrong.push(format!("in the end the outbox has {:?}", items.outbox));
        }
        self.wrong.append(&mut wrong);
    }

    /// Returns a word about an edit that is without effect, entry and reason.
    fn lost(&self, edit: &Edit, items: &Items, org: &Org) -> Option<String> {
        let (seen, id) = match &edit.side {
            Side::Here(id) => (&self.seen_there, id.clone()),
            Side::There(id) => (
                &self.seen_here,
                items
                    .claims
                    .get(id)
                    .filter(|claim| is_live(claim))?
                    .record
                    .clone(),
            ),
        };
        if edit.is_superseded
            || seen.contains_key(&edit.value)
            || self.has_ended_since(&edit.side, edit.at)
        {
            return None;
        }
        let record = items.records.get(&id)?;
        let link = record
            .link
            .as_ref()
            .filter(|link| link.status != LinkStatus::Disconnected)?;
        let path = edit.field.path(link.object)?;
        let stands = match &edit.side {
            Side::Here(_) => !edit.field.goes_out,
            Side::There(id) => !edit.field.comes_in && org.rows[id].fields[path] == edit.value,
        };
        (!stands && !self.has_entry(edit)).then(|| {
            format!(
                "the edit of {} to {} at {:?} is lost",
                edit.field.name, edit.value, edit.side
            )
        })
    }

    /// Returns `true` if a record cannot be created for a reason that its problem names.
    fn stands_in_the_way(&self, record: &Record, codes: &[Code], items: &Items, org: &Org) -> bool {
        let mut values = record.fields.values().filter_map(Value::as_str);
        let is_refused = values.any(|value| value.ends_with('!'));
        let key = key(&record.id, record.life);
        let is_taken = |stored: &Stored| {
            let id = stored.fields["Id"]
                .as_str()
                .and_then(|id| SalesforceId::parse(id).ok());
            let became = stored
                .fields
                .get("ConvertedOpportunityId")
                .and_then(Value::as_str);
            let became = became.and_then(|id| SalesforceId::parse(id).ok());
            let is_claimed = |id: SalesforceId| {
                items
                    .claims
                    .get(&id)
                    .is_some_and(|claim| claim.state != ClaimState::Released)
            };
            stored.key() == Some(&key)
                && (stored.is("IsConverted") && became.is_none_or(is_claimed)
                    || id.is_some_and(is_claimed))
        };
        match codes {
            [Code::SfValidationRule] => is_refused,
            [Code::SfExternalIdTaken] => !org.ids(is_taken).is_empty(),
            _ => false,
        }
    }
}
