//! `query`, `queryAll` and their further pages.

use std::sync::Arc;

use axum::http::Method;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::json;

use super::{
    call::Call,
    cursors::Cursor,
    reply::{ApiError, Reply},
};
use crate::{
    engine::{Engine, locked},
    soql::{
        bind,
        plan::{Output, Plan},
        run,
        view::{Scope, View},
        write::{Records, Rest},
    },
    store::{Store, make_id},
};

/// The most rows of one page.
const MAX_PAGE_ROWS: usize = 2_000;
/// The most rows of one page when a long text is read.
const MAX_WIDE_PAGE_ROWS: usize = 1_000;
/// The life of a locator, in seconds of the org's clock.
const LOCATOR_SECONDS: i64 = 2 * 24 * 3_600;

/// Answers `query?q=` and `queryAll?q=`.
pub(crate) fn first_page(engine: &Engine, call: &Call, scope: Scope) -> Reply {
    if call.method != Method::GET {
        return Reply::method_not_allowed(call.method.as_str(), "GET");
    }
    let Some(soql) = call.parameter("q") else {
        return ApiError::new(400, "MALFORMED_QUERY", "A query string has to be specified").into();
    };
    let store = engine.read();
    let view = View::of_api(&store, scope);
    let plan = match bind::plan(view, soql) {
        Ok(plan) => plan,
        Err(error) => return error.into(),
    };
    if call
        .parameter("columns")
        .is_some_and(|columns| columns == "true")
    {
        return Reply::json(200, &super::columns::metadata(&store, &plan));
    }
    let positions = match &plan.output {
        // LIMIT counts groups, not the rows in them.
        Output::Groups(_) => run::positions(
            view,
            &Plan {
                limit: None,
                offset: 0,
                ..plan.clone()
            },
        ),
        _ => run::positions(view, &plan),
    };
    match &plan.output {
        Output::Count => {
            return Reply::json(
                200,
                &json!({ "totalSize": positions.len(), "done": true, "records": [] }),
            );
        }
        Output::Groups(grouping) => {
            let records = run::groups(view, &plan, grouping, &positions);
            if records.len() > MAX_PAGE_ROWS {
                let message = "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch";
                return ApiError::new(400, "EXCEEDED_ID_LIMIT", message).into();
            }
            return Reply::json(
                200,
                &json!({ "totalSize": records.len(), "done": true, "records": records }),
            );
        }
        Output::Rows(_) => {}
    }
    if let Err(refusal) = engine.allowance.found(positions.len()) {
        return refusal;
    }
    let page = engine.allowance.page(page_size(call, &plan));
    let cursor = Cursor {
        plan: Arc::new(plan),
        positions: Arc::new(positions),
        scope,
        page,
        opened: store.now(),
        is_dead: false,
    };
    answer(
        engine,
        &store,
        call,
        &cursor,
        RowPosition {
            key: None,
            offset: 0,
        },
    )
}

/// Answers `query/<locator>`.
pub(crate) fn next_page(engine: &Engine, call: &Call, locator: &str) -> Reply {
    let gone = || ApiError::new(400, "INVALID_QUERY_LOCATOR", "invalid query locator").into();
    let store = engine.read();
    let Some((key, offset)) = parse_locator(&store, locator) else {
        return gone();
    };
    let cursor = locked(&engine.cursors).get(key).cloned();
    match cursor {
        Some(cursor) if cursor.is_dead => Reply::session_expired(),
        Some(cursor)
            if offset < cursor.positions.len()
                && store.now() - cursor.opened <= LOCATOR_SECONDS =>
        {
            answer(
                engine,
                &store,
                call,
                &cursor,
                RowPosition {
                    key: Some(key),
                    offset,
                },
            )
        }
        _ => gone(),
    }
}

