//! Random histories of edits on both sides of a link, with runs, deliveries, crashes, lost answers and replays between
//! any two calls: no edit goes without its effect, its entry or its pending write. `DEALBRIDGE_EDITS` is the number of
//! histories; a seed reproduces its history.

mod model;
mod ports;

use std::sync::Arc;

use serde_json::json;

use self::{
    model::{FIELDS, LastEdit, Model, settings},
    ports::Handle,
};
use crate::{code::Code, record::LinkStatus, settings::Settings};

/// The acts of a history, beside those that happen between two calls of another.
const ACTS: usize = 14;

fn histories() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where these tests read the environment"
    )]
    let asked = std::env::var("DEALBRIDGE_EDITS");
    asked.map_or(20_000, |asked| asked.parse().unwrap())
}

/// Plays one history to its quiet end.
fn play(seed: u64, settings: &Arc<Settings>, is_told: bool) -> Handle {
    let handle = Handle::new(seed, settings, is_told);
    for _ in 0..ACTS {
        handle.act();
        check_due(&mut handle.model());
    }
    {
        let mut model = handle.model();
        model.tell(|_| "it becomes quiet".to_owned());
        model.is_calm = true;
        if model.row["Sync__c"] != true || model.row["IsDeleted"] == true {
            model.write_there(&json!({ "Sync__c": true, "IsDeleted": false }));
        }
    }
    for _ in 0..4 {
        handle.model().run();
        handle.deliver();
        check_due(&mut handle.model());
    }
    let mut model = handle.model();
    model.run();
    if model.last_counted_as_update {
        model
            .wrong
            .push("what was written came back as an update".to_owned());
    }
    if model.outbox.is_some() || model.claim.pending.is_some() {
        let left = format!("after the end, {:?} is left", model.claim.pending);
        model.wrong.push(left);
    }
    let status = model.record.link.as_ref().map(|link| link.status);
    if status != Some(LinkStatus::Synced) {
        model
            .wrong
            .push(format!("after the end, the link is {status:?}"));
    }
    check_edits(&mut model);
    drop(model);
    handle
}

/// A write that is due has its note, and its fields what was agreed on.
fn check_due(model: &mut Model) {
    let due = model
        .claim
        .pending
        .as_ref()
        .map(|pending| pending.id.clone());
    let noted = model.outbox.as_ref().map(|note| note.write.clone());
    let status = model.record.link.as_ref().map(|link| link.status);
    if due != noted || due.is_some() != (status == Some(LinkStatus::Pending)) {
        model.wrong.push(format!(
            "{due:?} is due, {noted:?} is noted, the link is {status:?}"
        ));
    }
    if let Some(pending) = &model.claim.pending {
        let base = &model.claim.base;
        if let Some(name) = pending.edited.iter().find(|name| base.get(name).is_none()) {
            let wrong = format!("{name} is due and nothing was agreed on");
            model.wrong.push(wrong);
        }
    }
}

/// Each side's last edit of a field stands, was known to whoever wrote over it, or has its entry.
fn check_edits(model: &mut Model) {
    let mut wrong = Vec::new();
    for (name, path, by_value) in FIELDS {
        let here = model.record.fields.get(name).cloned().unwrap_or_default();
        let there = model.row[path].clone();
        let ours = model.edits_here.get(name);
        let theirs = model.edits_there.get(name);
        let is_refused = ours.is_some_and(|edit| model.has_refusal_since(path, edit.at));
        let is_one_way = matches!(name, "stage" | "close_date");
        if !by_value {
            let row = model
                .settings
                .mappings
                .iter()
                .find(|row| row.channeltivity == name);
            let field = model.settings.deal_field(name).unwrap();
            let translated = row.unwrap().to_channeltivity(&there, field);
            if !field.same(&here, &translated) {
                wrong.push(format!("{name} is {here} here and {translated} there"));
            }
            continue;
        }
        if here != there && !is_one_way && !is_refused {
            wrong.push(format!("{name} is {here} here and {there} there"));
        }
        let lost = |edit: &LastEdit, stands: bool, side: &str| {
            let told = model.entries.iter().any(|entry| {
                entry.code == Code::ConflictResolved
                    && edit.value.as_str().is_some_and(|text| {
                        let start: String = text.chars().take(20).collect();
                        entry.context.value.contains(&start)
                    })
            });
            let can_be_told = edit.value.as_str().is_some_and(|text| text.contains('<'));
            (can_be_told && !stands && !told)
                .then(|| format!("the edit of {name} to {} {side} was lost", edit.value))
        };
        if let Some(edit) = ours {
            // It is there, or here where it does not flow or was refused, or somebody knew it who wrote over it.
            let stands = there == edit.value
                || (here == edit.value && name == "stage")
                || theirs.is_some_and(|other| other.knew_other && other.time > edit.time)
                || is_refused;
            wrong.extend(lost(edit, stands, "here"));
        }
        if let Some(edit) = theirs {
            let stands = here == edit.value
                || (there == edit.value && name == "close_date")
                || ours.is_some_and(|other| other.knew_other && other.time > edit.time);
            wrong.extend(lost(edit, stands, "in Salesforce"));
        }
    }
    model.wrong.append(&mut wrong);
}

#[test]
fn no_edit_goes_without_its_effect_its_conflict_entry_or_its_pending_write() {
    let mut met = std::collections::BTreeMap::<Code, usize>::new();
    let mut delivered = false;
    let settings = Arc::new(settings());
    for seed in 0..histories() {
        let handle = play(seed, &settings, false);
        let model = handle.model();
        if !model.wrong.is_empty() {
            // The same history again, told.
            let told = play(seed, &settings, true);
            let story = told.model().story.join("\n");
            panic!("seed {seed}: {:#?}\n{story}", model.wrong);
        }
        delivered |= model.acts.contains(&"write-delivered");
        for entry in &model.entries {
            *met.entry(entry.code).or_default() += 1;
        }
    }
    for code in [
        Code::ConflictResolved,
        Code::WriteRefused,
        Code::Updated,
        Code::LinkPaused,
        Code::LinkResumed,
    ] {
        assert!(met.contains_key(&code), "{code}: {met:?}");
    }
    assert!(delivered);
}
