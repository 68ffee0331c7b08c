//! Response bodies that several functions share (docs/openapi.yaml, schemas).

use dealbridge_core::{
    SalesforceId, SalesforceObject,
    end_user::EndUserField,
    entry::Entry,
    problem::OpenProblem,
    record::{Record, RecordId},
    record_url::{ConnectedOrg, url_of},
    run::{DEAL_REGISTRATION, Run},
    send_problem::SendProblem,
    settings::Settings,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Refusal;

/// The org whose records the responses link to.
///
/// # Errors
/// Returns an error if the URL is not valid, which the settings of a function rule out.
pub fn connected_org(instance_url: &str, my_domain: &str) -> Result<ConnectedOrg, Refusal> {
    ConnectedOrg::new(instance_url, Some(my_domain)).map_err(|error| Refusal::internal(&error))
}

/// A run, with its status at that time.
#[must_use]
pub fn run(run: &Run, at: Timestamp) -> Value {
    json!({
        "id": run.id,
        "integration": DEAL_REGISTRATION,
        "mode": run.mode,
        "trigger": run.trigger,
        "status": run.status(at),
        "startedAt": run.started_at,
        "finishedAt": run.finished_at(at),
        "counts": {
            "listed": run.counts.listed,
            "imported": run.counts.imported,
            "updated": run.counts.updated,
            "unchanged": run.counts.unchanged,
            "failed": run.counts.failed,
            "suppressed": run.counts.suppressed,
            "left": run.counts.left(),
        },
    })
}

/// A Channeltivity record, by kind and id.
#[must_use]
pub fn record_ref(id: &RecordId) -> Value {
    json!({ "kind": id.kind(), "id": id.id() })
}

/// A Salesforce record; null for one that is neither a Lead nor an Opportunity.
#[must_use]
pub fn salesforce(id: SalesforceId, name: Option<&str>, org: &ConnectedOrg) -> Value {
    SalesforceObject::of(&id).map_or(Value::Null, |object| {
        json!({
            "object": object,
            "id": id,
            "name": name.filter(|name| !name.is_empty()),
            "url": url_of(org, object, id),
        })
    })
}

/// A Deal, Lead or Referral with its link.
#[must_use]
pub fn record(record: &Record, settings: &Settings, org: &ConnectedOrg) -> Value {
    let link = record.link.as_ref().map(|link| {
        json!({
            "record": record_ref(&record.id),
            "salesforce": salesforce(link.salesforce_id, record.salesforce_name(settings), org),
            "status": link.status,
            "reason": link.reason,
            "linkedAt": link.linked_at,
            "linkedBy": link.linked_by,
        })
    });
    json!({
        "kind": record.id.kind(),
        "id": record.id.id(),
        "owner": record.owner,
        "organization": record.organization,
        "partner": record.partner,
        "distributor": record.distributor,
        "account": record.account,
        "contact": record.contact,
        "endUser": record.end_user.as_ref().map(|_| end_user(record)),
        "registrationStatus": record.registration_status,
        "fields": record.fields,
        "link": link,
        "salesforce": record.creating.as_ref().map(|creating| {
            json!({ "status": if creating.refused { "refused" } else { "creating" } })
        }),
        "version": record.version,
    })
}

/// The end user of a record, submitted or imported; null if there is none.
#[must_use]
pub fn end_user(record: &Record) -> Value {
    let value = |field: EndUserField| record.value(&field.field().name).into_owned();
    let values = EndUserField::ALL.map(value);
    if values.iter().all(Value::is_null) {
        return Value::Null;
    }
    let [company, first_name, last_name, email, phone] = values;
    json!({
        "company": company,
        "firstName": first_name,
        "lastName": last_name,
        "email": email,
        "phone": phone,
    })
}

/// An entry of the Integration Log.
#[must_use]
pub fn entry(entry: &Entry, org: &ConnectedOrg) -> Value {
    json!({
        "id": entry.id,
        "task": entry.task,
        "at": entry.at,
        "level": entry.level,
        "code": entry.code,
        "message": entry.message,
        "suggestion": entry.suggestion,
        "entity": entry.entity.as_ref().map(record_ref),
        "salesforce": entry
            .salesforce
            .as_ref()
            .map_or(Value::Null, |(id, name)| salesforce(*id, Some(name), org)),
        "details": entry.details,
    })
}

/// An open send problem: of a record that did not become a Salesforce record.
#[must_use]
pub fn send_problem(problem: &SendProblem) -> Value {
    let label = problem.label();
    let entries = problem.findings.iter().map(|finding| {
        let (message, suggestion) = finding.sentences(&label);
        json!({
            "code": finding.code,
            "message": message,
            "suggestion": suggestion,
            "details": finding.details,
        })
    });
    json!({
        "opportunity": null,
        "record": record_ref(&problem.record),
        "codes": problem.codes(),
        "firstSeen": problem.first_seen,
        "lastSeen": problem.last_seen,
        "times": problem.times,
        "cleared": problem.cleared,
        "entries": entries.collect::<Vec<_>>(),
    })
}

/// An open problem.
#[must_use]
pub fn problem(problem: &OpenProblem, org: &ConnectedOrg) -> Value {
    let id = problem.opportunity;
    let object = SalesforceObject::of(&id);
    let label = dealbridge_core::finding::label(
        object.map_or("Salesforce record", |object| object.api_name()),
        id,
        &problem.name,
    );
    let entries = problem.findings.iter().map(|finding| {
        let (message, suggestion) = finding.sentences(&label);
        json!({ "code": finding.code, "message": message, "suggestion": suggestion })
    });
    json!({
        "opportunity": {
            "id": id,
            "name": Some(&problem.name).filter(|name| !name.is_empty()),
            "url": object.map(|object| url_of(org, object, id)),
        },
        "codes": problem.codes(),
        "firstSeen": problem.first_seen,
        "lastSeen": problem.last_seen,
        "times": problem.times,
        "cleared": problem.cleared,
        "entries": entries.collect::<Vec<_>>(),
    })
}
