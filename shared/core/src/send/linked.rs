//! The transaction that links a record to what Salesforce made of it.

use serde_json::Value;

use super::{
    attempt::Made,
    fields,
    store::{Assignees, SendStore},
    work::Create,
};
use crate::{
    SalesforceObject, SystemModstamp,
    change::{Expected, Write, with_bounded_sets},
    claim::{Claim, PendingWrite},
    code::Code,
    entry::LogLine,
    finding::Finding,
    link::{
        carry::{Carried, carry},
        edit,
        join::Join,
        store::LinkChange,
    },
    ports::{Clock, Portal},
    problem::OpenProblem,
    record::{CreateTarget, Record},
    salesforce::Salesforce,
    settings::Settings,
    three_way::flowing,
};

/// The one who linked, in a link's own words.
const INTEGRATION: &str = "integration";

impl<F: Salesforce, P: Portal, S: SendStore, U: Assignees, C: Clock + ?Sized>
    Create<'_, F, P, S, U, C>
{
    /// Returns the change that links: record, claim and log line, and what is still to be written to Salesforce.
    pub(super) fn linked(
        &self,
        record: &Record,
        made: &Made,
        (claim, problem): (Option<Claim>, Option<OpenProblem>),
        settings: &Settings,
    ) -> LinkChange {
        let org = settings.organization_id;
        let Carried {
            pending,
            dropped,
            base,
        } = self.left(record, made, settings);
        let mut next = record.clone();
        next.version += 1;
        next.creating = None;
        let joined = Join {
            record,
            claim: claim.as_ref(),
            problem: problem.as_ref(),
            org,
            salesforce: made.id,
            object: made.object,
            name: &made.draft.name,
            // Nothing of it was read yet: the next run does, whatever its stamp.
            stamp: SystemModstamp::from_second(0),
            digest: None,
            pending,
            base,
            by: INTEGRATION,
            at: self.clock.now(),
        }
        .parts();
        next.link = Some(joined.link);
        let mut writes = vec![
            Write::Record(Box::new(next), Expected::Version(record.version)),
            joined.claim,
        ];
        if let Some(problem) = &problem {
            writes.push(Write::CloseProblem(
                made.id,
                Expected::Version(problem.version),
            ));
        }
        if record
            .creating
            .as_ref()
            .is_some_and(|creating| creating.has_problem)
        {
            writes.push(Write::CloseSendProblem(record.id.clone()));
        }
        let mut sent = Finding::new(Code::Sent).other(record.id.to_string());
        if let Some(lead) = made.converted {
            sent = sent.value(format!(
                ", to which its Lead {lead} was converted in the meantime"
            ));
        }
        let mut findings = vec![sent];
        if let Some(CreateTarget::Lead { because: Some(why) }) = record
            .creating
            .as_ref()
            .and_then(|creating| creating.target.as_ref())
        {
            let finding = Finding::new(Code::SentAsLead).value(why);
            findings.push(finding.other(record.id.to_string()));
        }
        if let Some(lead) = made.converted.filter(|_| !dropped.is_empty()) {
            let fate = format!("was converted from the Lead {lead}");
            let finding = Finding::write_dropped(&fate, &dropped);
            findings.push(finding.other(record.id.to_string()));
        }
        LinkChange {
            writes: with_bounded_sets(writes),
            line: LogLine {
                salesforce: Some(made.id),
                name: made.draft.name.clone(),
                entity: Some(record.id.clone()),
                findings,
            },
            outbox: joined.outbox,
            links_lead: made.object == SalesforceObject::Lead,
            ..LinkChange::empty(org)
        }
    }

    /// Returns what is still to be written to Salesforce: what edits changed while the record was being created, and the
    /// Sync Flag of an Opportunity that the Lead was converted to.
    fn left(&self, record: &Record, made: &Made, settings: &Settings) -> Carried {
        let edited = record.creating.as_ref().map(|creating| &creating.edited);
        let edited = edited.cloned().unwrap_or_default();
        if made.converted.is_some() {
            return carry(record, (None, &edited), None, settings);
        }
        let nothing = PendingWrite {
            id: record.write_id(record.version + 1),
            ..edit::nothing(SystemModstamp::from_second(0))
        };
        if made.is_found {
            // An earlier attempt made it, of values that are not known to be the present ones.
            let fields = flowing(&edited, record, settings, made.object);
            let pending = (!fields.is_empty()).then_some(PendingWrite {
                edited: fields,
                ..nothing
            });
            return Carried {
                pending,
                base: edited,
                ..Carried::default()
            };
        }
        Carried {
            pending: self.changed_since(record, made, nothing, settings),
            ..Carried::default()
        }
    }

    /// Adds to a write what an edit changed since the record was created.
    fn changed_since(
        &self,
        record: &Record,
        made: &Made,
        mut write: PendingWrite,
        settings: &Settings,
    ) -> Option<PendingWrite> {
        if record.version == made.record.version {
            return None;
        }
        let now = fields::draft(record, settings, &made.target, self.today());
        for (name, value) in fields::changed(&made.draft.fields, &now.fields) {
            let before = made.draft.fields.get(&name).cloned();
            write
                .before
                .insert(name.clone(), before.unwrap_or(Value::Null));
            write.fields.insert(name, value);
        }
        (!write.fields.is_empty()).then_some(write)
    }
}
