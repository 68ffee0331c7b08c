//! `jobs/ingest`: rows from CSV, created, changed, upserted or deleted.

use salesforce_id::SalesforceId;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{
    access::{csv, refuse, with_job},
    job::{Ingest, Job, Kind, State, Work},
    table::{Delimiter, Dialect, LineEnding, Table},
};
use crate::{
    changes::{self, Assignment, Author, Body, Duplicates, OrgRules},
    engine::{Engine, locked},
    http::{
        call::Caller,
        keys::{self, Upserted},
        reply::{ApiError, Reply},
    },
    store::Store,
};

/// The part of the org's own rules in rows of a job.
const RULES: OrgRules = OrgRules {
    assignment: Assignment::Off,
    duplicates: Duplicates::Refused,
};

/// Rows that are written together and carry one stamp.
const MAX_BATCH_ROWS: usize = 200;
/// The text of a cell that empties its field; an empty cell leaves the field alone.
const NOTHING: &str = "#N/A";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    object: String,
    operation: Operation,
    external_id_field_name: Option<String>,
    content_type: Option<String>,
    #[serde(default)]
    column_delimiter: Delimiter,
    #[serde(default)]
    line_ending: LineEnding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Operation {
    Insert,
    Update,
    Upsert,
    Delete,
    HardDelete,
}

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Upsert => "upsert",
            Self::Delete => "delete",
            Self::HardDelete => "hardDelete",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        serde_json::from_value(json!(name)).ok()
    }
}

/// Answers `POST jobs/ingest`.
pub(super) fn create(caller: Caller<'_>) -> Result<Reply, Reply> {
    let order: Order = serde_json::from_slice(&caller.call.body)
        .map_err(|error| refuse("INVALIDJOB", format!("The job is not right: {error}")))?;
    if order.content_type.is_some_and(|kind| kind != "CSV") {
        return Err(refuse("INVALIDJOB", "Bulk V2 only supports CSV"));
    }
    let store = caller.engine.read();
    let Some(object) = store.readable(&order.object) else {
        let message = format!("Unable to find object: {}", order.object);
        return Err(refuse("INVALIDJOB", message));
    };
    let schema = store.object(object);
    if order.operation == Operation::Upsert {
        let key = order
            .external_id_field_name
            .as_deref()
            .and_then(|name| schema.field_index(name))
            .map(|index| &schema.fields[index]);
        if !key.is_some_and(|field| field.external_id || field.name == "Id") {
            let message = "External ID field name is required for upsert and must be an external id field of the object";
            return Err(refuse("INVALIDJOB", message));
        }
    }
    let now = store.now();
    let mut jobs = locked(&caller.engine.jobs);
    let job = jobs.add(&store, |id| Job {
        id,
        operation: order.operation.name().to_owned(),
        object: schema.name.clone(),
        version: caller.call.version.clone(),
        user: caller.user,
        created: now,
        changed: now,
        state: State::Open,
        dialect: Dialect {
            delimiter: order.column_delimiter,
            line_ending: order.line_ending,
        },
        work: Work::Ingest(Ingest {
            external_id: order.external_id_field_name,
            ..Ingest::default()
        }),
    });
    Ok(Reply::json(200, &job.summary()))
}

/// The rows of a job of this kind.
fn of(job: &mut Job) -> Result<&mut Ingest, Reply> {
    match &mut job.work {
        Work::Ingest(ingest) => Ok(ingest),
        Work::Query(_) => Err(Reply::not_found()),
    }
}

