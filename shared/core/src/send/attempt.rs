//! One attempt at creating a record in Salesforce.

use jiff::{civil::Date, tz::Offset};
use serde_json::{Map, Value};

use super::{
    fields::{self, Draft},
    lookup::{Stop, external_id, named},
    refusal::{self, Refused},
    store::{Assignees, SendStore},
    work::{Again, Create},
};
use crate::{
    SalesforceId, SalesforceObject,
    code::Code,
    finding::Finding,
    ports::{Clock, Portal},
    read,
    record::{CreateTarget, Record},
    salesforce::{
        AssignmentRules, DuplicateRules, ExternalId, FieldPath, NewRecord, Salesforce,
        SalesforceError, UpsertOutcome,
    },
    schema::Objects,
    settings::Settings,
    value,
};

/// The end of an attempt.
pub(super) enum Attempted {
    /// Salesforce has the record.
    Made(Box<Made>),
    /// It cannot be created as things are.
    Refused {
        /// The name that it would have had.
        name: String,
        /// The reasons.
        findings: Vec<Finding>,
        /// The version of the record that they are about.
        seen: u64,
    },
    /// The record changed before anything was created.
    Changed,
}

/// A Salesforce record that was created, or found again.
pub(super) struct Made {
    /// The record that it was created from, as it was then.
    pub(super) record: Record,
    /// The target that it was to become.
    pub(super) target: CreateTarget,
    /// The draft that was sent.
    pub(super) draft: Draft,
    /// The Salesforce record.
    pub(super) id: SalesforceId,
    /// Its object.
    pub(super) object: SalesforceObject,
    /// The Lead that was converted to it before the record was linked.
    pub(super) converted: Option<SalesforceId>,
    /// `true` if it was there before this attempt.
    pub(super) is_found: bool,
}

