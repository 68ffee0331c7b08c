//! Lookups of a create in Salesforce: Contacts, owners, and which records hold an External Id.

use std::slice;

use super::{
    fields::Draft,
    refusal,
    store::{Assignees, SendStore},
    work::{Again, Create},
};
use crate::{
    Email, SalesforceId, SalesforceObject,
    code::Code,
    finding::Finding,
    link::{read_one, store::Committed},
    ports::{Clock, Portal},
    read,
    record::{CreateTarget, Creating, Record, RecordId},
    salesforce::{ExternalId, FieldPath, Row, Salesforce, SalesforceError, UpsertOutcome},
    settings::{SendTarget, Settings},
};

/// The most Contacts that an entry names.
const MAX_NAMED: usize = 5;

/// The field of a submitted record's end user by which a Contact is found.
const END_USER_EMAIL: &str = "end_user.email";

/// The reason why a value cannot be sent.
pub(super) enum Stop {
    Findings(Vec<Finding>),
    Again(Again),
}

impl From<Again> for Stop {
    fn from(again: Again) -> Self {
        Self::Again(again)
    }
}

impl<F: Salesforce, P: Portal, S: SendStore, U: Assignees, C: Clock + ?Sized>
    Create<'_, F, P, S, U, C>
{
    /// Chooses what a record becomes: an Opportunity if exactly one Contact with an Account has the end user's address.
    pub(super) async fn choose(
        &self,
        salesforce: &F,
        record: &Record,
        settings: &Settings,
    ) -> Result<CreateTarget, SalesforceError> {
        let lead = |because: String| CreateTarget::Lead {
            because: Some(because),
        };
        if settings.send.of(record.id.kind()).target == SendTarget::Lead {
            return Ok(CreateTarget::Lead { because: None });
        }
        let email = record.value(END_USER_EMAIL);
        let email = email.as_str().and_then(|email| Email::parse(email).ok());
        let Some(email) = email else {
            return Ok(lead(
                "it names no email address of the end user's contact".to_owned(),
            ));
        };
        let contacts = salesforce.contacts_by_email(&email).await?;
        let ids: Vec<SalesforceId> = contacts.iter().filter_map(Row::id).collect();
        let account = |row: &Row| SalesforceId::parse(row.text("AccountId")?).ok();
        Ok(match (&*ids, contacts.first().and_then(account)) {
            ([contact], Some(account)) => CreateTarget::Opportunity {
                account,
                contact: *contact,
            },
            ([], _) => lead(format!("no Contact has the email address {email}")),
            ([contact], None) => lead(format!(
                "the Contact {contact} with the email address {email} has no Account"
            )),
            _ => lead(format!(
                "several Contacts have the email address {email}: {}",
                named("Contact", &ids)
            )),
        })
    }

    /// Keeps the choice with the record before anything is created, and that Salesforce is going to be asked: a repeat
    /// must not choose another object, and looks first. None if the record changed.
    pub(super) async fn keep(
        &self,
        record: Record,
        target: CreateTarget,
    ) -> Result<Option<(Record, CreateTarget)>, Again> {
        let mut next = record.clone();
        next.version += 1;
        next.attempted = Some(record.life);
        next.creating = record.creating.clone().map(|creating| Creating {
            target: Some(target.clone()),
            ..creating
        });
        let kept = self.store.replace_record(&next, record.version).await?;
        Ok((kept == Committed::Yes).then_some((next, target)))
    }

    /// Returns the finding about an External Id that Salesforce could take for another record's. The id of one record at
    /// most has no upper-case letters, whatever else the others have.
    pub(super) async fn confusable(
        &self,
        salesforce: &F,
        record: &Record,
        object: SalesforceObject,
        field: &FieldPath,
    ) -> Result<Option<Finding>, SalesforceError> {
        if !record.id.has_upper_case() {
            return Ok(None);
        }
        let objects = read::describe(salesforce, object.api_name(), slice::from_ref(field)).await?;
        let read::Found::Field(described) = read::find(object.api_name(), field, &objects) else {
            // The create itself says that there is no such field.
            return Ok(None);
        };
        if described.case_sensitive {
            return Ok(None);
        }
        // The next attempt sees it mended.
        salesforce.schema().forget();
        let mut finding = Finding::new(Code::SfExternalIdCase)
            .value(record.external_id())
            .other(object.api_name());
        finding.context.field = field.to_string();
        Ok(Some(finding))
    }

    /// Returns the Salesforce User that owns the record, if a row of the mapping says who does.
    pub(super) async fn owner(
        &self,
        salesforce: &F,
        draft: &Draft,
    ) -> Result<Option<SalesforceId>, Stop> {
        let Some(assigned) = &draft.owner else {
            return Ok(None);
        };
        let unknown = |why: String| {
            let finding = Finding::new(Code::OwnerNotFound).value(why);
            Stop::Findings(vec![finding.other(draft.object.api_name())])
        };
        let email = match Email::parse(assigned) {
            Ok(email) => Some(email),
            Err(_) => self
                .people
                .address_of(assigned)
                .await
                .map_err(Again::from)?,
        };
        let email = email.ok_or_else(|| unknown(format!("the portal has no User {assigned}")))?;
        let users = match salesforce.users_by_email(&email).await {
            Ok(users) => users,
            Err(error) => {
                return Err(match refusal::of_error(&error, draft.object) {
                    Some(finding) => Stop::Findings(vec![finding]),
                    None => Stop::Again(error.into()),
                });
            }
        };
        let ids: Vec<SalesforceId> = users.iter().filter_map(Row::id).collect();
        match &*ids {
            [user] => Ok(Some(*user)),
            [] => Err(unknown(format!(
                "no active User of Salesforce has the email address {email}"
            ))),
            _ => Err(unknown(format!(
                "several active Users of Salesforce have the email address {email}: {}",
                named("User", &ids)
            ))),
        }
    }

    /// Returns what an earlier attempt has made, as an upsert would find it. Nothing is written.
    pub(super) async fn earlier(
        &self,
        salesforce: &F,
        object: SalesforceObject,
        external_id: &ExternalId,
    ) -> Result<Option<UpsertOutcome>, SalesforceError> {
        let rows = holders(salesforce, object, external_id).await?;
        let ids: Vec<SalesforceId> = rows.iter().filter_map(Row::id).collect();
        Ok(match &*ids {
            [] => None,
            [id] if rows[0].is_checked("IsConverted") => Some(UpsertOutcome::Taken {
                by: Some(*id),
                message: "The Lead is converted.".to_owned(),
            }),
            [id] => Some(UpsertOutcome::Found(*id)),
            _ => Some(UpsertOutcome::Ambiguous(ids)),
        })
    }

    /// Returns the Opportunity that the holder of the External Id was converted to, or who the holder is.
    pub(super) async fn successor(
        &self,
        salesforce: &F,
        object: SalesforceObject,
        holder: Option<SalesforceId>,
    ) -> Result<Result<SalesforceId, String>, Again> {
        let Some(id) = holder else {
            return Ok(Err(
                "a record that the integration user cannot see".to_owned()
            ));
        };
        let who = format!("the {object} {id}");
        if SalesforceObject::of(&id) != Some(SalesforceObject::Lead) {
            return Ok(Err(who));
        }
        let fields = ["IsConverted", "ConvertedOpportunityId"];
        let fields = fields
            .iter()
            .filter_map(|name| FieldPath::parse(name).ok())
            .collect();
        let row = read_one(salesforce, SalesforceObject::Lead, id, fields).await?;
        Ok(match row {
            Some(row) if row.is_checked("IsConverted") => row
                .text("ConvertedOpportunityId")
                .and_then(|id| SalesforceId::parse(id).ok())
                .ok_or_else(|| format!("{who}, which was converted without an Opportunity")),
            Some(row) if row.is_checked("IsDeleted") => Err(format!("{who}, which is deleted")),
            _ => Err(who),
        })
    }
}

/// Returns the External Id of a record in one of its lives.
pub(super) fn external_id(settings: &Settings, record: &RecordId, life: u32) -> ExternalId {
    ExternalId {
        field: settings.send.of(record.kind()).external_id.clone(),
        value: record.external_id(life),
    }
}

/// Returns the records that have this very External Id. A field that takes ABC and abc for the same finds others, too.
pub(super) async fn holders<F: Salesforce>(
    salesforce: &F,
    object: SalesforceObject,
    external_id: &ExternalId,
) -> Result<Vec<Row>, SalesforceError> {
    let mut rows = salesforce.by_external_id(object, external_id).await?;
    rows.retain(|row| row.text(external_id.field.as_str()) == Some(&external_id.value));
    Ok(rows)
}

/// Names records, the first few by their ids.
pub(super) fn named(object: &str, ids: &[SalesforceId]) -> String {
    let mut names: Vec<String> = ids
        .iter()
        .take(MAX_NAMED)
        .map(|id| format!("{object} {id}"))
        .collect();
    if ids.len() > MAX_NAMED {
        names.push("and others".to_owned());
    }
    names.join(", ")
}
