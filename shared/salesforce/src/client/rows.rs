//! Rows of statements: pages, children, and parts of what Salesforce finds too large.

use dealbridge_core::{
    SalesforceId, SalesforceObject,
    email::Email,
    salesforce::{Locator, Page, Row, Salesforce, SalesforceError},
};
use serde::Deserialize;
use serde_json::Value;

use super::SalesforceClient;
use crate::{
    api_usage::CallKind,
    call::Call,
    soql::{MAX_IDS_PER_STATEMENT, Person, Statement},
};

/// The most times that rows are asked for again because a locator died on the way.
const MAX_RESTARTS: usize = 5;

/// A page of a query, or of the child rows of a subquery.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueryAnswer {
    done: bool,
    next_records_url: Option<String>,
    records: Vec<Row>,
}

impl SalesforceClient {
    /// One page, from its path.
    pub(super) async fn page(
        &self,
        kind: CallKind,
        path: &str,
        object: Option<&str>,
    ) -> Result<Page, SalesforceError> {
        let (answer, session) = self
            .make(&Call::get(kind, path, object), |answer| {
                let page: QueryAnswer = answer.json()?;
                if !page.done && page.next_records_url.is_none() {
                    return Err("answered with an unfinished page and no way on".to_owned());
                }
                Ok(page)
            })
            .await
            .result?;
        let next = match answer.next_records_url {
            Some(url) if !answer.done => Some(session.instance.locator(&url)?),
            _ => None,
        };
        if next.as_ref().is_some_and(|next| next.0 == path) {
            return Err(unavailable("a page's nextRecordsUrl leads to itself"));
        }
        Ok(Page {
            rows: answer.records,
            next,
        })
    }

    /// The first page of a statement.
    pub(super) async fn query(
        &self,
        statement: &Statement,
        object: SalesforceObject,
    ) -> Result<Page, SalesforceError> {
        let path = statement.path(self.shared.version)?;
        self.page(CallKind::Query, &path, Some(object.api_name()))
            .await
    }

    /// Reads the people with an address.
    pub(super) async fn people(
        &self,
        person: Person,
        email: &Email,
    ) -> Result<Vec<Row>, SalesforceError> {
        let path = Statement::people(person, email).path(self.shared.version)?;
        let page = self
            .page(CallKind::Query, &path, Some(person.object()))
            .await?;
        Ok(page.rows)
    }

    /// Reads every row of a statement, with all child rows.
    async fn all_rows(
        &self,
        statement: &Statement,
        object: SalesforceObject,
    ) -> Result<Vec<Row>, SalesforceError> {
        let mut page = self.query(statement, object).await?;
        let mut rows = Vec::new();
        loop {
            self.complete_children(&mut page.rows).await?;
            rows.append(&mut page.rows);
            match page.next {
                Some(next) => page = self.next(&next).await?,
                None => return Ok(rows),
            }
        }
    }

    /// Reads every row of a statement over ids: again from the start if a locator expires on the way, and in halves if
    /// Salesforce finds the statement too large.
    pub(super) async fn rows_of(
        &self,
        object: SalesforceObject,
        ids: &[SalesforceId],
        statement: impl Fn(&[SalesforceId]) -> Statement,
    ) -> Result<Vec<Row>, SalesforceError> {
        let mut rows = Vec::new();
        let mut parts: Vec<&[SalesforceId]> = ids.chunks(MAX_IDS_PER_STATEMENT).rev().collect();
        let mut restarts = 0;
        while let Some(part) = parts.pop() {
            match self.all_rows(&statement(part), object).await {
                Ok(mut read) => rows.append(&mut read),
                Err(SalesforceError::LocatorExpired) if restarts < MAX_RESTARTS => {
                    restarts += 1;
                    parts.push(part);
                }
                Err(SalesforceError::TooLarge { .. }) if part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(rows)
    }

    /// Fetches the child rows that did not fit into the page.
    async fn complete_children(&self, rows: &mut [Row]) -> Result<(), SalesforceError> {
        for child in rows.iter_mut().flat_map(|row| row.0.values_mut()) {
            while let Some(url) = unfinished(child) {
                let page = self.next(&Locator(url)).await?;
                extend(child, page);
            }
        }
        Ok(())
    }
}

/// The URL of the further rows in a subquery's result, if there are any.
fn unfinished(value: &Value) -> Option<String> {
    let children = value.as_object()?;
    let done = children.get("done")?.as_bool()?;
    children
        .get("nextRecordsUrl")
        .and_then(Value::as_str)
        .filter(|_| !done)
        .map(str::to_owned)
}

fn extend(value: &mut Value, page: Page) {
    let Some(children) = value.as_object_mut() else {
        return;
    };
    if let Some(Value::Array(records)) = children.get_mut("records") {
        records.extend(page.rows.into_iter().map(|row| Value::Object(row.0)));
    }
    match page.next {
        Some(next) => children.insert("nextRecordsUrl".to_owned(), next.0.into()),
        None => {
            children.shift_remove("nextRecordsUrl");
            children.insert("done".to_owned(), true.into())
        }
    };
}

fn unavailable(detail: &str) -> SalesforceError {
    SalesforceError::Unavailable {
        detail: detail.to_owned(),
    }
}
