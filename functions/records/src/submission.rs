//! Submitting, editing and deleting a record.

use dealbridge_core::{
    link::push::enqueue,
    message::PushRequest,
    record::RecordKind,
    submit::{
        Author, Party, Seen, Submission, Submissions, SubmitError,
        create::Created,
        delete::{Deleted, Linked},
        edit::Edited,
    },
};
use dealbridge_lambda::aws::{DynamoPortal, Store};
use dealbridge_lambda::{
    access::Caller,
    http::{Answer, Idempotency, ProblemCode, Refusal, Request, StrictMap, StrictValue, body},
    link_api, record_api,
};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::Records;

/// The body of a submission and of an edit.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct RecordBody {
    /// Only a new record has one here.
    id: Option<String>,
    fields: StrictMap,
    #[serde(deserialize_with = "given")]
    owner: Option<Value>,
    #[serde(deserialize_with = "given")]
    end_user: Option<Value>,
    #[serde(deserialize_with = "given")]
    registration_status: Option<Value>,
    /// Never taken, but refused with a better word than an unknown field.
    #[serde(deserialize_with = "given")]
    link: Option<Value>,
}

/// Reads a member that is there: null is a value, too.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    StrictValue::deserialize(deserializer).map(|StrictValue(value)| Some(value))
}

impl RecordBody {
    fn into_submission(self, author: &Author) -> Result<(Option<String>, Submission), Refusal> {
        if self.link.is_some() {
            return Err(if author.party.is_some() {
                record_api::reserved("link")
            } else {
                Refusal::malformed(
                    "A link is not part of a record's values: make it by PUT /{kind}/{id}/link, remove it by DELETE.",
                )
            });
        }
        let submission = Submission {
            fields: self.fields.0,
            owner: self.owner,
            end_user: self.end_user,
            registration_status: self.registration_status,
        };
        Ok((self.id, submission))
    }
}

