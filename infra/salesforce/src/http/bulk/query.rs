//! `jobs/query`: the rows of a query as CSV, page by page.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use serde::Deserialize;

use super::{
    access::{csv, refuse, with_job},
    job::{Job, Kind, State, Work},
    table::{Delimiter, Dialect, LineEnding, Table, cell},
};
use crate::{
    engine::locked,
    http::{
        call::Caller,
        reply::{ApiError, Reply},
    },
    schema::FieldType,
    soql::{
        bind,
        plan::{Output, Plan, Shape, Slot},
        run,
        view::{Scope, View},
    },
    store::{Row, Store},
    value::Value,
};

/// The rows of one page unless the caller says.
const DEFAULT_PAGE_ROWS: usize = 50_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    operation: Operation,
    query: String,
    content_type: Option<String>,
    #[serde(default)]
    column_delimiter: Delimiter,
    #[serde(default)]
    line_ending: LineEnding,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Operation {
    Query,
    QueryAll,
}

/// Answers `POST jobs/query`.
pub(super) fn create(caller: Caller<'_>) -> Result<Reply, Reply> {
    let order: Order = serde_json::from_slice(&caller.call.body)
        .map_err(|error| refuse("INVALIDJOB", format!("The job is not right: {error}")))?;
    if order.content_type.is_some_and(|kind| kind != "CSV") {
        return Err(refuse("INVALIDJOB", "Bulk V2 Query only supports CSV"));
    }
    let (operation, scope) = match order.operation {
        Operation::Query => ("query", Scope::Live),
        Operation::QueryAll => ("queryAll", Scope::All),
    };
    let store = caller.engine.read();
    let view = View::of_api(&store, scope);
    let plan = bind::plan(view, &order.query)?;
    let shape = supported(&store, &plan)?;
    let rows = found(view, &plan, shape);
    let now = store.now();
    let mut jobs = locked(&caller.engine.jobs);
    let job = jobs.add(&store, |id| Job {
        id,
        operation: operation.to_owned(),
        object: store.object(plan.object).name.clone(),
        version: caller.call.version.clone(),
        user: caller.user,
        created: now,
        changed: now,
        state: State::UploadComplete,
        dialect: Dialect {
            delimiter: order.column_delimiter,
            line_ending: order.line_ending,
        },
        work: Work::Query(rows),
    });
    Ok(Reply::json(200, &job.summary()))
}

/// The fields that the Bulk API reads: plain fields of rows and their parents.
fn supported<'a>(store: &Store, plan: &'a Plan) -> Result<&'a Shape, Reply> {
    let no = |what: &str| refuse("API_ERROR", format!("{what} not supported in Bulk Query"));
    let Output::Rows(shape) = &plan.output else {
        return Err(no("Aggregate functions and GROUP BY are"));
    };
    if plan.offset > 0 {
        return Err(no("OFFSET is"));
    }
    check(store, shape).map_err(no)?;
    Ok(shape)
}

fn check(store: &Store, shape: &Shape) -> Result<(), &'static str> {
    let fields = &store.object(shape.object).fields;
    shape.slots.iter().try_for_each(|slot| match slot {
        Slot::Field(field) if fields[*field].kind == FieldType::Address => {
            Err("Selecting compound data")
        }
        Slot::Field(_) => Ok(()),
        Slot::Parent { shape, .. } => check(store, shape),
        Slot::Children { .. } => Err("Aggregate Relationships"),
    })
}

fn found(view: View<'_>, plan: &Plan, shape: &Shape) -> Table {
    let mut header = Vec::new();
    name_columns(view.store, shape, "", &mut header);
    let table = view.store.table(plan.object);
    let rows = run::positions(view, plan)
        .into_iter()
        .filter_map(|position| table.at(position))
        .map(|row| {
            let mut cells = Vec::with_capacity(header.len());
            add_cells(view, shape, Some(row), &mut cells);
            cells
        })
        .collect();
    Table { header, rows }
}

fn name_columns(store: &Store, shape: &Shape, path: &str, header: &mut Vec<String>) {
    for slot in &shape.slots {
        match slot {
            Slot::Field(field) => {
                let name = &store.object(shape.object).fields[*field].name;
                header.push(format!("{path}{name}"));
            }
            Slot::Parent { name, shape, .. } => {
                name_columns(store, shape, &format!("{path}{name}."), header);
            }
            Slot::Children { .. } => {}
        }
    }
}

fn add_cells(view: View<'_>, shape: &Shape, row: Option<&Row>, cells: &mut Vec<String>) {
    let fields = &view.store.object(shape.object).fields;
    let value = |field: usize| row.map_or(&Value::Null, |row| &row.values[field]);
    for slot in &shape.slots {
        match slot {
            Slot::Field(field) => cells.push(cell(value(*field), fields[*field].kind)),
            Slot::Parent {
                reference, shape, ..
            } => {
                let parent = view.parent(shape.object, value(*reference));
                add_cells(view, shape, parent.map(AsRef::as_ref), cells);
            }
            Slot::Children { .. } => {}
        }
    }
}

/// Answers `GET jobs/query/<id>/results`.
pub(super) fn results(caller: Caller<'_>, id: &str) -> Result<Reply, Reply> {
    let call = caller.call;
    with_job(caller, Kind::Query, id, |job| {
        if job.version != call.version {
            let message = format!(
                "the job was made with API version {}; read its results with the same",
                job.version
            );
            return Err(ApiError::new(409, "INVALIDVERSION", message).into());
        }
        if job.state != State::JobComplete {
            let state = match job.state {
                State::UploadComplete => "UPLOAD_COMPLETE",
                State::InProgress => "IN_PROGRESS",
                State::Failed => "FAILED",
                _ => "ABORTED",
            };
            let message = format!(
                "can only download query results of successfully completed bulk job with status: JOB_COMPLETE. Current status: {state}"
            );
            return Err(ApiError::new(412, "JOB_NOT_COMPLETE", message).into());
        }
        let Work::Query(table) = &job.work else {
            return Err(Reply::not_found());
        };
        let from = match call.parameter("locator") {
            Some(locator) => offset(locator, table.rows.len())?,
            None => 0,
        };
        let most = match call.parameter("maxRecords") {
            Some(text) => match text.parse() {
                Ok(most) if most > 0 => most,
                _ => {
                    return Err(refuse(
                        "INVALIDPARAMETER",
                        "maxRecords must be a number over 0",
                    ));
                }
            },
            None => DEFAULT_PAGE_ROWS,
        };
        let to = table.rows.len().min(from.saturating_add(most));
        let next = if to < table.rows.len() {
            BASE64.encode(to.to_string())
        } else {
            // Salesforce says that there is no more by this very word.
            "null".to_owned()
        };
        let body = job.dialect.write(&table.header, &table.rows[from..to]);
        Ok(csv(body)
            .with("sforce-numberofrecords", (to - from).to_string())
            .with("sforce-locator", next))
    })
}

fn offset(locator: &str, rows: usize) -> Result<usize, Reply> {
    let offset = BASE64
        .decode(locator)
        .ok()
        .and_then(|text| String::from_utf8(text).ok()?.parse::<usize>().ok());
    offset
        .filter(|offset| *offset <= rows)
        .ok_or_else(|| refuse("INVALIDLOCATOR", format!("Invalid locator: {locator}")))
}
