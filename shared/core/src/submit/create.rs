//! Create: a record is submitted. A repeat finds the record that it made.

use serde_json::Value;

use super::{
    Author, Endings, Refusal, Submission, Submissions, SubmitError, audit, kept_changing, owner,
    owner::Owners,
    refuse_too_large, refuse_wrong, reserved,
    values::{Stage, is_repeat, merged},
};
use crate::{
    change::{Expected, Write},
    link::store::{Committed, LinkChange, LinkStore, Outbox, Receipted},
    message::PushRequest,
    portal::ResolvedUser,
    ports::{Clock, Portal},
    record::{Record, RecordId, RecordKind},
    send,
    settings::{FieldCode, InvalidField, Settings},
};

/// The result of a submission.
#[derive(Clone, Debug, PartialEq)]
pub struct Created {
    /// The record.
    pub record: Record,
    /// `false` if it was there already, with the same values.
    pub is_new: bool,
    /// The request to Salesforce that the submission put into the outbox.
    pub request: Option<PushRequest>,
}

impl<P: Portal, S: LinkStore + Endings, O: Owners, C: Clock + ?Sized> Submissions<'_, P, S, O, C> {
    /// Makes a record of a kind under an id. A repeat with equal values is [`Created`], not new, and writes nothing.
    ///
    /// # Errors
    /// Returns a refusal (nothing was written), or a fault.
    pub async fn create(
        &self,
        (kind, id): (RecordKind, &str),
        values: &Submission,
        author: &Author,
        receipt: impl Fn(&Created) -> Option<Receipted> + Send,
    ) -> Result<Created, SubmitError> {
        reserved::refuse_status(values, author)?;
        let settings = self.portal.settings().await?;
        let mut wrong = Vec::new();
        let id = named(kind, id, &mut wrong);
        let empty = Record::new(id.clone());
        let mut record = merged(&empty, values, &settings, Stage::Making, &mut wrong);
        if record.registration_status.is_none() && kind != RecordKind::Lead {
            record.registration_status = Some(settings.default_registration_status.clone());
        }
        match self.owner_of_new(kind, values, author).await? {
            Some(Ok(owner)) => owner::give(&mut record, &owner),
            Some(Err(invalid)) => wrong.push(invalid),
            None => {}
        }
        refuse_wrong(wrong)?;
        refuse_too_large(&record, &settings)?;
        // Twice: a record that stood in the way may be deleted before it is looked at.
        for _ in 0..2 {
            // Before the ends are counted: a record that goes after this look is one of them.
            if let Some(stored) = self.store.record(&id).await? {
                return if author.sees(&stored) && is_repeat(&record, &stored, values) {
                    Ok(Created {
                        record: stored,
                        is_new: false,
                        request: None,
                    })
                } else {
                    Err(Refusal::Taken(id).into())
                };
            }
            // A record that had this id before may have left its Salesforce side behind, which is not this one's.
            let life = 1 + self.store.endings(&id).await?;
            let record = Record {
                life,
                ..record.clone()
            };
            let (created, change) = submitted(record, &settings, author, &receipt);
            if self.store.commit_link(&change).await? == Committed::Yes {
                return Ok(created);
            }
        }
        Err(kept_changing("creating", &id).into())
    }

    /// Returns the owner of a record that is being made: the one that the portal or the vendor names, or the Partner or
    /// Distributor User who submits it.
    async fn owner_of_new(
        &self,
        kind: RecordKind,
        values: &Submission,
        author: &Author,
    ) -> Result<Option<Result<ResolvedUser, InvalidField>>, SubmitError> {
        let named = match (&author.party, &values.owner) {
            (None, None) => return Ok(None),
            (None, Some(value)) => value.clone(),
            (Some(party), None) => Value::String(party.user.clone()),
            (Some(party), Some(value)) if value.as_str() == Some(&party.user) => value.clone(),
            (Some(_), Some(_)) => return Err(Refusal::Reserved("owner").into()),
        };
        Ok(Some(owner::named(self.owners, kind, &named).await?))
    }
}

/// Returns a new record, and the transaction that makes it.
fn submitted(
    mut record: Record,
    settings: &Settings,
    author: &Author,
    receipt: &impl Fn(&Created) -> Option<Receipted>,
) -> (Created, LinkChange) {
    let id = record.id.clone();
    let request = send::on_submit(settings, &mut record);
    let created = Created {
        record: record.clone(),
        is_new: true,
        request: request.clone(),
    };
    let change = LinkChange {
        writes: vec![Write::Record(Box::new(record), Expected::Absent)],
        audit: Some(audit(&id, "create", author, String::new())),
        outbox: request.map_or(Outbox::Keep, Outbox::Add),
        receipt: receipt(&created),
        ..LinkChange::empty(settings.organization_id)
    };
    (created, change)
}

/// Returns the record's id; a placeholder beside its problem, so that the values are checked all the same.
fn named(kind: RecordKind, id: &str, wrong: &mut Vec<InvalidField>) -> RecordId {
    RecordId::new(kind, id).unwrap_or_else(|invalid| {
        let problem = invalid.to_string();
        wrong.push(InvalidField::new("id", FieldCode::Type, problem));
        RecordId::unnamed(kind)
    })
}