/// Answers `PUT jobs/ingest/<id>/batches`.
pub(super) fn upload(caller: Caller<'_>, id: &str) -> Result<Reply, Reply> {
    let body = caller.call.body.clone();
    with_job(caller, Kind::Ingest, id, |job| {
        if job.state != State::Open {
            return Err(refuse(
                "INVALIDJOBSTATE",
                format!("Cannot upload to a job in state {}", job.state.name()),
            ));
        }
        let id = job.id;
        let ingest = of(job)?;
        if ingest.upload.is_some() {
            let message = format!(
                "Found multiple contents for job: <{}>, please 'Close' / 'Abort' / 'Delete' the current Job then create a new Job and make sure you only do 'PUT' once on a given Job.",
                id.as_str()
            );
            return Err(refuse("INVALIDJOBSTATE", message));
        }
        ingest.upload = Some(body);
        Ok(Reply::empty(201))
    })
}

/// Hands the uploaded rows over and writes them.
pub(super) fn close(caller: Caller<'_>, id: &str) -> Result<Reply, Reply> {
    let now = caller.engine.now();
    let mut job = with_job(caller, Kind::Ingest, id, |job| {
        if job.state != State::Open {
            return Err(refuse(
                "INVALIDJOBSTATE",
                format!("Cannot close a job in state {}", job.state.name()),
            ));
        }
        job.enter(State::UploadComplete, now);
        Ok(job.clone())
    })?;
    // The rows are written without the list of jobs in hand: other calls go on meanwhile.
    write(caller.engine, &mut job)?;
    with_job(caller, Kind::Ingest, id, |kept| {
        kept.work = job.work;
        Ok(Reply::json(200, &kept.summary()))
    })
}

/// Answers `GET jobs/ingest/<id>/successfulResults` and its like.
pub(super) fn results(caller: Caller<'_>, id: &str, which: &str) -> Result<Reply, Reply> {
    with_job(caller, Kind::Ingest, id, |job| {
        let dialect = job.dialect;
        let is_over = matches!(
            job.state,
            State::JobComplete | State::Failed | State::Aborted
        );
        let ingest = of(job)?;
        let table = match which {
            "successfulResults" => &ingest.successful,
            "failedResults" => &ingest.failed,
            "unprocessedrecords" | "unprocessedRecords" => &ingest.unprocessed,
            _ => return Err(Reply::not_found()),
        };
        if !is_over {
            return Err(refuse(
                "INVALIDJOBSTATE",
                "Results are there once the job is complete, failed or aborted",
            ));
        }
        Ok(csv(dialect.write(&table.header, &table.rows)))
    })
}

/// Does a job's work.
fn write(engine: &Engine, job: &mut Job) -> Result<(), Reply> {
    let (user, dialect) = (job.user, job.dialect);
    let operation = Operation::parse(&job.operation).ok_or_else(Reply::not_found)?;
    let object = engine
        .read()
        .readable(&job.object)
        .ok_or_else(Reply::not_found)?;
    let ingest = of(job)?;
    let upload = ingest.upload.take().unwrap_or_default();
    let table = match dialect.read(&upload) {
        Ok(table) => table,
        Err(problem) => {
            ingest.problem = Some(format!("InvalidBatch : Failed to parse CSV: {problem}"));
            return Ok(());
        }
    };
    let titled = |first: &str, second: &str| {
        let mut header = vec![first.to_owned(), second.to_owned()];
        header.extend(table.header.iter().cloned());
        header
    };
    ingest.successful.header = titled("sf__Id", "sf__Created");
    ingest.failed.header = titled("sf__Id", "sf__Error");
    ingest.unprocessed.header.clone_from(&table.header);
    let unknown = {
        let store = engine.read();
        let schema = store.object(object);
        let mut names = table.header.iter();
        names
            .find(|name| schema.field_index(name).is_none())
            .cloned()
    };
    if let Some(name) = unknown {
        ingest.problem = Some(format!("InvalidBatch : Field name not found : {name}"));
        ingest.unprocessed.rows = table.rows;
        return Ok(());
    }
    let key = ingest
        .external_id
        .clone()
        .unwrap_or_else(|| "Id".to_owned());
    let order = One {
        object,
        operation,
        key: &key,
    };
    for chunk in table.rows.chunks(MAX_BATCH_ROWS) {
        for (outcome, cells) in write_chunk(engine, user, &order, &table, chunk)
            .into_iter()
            .zip(chunk)
        {
            let (to, first, second) = match outcome {
                Ok((id, created)) => (&mut ingest.successful, id, created.to_string()),
                Err(refused) => (&mut ingest.failed, refused.0, refused.1),
            };
            let mut row = vec![first, second];
            row.extend(cells.iter().cloned());
            to.rows.push(row);
        }
    }
    Ok(())
}