impl<F: Salesforce, P: Portal, S: SendStore, U: Assignees, C: Clock + ?Sized>
    Create<'_, F, P, S, U, C>
{
    /// Today in UTC.
    pub(super) fn today(&self) -> Date {
        Offset::UTC.to_datetime(self.clock.now()).date()
    }

    /// Has Salesforce create a record, or find what an earlier attempt created.
    pub(super) async fn attempt(
        &self,
        record: Record,
        settings: &Settings,
    ) -> Result<Attempted, Again> {
        let seen = record.version;
        let refused = |name: &str, findings| Attempted::Refused {
            name: name.to_owned(),
            findings,
            seen,
        };
        let known = record
            .creating
            .as_ref()
            .and_then(|creating| creating.target.clone());
        let today = self.today();
        let salesforce = match &known {
            // What is missing is found before anything is asked.
            Some(target) => {
                let draft = fields::draft(&record, settings, target, today);
                if let Some(finding) = missing(&draft) {
                    return Ok(refused(&draft.name, vec![finding]));
                }
                self.salesforce.of(settings.organization_id).await?
            }
            None => {
                let lead = CreateTarget::Lead { because: None };
                let draft = fields::draft(&record, settings, &lead, today);
                let as_lead = missing(&draft);
                let opportunity = CreateTarget::Opportunity {
                    account: SalesforceId::UNSET,
                    contact: SalesforceId::UNSET,
                };
                let opportunity = fields::draft(&record, settings, &opportunity, today);
                if let (Some(one), Some(other)) = (as_lead, missing(&opportunity)) {
                    return Ok(refused(&draft.name, vec![other, one]));
                }
                self.salesforce.of(settings.organization_id).await?
            }
        };
        let is_repeat = record.is_attempted();
        let chosen = match &known {
            Some(target) => Ok(target.clone()),
            None => self.choose(&salesforce, &record, settings).await,
        };
        let target = match chosen {
            Ok(target) => target,
            Err(error) => {
                let finding = refusal::of_error(&error, SalesforceObject::Lead).ok_or(error)?;
                return Ok(refused("", vec![finding]));
            }
        };
        let (record, target) = if is_repeat && known.is_some() {
            (record, target)
        } else {
            match self.keep(record, target).await? {
                Some(kept) => kept,
                None => return Ok(Attempted::Changed),
            }
        };
        let seen = record.version;
        let refused = |name: &str, findings| Attempted::Refused {
            name: name.to_owned(),
            findings,
            seen,
        };
        let draft = fields::draft(&record, settings, &target, today);
        if let Some(finding) = missing(&draft) {
            return Ok(refused(&draft.name, vec![finding]));
        }
        let key = external_id(settings, &record.id, record.life);
        let earlier = match draft.object {
            // A user may have linked the Lead that an earlier attempt made to another record.
            SalesforceObject::Lead if is_repeat => {
                self.earlier(&salesforce, draft.object, &key).await
            }
            // An Opportunity that is there is left as it is by its create.
            SalesforceObject::Lead | SalesforceObject::Opportunity => Ok(None),
        };
        let outcome = match earlier.transpose() {
            Some(outcome) => outcome,
            None => {
                let confusable = self.confusable(&salesforce, &record, draft.object, &key.field);
                if let Some(finding) = confusable.await? {
                    return Ok(refused(&draft.name, vec![finding]));
                }
                let mut sent = draft.fields.clone();
                match self.owner(&salesforce, &draft).await {
                    Ok(Some(owner)) => {
                        sent.insert("OwnerId".to_owned(), owner.to_string().into());
                    }
                    Ok(None) => {}
                    Err(Stop::Findings(findings)) => return Ok(refused(&draft.name, findings)),
                    Err(Stop::Again(again)) => return Err(again),
                }
                self.upsert(&salesforce, (&record, &key), settings, &target, sent)
                    .await
            }
        };
        let made = |id, object, converted, is_found| {
            Attempted::Made(Box::new(Made {
                record: record.clone(),
                target: target.clone(),
                draft: draft.clone(),
                id,
                object,
                converted,
                is_found,
            }))
        };
        Ok(match outcome {
            Err(error) => {
                let finding = refusal::of_error(&error, draft.object).ok_or(error)?;
                refused(&draft.name, vec![finding])
            }
            Ok(UpsertOutcome::Created(id)) => made(id, draft.object, None, false),
            Ok(UpsertOutcome::Found(id)) => made(id, draft.object, None, true),
            Ok(UpsertOutcome::Locked) => return Err(Again::Locked),
            Ok(UpsertOutcome::Ambiguous(ids)) => {
                let finding = Finding::new(Code::SfExternalIdAmbiguous)
                    .value(record.external_id())
                    .other(named(draft.object.api_name(), &ids));
                refused(&draft.name, vec![finding])
            }
            Ok(UpsertOutcome::Taken { by, message }) => {
                match self.successor(&salesforce, draft.object, by).await? {
                    Ok(opportunity) => made(opportunity, SalesforceObject::Opportunity, by, true),
                    Err(who) => {
                        let finding = Finding::new(Code::SfExternalIdTaken)
                            .value(record.external_id())
                            .other(who)
                            .details(message);
                        refused(&draft.name, vec![finding])
                    }
                }
            }
            Ok(UpsertOutcome::Refused {
                code,
                message,
                fields,
                duplicates,
            }) => {
                let why = Refused {
                    code: &code,
                    message: &message,
                    fields: &fields,
                    duplicates: &duplicates,
                };
                if why.passes() {
                    return Err(Again::Locked);
                }
                refused(&draft.name, vec![why.finding(draft.object)])
            }
        })
    }

    /// Makes the call. A value whose JSON type the field does not take is sent in the other one, and the Sync Flag is
    /// left out where Leads do not have it.
    async fn upsert(
        &self,
        salesforce: &F,
        (record, external_id): (&Record, &ExternalId),
        settings: &Settings,
        target: &CreateTarget,
        mut fields: Map<String, Value>,
    ) -> Result<UpsertOutcome, SalesforceError> {
        let send = settings.send.of(record.id.kind());
        let sync_flag = &settings.fields.sync_flag;
        let (object, mut is_retyped, mut has_flag) = (target.object(), false, true);
        if lacks(&salesforce.schema().objects(), object, sync_flag) {
            fields.retain(|name, _| !sync_flag.is(name));
        }
        loop {
            let new = NewRecord {
                external_id,
                fields: &fields,
                assignment: if send.assignment_rule {
                    AssignmentRules::Run
                } else {
                    AssignmentRules::Left
                },
                duplicates: if send.allow_duplicates {
                    DuplicateRules::Overridden
                } else {
                    DuplicateRules::Obeyed
                },
            };
            let outcome = match target {
                CreateTarget::Lead { .. } => salesforce.upsert(target.object(), &new).await?,
                CreateTarget::Opportunity { contact, .. } => {
                    salesforce.upsert_opportunity(&new, *contact).await?
                }
            };
            let UpsertOutcome::Refused { code, message, .. } = &outcome else {
                return Ok(outcome);
            };
            match code.as_str() {
                "JSON_PARSER_ERROR"
                    if !std::mem::replace(&mut is_retyped, true)
                        && retype(&mut fields, message) => {}
                "INVALID_FIELD"
                    if object == SalesforceObject::Lead
                        && names(message, sync_flag)
                        && std::mem::replace(&mut has_flag, false) =>
                {
                    // The description tells the next creates at once.
                    let path = std::slice::from_ref(sync_flag);
                    read::describe(salesforce, object.api_name(), path).await?;
                    fields.retain(|name, _| !sync_flag.is(name));
                }
                _ => return Ok(outcome),
            }
        }
    }
}

/// Returns `true` if an object is described and has no such field.
fn lacks(objects: &Objects, object: SalesforceObject, path: &FieldPath) -> bool {
    let described = objects.get(&object.api_name().to_ascii_lowercase());
    matches!(described, Some(Some(_)))
        && matches!(
            read::find(object.api_name(), path, objects),
            read::Found::Nothing { .. }
        )
}

/// Returns the finding about the required fields without a value.
fn missing(draft: &Draft) -> Option<Finding> {
    if draft.missing.is_empty() {
        return None;
    }
    let mut finding = Finding::new(Code::SfRequiredFieldMissing)
        .value("neither the record nor the mapping brings one.")
        .other(draft.object.api_name());
    finding.context.field = draft.missing.join(", ");
    Some(finding)
}

/// Returns `true` if a message has the name as a word of its own.
fn names(message: &str, field: &FieldPath) -> bool {
    message
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .any(|word| field.is(word))
}

/// Changes values to the other JSON type if Salesforce cannot read the one they have; `true` if there are any.
fn retype(fields: &mut Map<String, Value>, message: &str) -> bool {
    let mut is_any = false;
    for held in fields.values_mut() {
        if let Some(other) = value::in_other_type(held, message) {
            *held = other;
            is_any = true;
        }
    }
    is_any
}
