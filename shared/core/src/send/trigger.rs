//! The triggers that have a record created in Salesforce. Each function marks the record, whose version its caller has raised, and
//! returns the request that the caller's transaction puts into the outbox and its queue takes afterwards.

use crate::{
    SalesforceObject,
    base::{Agreed, Remembered, agree},
    change::Write,
    message::{CreateRequest, PushRequest, VERSION},
    record::{CreateTarget, Creating, Record},
    settings::{SendMode, SendTarget, Settings},
    three_way::{self, MappedField},
};

/// A record was submitted.
#[must_use]
pub fn on_submit(settings: &Settings, record: &mut Record) -> Option<PushRequest> {
    let send = settings.send.of(record.id.kind());
    let is_wanted = match send.mode {
        SendMode::OnSubmit => true,
        SendMode::OnStatus => is_in(&send.statuses, record.registration_status.as_deref()),
        SendMode::Off | SendMode::Manual => false,
    };
    is_wanted.then(|| create(settings, record, None)).flatten()
}

/// A record's registration status changed from `before` to the one that it carries.
#[must_use]
pub fn on_status(
    settings: &Settings,
    record: &mut Record,
    before: Option<&str>,
) -> Option<PushRequest> {
    let send = settings.send.of(record.id.kind());
    let becomes = is_in(&send.statuses, record.registration_status.as_deref())
        && !is_in(&send.statuses, before);
    (send.mode == SendMode::OnStatus && becomes && record.creating.is_none())
        .then(|| create(settings, record, None))
        .flatten()
}

/// A record is edited while it is being created: an attempt whose answer was lost may have brought the values of `before`
/// to Salesforce, and a later one need not bring the present ones to the record that it finds there.
pub fn remember(settings: &Settings, before: &Record, record: &mut Record) {
    let Some(mut creating) = record.creating.take() else {
        return;
    };
    for object in SalesforceObject::ALL {
        for MappedField { field, .. } in three_way::mapped_fields(settings, object) {
            let (from, to) = (before.value(&field.name), record.value(&field.name));
            if agree(&from, &to, field) {
                continue;
            }
            let agreed = creating
                .edited
                .entry(&field.name, || Agreed::on(&from, field));
            agreed.send(Remembered::of(&from, field));
        }
    }
    record.creating = Some(creating);
}

/// A record was edited: if Salesforce refused to create it, it is tried again with its present values.
#[must_use]
pub fn on_edit(settings: &Settings, record: &mut Record) -> Option<PushRequest> {
    let Creating { refused, task, .. } = record.creating.clone()?;
    (refused && settings.send.of(record.id.kind()).is_on())
        .then(|| create(settings, record, task))
        .flatten()
}

/// Someone wants a record created in Salesforce, under that task. None if it is linked, or if its kind is not sent.
#[must_use]
pub fn sync_now(settings: &Settings, record: &mut Record, task: &str) -> Option<PushRequest> {
    settings
        .send
        .of(record.id.kind())
        .is_on()
        .then(|| create(settings, record, Some(task.to_owned())))
        .flatten()
}

/// Returns the writes that go with a record's deletion, or with its link by hand: nothing is created any more.
///
/// The note in the outbox stays: its delivery looks for what an attempt whose answer was lost has created. A create
/// that was refused has none, and gets one for that.
#[must_use]
pub fn forget(record: &Record) -> Vec<Write> {
    let Some(creating) = &record.creating else {
        return Vec::new();
    };
    let mut writes = Vec::new();
    if creating.refused {
        writes.push(Write::Outbox(request(record, creating)));
    }
    if creating.has_problem {
        writes.push(Write::CloseSendProblem(record.id.clone()));
    }
    writes
}

fn request(record: &Record, creating: &Creating) -> PushRequest {
    PushRequest::Create(CreateRequest {
        version: VERSION,
        record: record.id.clone(),
        life: record.life,
        create: creating.id.clone(),
    })
}

fn is_in(statuses: &[String], status: Option<&str>) -> bool {
    status.is_some_and(|status| {
        statuses
            .iter()
            .any(|known| known.trim().eq_ignore_ascii_case(status.trim()))
    })
}