/// The operation on each row.
struct One<'a> {
    object: usize,
    operation: Operation,
    key: &'a str,
}

/// The row's id and whether it was created, or its id and why it was refused.
type Outcome = Result<(String, bool), (String, String)>;

fn write_chunk(
    engine: &Engine,
    user: SalesforceId,
    order: &One<'_>,
    table: &Table,
    rows: &[Vec<String>],
) -> Vec<Outcome> {
    let written: Result<Vec<Outcome>, ApiError> = engine.change(|store| {
        // A job runs assignment rules only when it names one, and none of this org has an id.
        let author = Author::api(store, user, RULES);
        let outcomes = rows
            .iter()
            .map(|cells| {
                let savepoint = store.savepoint();
                let (id, fields) = fields(order, table, cells);
                one(store, author, order, &id, &fields).map_err(|error| {
                    store.rollback(&savepoint);
                    let about = error.fields.unwrap_or_default().join(",");
                    (id, format!("{}:{}:{about} --", error.code, error.message))
                })
            })
            .collect();
        Ok(outcomes)
    });
    written.unwrap_or_default()
}

/// The value of the key column, and the other cells as fields.
fn fields(order: &One<'_>, table: &Table, cells: &[String]) -> (String, Body) {
    let mut id = String::new();
    let mut fields = Body::new();
    for (name, cell) in table.header.iter().zip(cells) {
        let is_key = order.operation != Operation::Insert && name.eq_ignore_ascii_case(order.key);
        match cell.as_str() {
            _ if is_key => id.clone_from(cell),
            "" => {}
            NOTHING => {
                fields.insert(name.clone(), Json::Null);
            }
            text => {
                fields.insert(name.clone(), json!(text));
            }
        }
    }
    (id, fields)
}

fn one(
    store: &mut Store,
    author: Author,
    order: &One<'_>,
    id: &str,
    fields: &Body,
) -> Result<(String, bool), ApiError> {
    let object = order.object;
    let row = || {
        if id.is_empty() {
            let message = "Id not specified in an update or delete call";
            return Err(ApiError::new(400, "MISSING_ARGUMENT", message).about(&["Id"]));
        }
        SalesforceId::parse(id).map_err(|_| {
            ApiError::new(400, "MALFORMED_ID", format!("malformed id {id}")).about(&["Id"])
        })
    };
    let done = |id: SalesforceId, created| Ok((id.as_str().to_owned(), created));
    match order.operation {
        Operation::Insert => done(changes::create(store, author, object, fields)?, true),
        Operation::Update => {
            let id = row()?;
            changes::update(store, author, object, id, fields).map_err(as_reference)?;
            done(id, false)
        }
        Operation::Upsert => {
            match keys::upsert(store, author, object, (order.key, id), fields)
                .map_err(as_reference)?
            {
                Upserted::Created(id) => done(id, true),
                Upserted::Updated(id) => done(id, false),
            }
        }
        Operation::Delete | Operation::HardDelete => {
            let id = row()?;
            changes::delete(store, author, object, id).map_err(as_reference)?;
            if order.operation == Operation::HardDelete {
                changes::purge(store, author, object, id).map_err(as_reference)?;
            }
            done(id, false)
        }
    }
}

/// A row that is not there is a bad reference in a job.
fn as_reference(error: ApiError) -> ApiError {
    if error.code == "NOT_FOUND" {
        let message = "invalid cross reference id";
        return ApiError::new(400, "INVALID_CROSS_REFERENCE_KEY", message).about(&["Id"]);
    }
    error
}
