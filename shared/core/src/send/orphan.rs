//! The Salesforce record of a create that its record does not carry any more: it is looked for, named once, and left as
//! it is.

use super::{
    attempt::Made,
    lookup::{external_id, holders},
    store::{Assignees, SendStore},
    work::{Again, Create},
};
use crate::{
    SalesforceId, SalesforceObject,
    change::Write,
    claim::ClaimState,
    code::Code,
    entry::LogLine,
    finding::Finding,
    link::store::LinkChange,
    message::{CreateRequest, PushRequest},
    ports::{Clock, Portal},
    record::Record,
    salesforce::{Salesforce, SalesforceError},
    settings::Settings,
    task::TaskState,
    value::{MAX_NAME_CHARACTERS, cut},
};

impl<F: Salesforce, P: Portal, S: SendStore, U: Assignees, C: Clock + ?Sized>
    Create<'_, F, P, S, U, C>
{
    /// Drops a create that came to its end, or that its record does not want any more. An attempt whose answer was lost
    /// may have created something all the same.
    pub(super) async fn drop_stale(
        &self,
        request: &CreateRequest,
        settings: &Settings,
    ) -> Result<(), Again> {
        let note = PushRequest::Create(request.clone());
        // Without a note it came to its end, or a newer create of the same life finds what this one has created.
        if self.store.is_noted(&note).await? {
            for (id, name) in self.created(request, settings).await? {
                self.report(request, id, &name, settings).await?;
            }
            self.store.forget(&note).await?;
        }
        self.close_problem(request, settings).await
    }

    /// Reports what was created for a record that was linked, unlinked or deleted before the answer came.
    pub(super) async fn not_linked(
        &self,
        request: &CreateRequest,
        made: &Made,
        settings: &Settings,
    ) -> Result<(), Again> {
        let reported = self
            .report(request, made.id, &made.draft.name, settings)
            .await?;
        if let Some(finding) = reported {
            let task = self
                .task(&made.record, TaskState::Failed, &[finding], Some(made))
                .await?;
            if !task.is_empty() {
                let change = LinkChange {
                    writes: task,
                    ..LinkChange::empty(settings.organization_id)
                };
                self.store.commit_link(&change).await?;
            }
        }
        let note = PushRequest::Create(request.clone());
        self.store.forget(&note).await?;
        self.close_problem(request, settings).await
    }

    /// Returns what Salesforce has under the External Id of a create, each record with its name. Of a Lead that was
    /// converted, that is its Opportunity.
    async fn created(
        &self,
        request: &CreateRequest,
        settings: &Settings,
    ) -> Result<Vec<(SalesforceId, String)>, Again> {
        let salesforce = self.salesforce.of(settings.organization_id).await?;
        let external_id = external_id(settings, &request.record, request.life);
        let mut created = Vec::new();
        // The settings may have had it become another object by then.
        for object in SalesforceObject::ALL {
            let rows = match holders(&salesforce, object, &external_id).await {
                // Where there is no such field, nothing has a value of it.
                Err(SalesforceError::FieldMissing { .. }) => continue,
                rows => rows?,
            };
            for row in rows {
                let Some(id) = row.id() else {
                    continue;
                };
                let successor = self.successor(&salesforce, object, Some(id)).await?;
                let name = cut(row.text("Name").unwrap_or_default(), MAX_NAME_CHARACTERS);
                created.push((successor.unwrap_or(id), name));
            }
        }
        Ok(created)
    }

    /// Names a Salesforce record that was created and is nobody's, once. None if it is somebody's, or going to be.
    async fn report(
        &self,
        request: &CreateRequest,
        id: SalesforceId,
        name: &str,
        settings: &Settings,
    ) -> Result<Option<Finding>, Again> {
        let org = settings.organization_id;
        // The record first: the claim of a link that it shows is there by then.
        let present = self.store.record(&request.record).await?;
        let claim = self.store.claim(org, id).await?;
        // A newer create of the same life finds it, and another delivery of this one may have linked it.
        let is_left_to_others = present.as_ref().is_some_and(|record| {
            record.life == request.life && record.link.is_none() && record.creating.is_some()
        });
        let is_claimed = claim.is_some_and(|claim| claim.state != ClaimState::Released);
        if is_left_to_others || is_claimed {
            return Ok(None);
        }
        let finding = Finding::new(Code::CreatedButNotLinked)
            .value(meanwhile(present.as_ref()))
            .other(request.record.to_string())
            .details(request.record.external_id(request.life));
        let change = LinkChange {
            // Where another delivery has reported it, this condition refuses the second report.
            writes: vec![Write::Orphan(id)],
            line: LogLine {
                salesforce: Some(id),
                name: name.to_owned(),
                entity: Some(request.record.clone()),
                findings: vec![finding.clone()],
            },
            ..LinkChange::empty(org)
        };
        self.store.commit_link(&change).await?;
        Ok(Some(finding))
    }

    /// Closes the send problem that a create left, if its record is gone or carries no create any more.
    async fn close_problem(
        &self,
        request: &CreateRequest,
        settings: &Settings,
    ) -> Result<(), Again> {
        let Some(problem) = self.store.send_problem(&request.record).await? else {
            return Ok(());
        };
        let record = self.store.record(&request.record).await?;
        if problem.create == request.create && record.is_none_or(|record| record.creating.is_none())
        {
            let change = LinkChange {
                writes: vec![Write::CloseSendProblem(request.record.clone())],
                ..LinkChange::empty(settings.organization_id)
            };
            self.store.commit_link(&change).await?;
        }
        Ok(())
    }
}

/// Returns what happened to a record while it was created, in words.
fn meanwhile(present: Option<&Record>) -> String {
    match present {
        None => "the record was deleted in the meantime".to_owned(),
        Some(Record {
            link: Some(link), ..
        }) => format!(
            "the record was linked to the {} {} in the meantime",
            link.object, link.salesforce_id
        ),
        Some(_) => "the record was unlinked, or its creation withdrawn, in the meantime".to_owned(),
    }
}