fn create(settings: &Settings, record: &mut Record, task: Option<String>) -> Option<PushRequest> {
    if record.link.is_some() {
        return None;
    }
    // An earlier attempt may have created something unseen: a later one must find it, and not create another object.
    // A refused Opportunity is none: one that exists would have been found.
    let is_known = |creating: &Creating| {
        !(creating.refused && matches!(creating.target, Some(CreateTarget::Opportunity { .. })))
    };
    let earlier = record.creating.take();
    let has_problem = earlier
        .as_ref()
        .is_some_and(|creating| creating.has_problem);
    let edited = earlier
        .as_ref()
        .map(|creating| creating.edited.clone())
        .unwrap_or_default();
    let earlier = earlier
        .filter(is_known)
        .and_then(|creating| creating.target);
    let target = earlier.or_else(|| {
        let is_lead = settings.send.of(record.id.kind()).target == SendTarget::Lead;
        is_lead.then_some(CreateTarget::Lead { because: None })
    });
    let creating = Creating {
        id: record.write_id(record.version),
        target,
        task,
        refused: false,
        has_problem,
        edited,
    };
    let request = request(record, &creating);
    record.creating = Some(creating);
    Some(request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        record::{RecordId, RecordKind},
        testing,
    };

    fn settings(mode: SendMode) -> Settings {
        let mut settings = testing::settings();
        settings.send.deal.mode = mode;
        settings.send.deal.statuses = vec!["Approved".into(), "Registered".into()];
        settings
    }

    fn record(status: &str) -> Record {
        Record {
            registration_status: Some(status.to_owned()),
            ..Record::new(RecordId::new(RecordKind::Deal, "D-17").unwrap())
        }
    }

    #[test]
    fn a_submission_is_sent_in_its_mode_or_if_it_comes_with_the_status_that_has_it_sent() {
        for (mode, status, is_sent) in [
            (SendMode::Off, "Approved", false),
            (SendMode::Manual, "Approved", false),
            (SendMode::OnSubmit, "Submitted", true),
            (SendMode::OnStatus, "Submitted", false),
            (SendMode::OnStatus, "approved ", true),
        ] {
            let mut record = record(status);
            let request = on_submit(&settings(mode), &mut record);
            assert_eq!(request.is_some(), is_sent, "{mode:?} {status}");
            assert_eq!(record.creating.is_some(), is_sent);
        }
    }

    #[test]
    fn a_status_is_a_trigger_when_it_becomes_one_of_those_named_and_only_once() {
        let settings = settings(SendMode::OnStatus);
        let mut record = record("Approved");

        assert_eq!(on_status(&settings, &mut record, Some("Registered")), None);
        let request = on_status(&settings, &mut record, Some("Submitted")).unwrap();
        assert_eq!(request.id(), "D-17-1");
        assert_eq!(on_status(&settings, &mut record, Some("Submitted")), None);
    }

    #[test]
    fn an_edit_tries_again_what_was_refused_and_nothing_else() {
        let settings = settings(SendMode::Manual);
        let mut record = record("Submitted");
        assert_eq!(on_edit(&settings, &mut record), None);

        let first = sync_now(&settings, &mut record, "task-1").unwrap();
        assert_eq!(on_edit(&settings, &mut record), None);
        record.creating.as_mut().unwrap().refused = true;
        record.version = 2;
        let second = on_edit(&settings, &mut record).unwrap();

        assert_ne!(first.id(), second.id());
        assert!(!record.creating.as_ref().unwrap().refused);
    }

    #[test]
    fn a_create_that_nobody_wants_any_more_leaves_a_note_and_no_problem() {
        let mut record = record("Submitted");
        record.life = 2;
        assert_eq!(forget(&record), []);

        let noted = sync_now(&settings(SendMode::Manual), &mut record, "task-1").unwrap();
        assert_eq!(forget(&record), []);
        let creating = record.creating.as_mut().unwrap();
        (creating.refused, creating.has_problem) = (true, true);

        let problem = Write::CloseSendProblem(record.id.clone());
        assert_eq!(forget(&record), [Write::Outbox(noted), problem]);
    }

    #[test]
    fn each_life_has_an_external_id_of_its_own() {
        let mut record = record("Submitted");
        assert_eq!(record.external_id(), "deal:D-17");
        record.life = 2;
        assert_eq!(record.external_id(), "deal:D-17#2");
    }
}