fn page_size(call: &Call, plan: &Plan) -> usize {
    let asked = call
        .header("sforce-query-options")
        .and_then(|options| {
            options.split([',', ';']).find_map(|option| {
                option
                    .trim()
                    .strip_prefix("batchSize=")?
                    .trim()
                    .parse()
                    .ok()
            })
        })
        .unwrap_or(MAX_PAGE_ROWS)
        .clamp(200, MAX_PAGE_ROWS);
    if plan.reads_long_text {
        asked.min(MAX_WIDE_PAGE_ROWS)
    } else {
        asked
    }
}

/// The place in a cursor at which a page begins.
struct RowPosition {
    key: Option<u64>,
    offset: usize,
}

fn answer(
    engine: &Engine,
    store: &Store,
    call: &Call,
    cursor: &Cursor,
    place: RowPosition,
) -> Reply {
    let view = View::of_api(store, cursor.scope);
    let rest = &cursor.positions[place.offset..];
    let taken = rows_of_page(view, cursor, rest);
    let table = store.table(cursor.plan.object);
    // Rows that went away since the query was asked are left out.
    let positions: Vec<usize> = rest[..taken]
        .iter()
        .copied()
        .filter(|position| table.at(*position).is_some_and(|row| view.sees(row)))
        .collect();
    let next = (taken < rest.len()).then(|| {
        let key = place
            .key
            .unwrap_or_else(|| locked(&engine.cursors).keep(cursor.clone()));
        page_url(store, call, key, place.offset + taken)
    });
    let more = |plan: &Arc<Plan>, children: &[usize]| {
        (children.len() > cursor.page).then(|| {
            let rest = Cursor {
                plan: Arc::clone(plan),
                positions: Arc::new(children.to_vec()),
                is_dead: false,
                ..cursor.clone()
            };
            let key = locked(&engine.cursors).keep(rest);
            Rest {
                shown: cursor.page,
                url: page_url(store, call, key, cursor.page),
            }
        })
    };
    Reply::json(
        200,
        &Page {
            total: cursor.positions.len(),
            next,
            records: Records {
                view,
                plan: &cursor.plan,
                positions: &positions,
                version: &call.version,
                more: &more,
            },
        },
    )
}

/// The address at which the rows from this one on are read.
fn page_url(store: &Store, call: &Call, key: u64, offset: usize) -> String {
    let id = make_id("0r8", store.pod(), key);
    format!(
        "/services/data/v{}/query/{}-{offset}",
        call.version,
        id.as_str()
    )
}

/// Counts the rows that fit a page; those of child subqueries count.
fn rows_of_page(view: View<'_>, cursor: &Cursor, rest: &[usize]) -> usize {
    let Output::Rows(shape) = &cursor.plan.output else {
        return rest.len();
    };
    let table = view.store.table(cursor.plan.object);
    let mut room = cursor.page;
    let mut taken = 0;
    for position in rest {
        let children = table
            .at(*position)
            .map_or(0, |row| run::count_children(view, shape, row, cursor.page));
        if taken > 0 && room < 1 + children {
            break;
        }
        room = room.saturating_sub(1 + children);
        taken += 1;
        if room == 0 {
            break;
        }
    }
    taken
}

fn parse_locator(store: &Store, locator: &str) -> Option<(u64, usize)> {
    let (id, offset) = locator.split_once('-')?;
    let id = salesforce_id::SalesforceId::parse(id).ok()?;
    let key = store.number_of(id)?;
    (id.key_prefix() == "0r8").then_some(())?;
    Some((key, offset.parse().ok()?))
}

struct Page<'a> {
    total: usize,
    next: Option<String>,
    records: Records<'a>,
}

impl Serialize for Page<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("totalSize", &self.total)?;
        map.serialize_entry("done", &self.next.is_none())?;
        if let Some(next) = &self.next {
            map.serialize_entry("nextRecordsUrl", next)?;
        }
        map.serialize_entry("records", &self.records)?;
        map.end()
    }
}