impl Records {
    fn submissions(
        &self,
    ) -> Submissions<'_, DynamoPortal, Store, DynamoPortal, dyn dealbridge_core::ports::Clock> {
        Submissions {
            portal: &self.portal,
            store: &self.store,
            owners: &self.portal,
            clock: &*self.clock,
            instance_url: &self.instance_url,
        }
    }

    /// Answers a submission or an edit. `change` tells whether anything was written, and what that sends to Salesforce.
    async fn end<T>(
        &self,
        done: Result<T, SubmitError>,
        change: impl Fn(&T) -> Option<Vec<PushRequest>>,
        answer: impl Fn(&T) -> Result<Answer, Refusal>,
        idempotency: &Idempotency,
    ) -> Result<Answer, Refusal> {
        match done {
            Ok(done) => match change(&done) {
                Some(requests) => {
                    enqueue(&self.writes, &requests).await;
                    answer(&done)
                }
                // The same request may have done it meanwhile: then its answer is this one's too.
                None => idempotency.keep(&self.store, answer(&done)?).await,
            },
            Err(error) => {
                idempotency
                    .or_earlier(&self.store, record_api::refusal(error))
                    .await
            }
        }
    }

    /// `POST /{kind}`.
    pub(crate) async fn create(
        &self,
        request: &Request,
        caller: &Caller,
        kind: RecordKind,
    ) -> Result<Answer, Refusal> {
        request.query(&[])?;
        if !caller.may_write(kind) && !caller.may_submit(kind) {
            return Err(Refusal::forbidden(caller.lacks("create", kind)));
        }
        let idempotency = Idempotency::of(request, caller)?;
        if let Some(answer) = idempotency.earlier(&self.store).await? {
            return Ok(answer);
        }
        let author = author(caller);
        let body: RecordBody = request.json()?;
        let (id, values) = body.into_submission(&author)?;
        let id = id.unwrap_or_else(|| self.ids.next());
        let view = self.view(caller).await?;
        let answer = |created: &Created| {
            let status = if created.is_new { 201 } else { 200 };
            let record = &created.record;
            let location = format!("/{}/{}", kind.collection(), record.id.id());
            Ok(view.tagged(status, record)?.header("location", location))
        };
        let receipt = |created: &Created| idempotency.receipt(&answer(created).ok()?);
        let created = self
            .submissions()
            .create((kind, &id), &values, &author, receipt)
            .await;
        let change = |created: &Created| {
            created
                .is_new
                .then(|| created.request.iter().cloned().collect())
        };
        self.end(created, change, answer, &idempotency).await
    }

    /// `PATCH /{kind}/{id}`.
    pub(crate) async fn edit(
        &self,
        request: &Request,
        caller: &Caller,
        kind: RecordKind,
    ) -> Result<Answer, Refusal> {
        request.query(&[])?;
        if !caller.may_write(kind) && !caller.may_submit(kind) {
            return Err(Refusal::forbidden(caller.lacks("edit", kind)));
        }
        let id = link_api::record_id(request)?;
        let idempotency = Idempotency::of(request, caller)?;
        if let Some(answer) = idempotency.earlier(&self.store).await? {
            return Ok(answer);
        }
        let author = author(caller);
        let (seen, values) = match patch(request, &author) {
            Ok(patch) => patch,
            Err(refused) => {
                // Who may not know of the record hears that alone.
                let visible = self.submissions().visible(&id, Seen::Any, &author).await;
                visible.map_err(record_api::refusal)?;
                return Err(refused);
            }
        };
        let view = self.view(caller).await?;
        let answer = |edited: &Edited| view.tagged(200, &edited.record);
        let receipt = |edited: &Edited| idempotency.receipt(&answer(edited).ok()?);
        let edited = self
            .submissions()
            .edit(&id, seen, &values, &author, receipt)
            .await;
        let change = |edited: &Edited| {
            edited
                .is_changed
                .then(|| edited.request.iter().cloned().collect())
        };
        self.end(edited, change, answer, &idempotency).await
    }

    /// `DELETE /{kind}/{id}`.
    pub(crate) async fn delete(
        &self,
        request: &Request,
        caller: &Caller,
        kind: RecordKind,
    ) -> Result<Answer, Refusal> {
        if !caller.may_write(kind) {
            return Err(Refusal::forbidden(caller.lacks("delete", kind)));
        }
        let id = link_api::record_id(request)?;
        let idempotency = Idempotency::of(request, caller)?;
        if let Some(answer) = idempotency.earlier(&self.store).await? {
            return Ok(answer);
        }
        let linked = match request.query(&["unlink"])?.flag("unlink")? {
            Some(true) => Linked::Unlink,
            Some(false) | None => Linked::Refuse,
        };
        let seen = record_api::seen(request).unwrap_or(Seen::Any);
        let receipt = |deleted: &Deleted| idempotency.receipt(&gone(deleted).ok()?);
        let deleted = self
            .submissions()
            .delete(&id, seen, linked, &author(caller), receipt)
            .await;
        match deleted {
            Ok(deleted) => gone(&deleted),
            Err(error) => {
                idempotency
                    .or_earlier(&self.store, record_api::refusal(error))
                    .await
            }
        }
    }
}

/// The version that an edit is meant for, and its values.
fn patch(request: &Request, author: &Author) -> Result<(Seen, Submission), Refusal> {
    let seen = record_api::seen(request).ok_or_else(|| {
        let detail = "Say which version of the record you change: send the ETag of GET /{kind}/{id} as If-Match.";
        Refusal::new(ProblemCode::PreconditionRequired, detail)
    })?;
    let body: RecordBody = request.json()?;
    let (other_id, values) = body.into_submission(author)?;
    if other_id.is_some() {
        let detail = "The id of a record does not change: leave id out of the body.";
        return Err(Refusal::malformed(detail));
    }
    Ok((seen, values))
}

/// The author that a caller is.
fn author(caller: &Caller) -> Author {
    let person = caller.person.as_ref().filter(|_| !caller.is_internal);
    Author {
        by: caller.user.clone(),
        party: person.map(|person| Party {
            user: person.id.clone(),
            organization: person.organization.clone(),
        }),
    }
}

fn gone(deleted: &Deleted) -> Result<Answer, Refusal> {
    let imported =
        |salesforce: &dealbridge_core::link::SalesforceRecord| salesforce.object.is_imported();
    Answer::json(
        200,
        &json!({
            "record": body::record_ref(&deleted.record.id),
            "salesforce": deleted.salesforce,
            "suppressed": deleted.salesforce.as_ref().is_some_and(imported),
            "message": deleted.sentence(),
        }),
    )
}
