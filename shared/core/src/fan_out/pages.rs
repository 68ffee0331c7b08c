//! Reading a listing page by page, whatever goes wrong: an expired locator, a query that is too large, a missing field.

use super::{query::Query, window::Window};
use crate::{
    SalesforceId, SystemModstamp,
    ports::Part,
    read::Columns,
    salesforce::{Listing, Locator, Row, Salesforce, SalesforceError},
};

/// The most times in a row that a query is repeated because its locator expired before it gave a row.
const RESTARTS: usize = 5;

/// The most times in a row that a smaller part is asked for because no answer came: after that, Salesforce is
/// unavailable.
const SILENCES: usize = 4;

/// A listing that is being read.
pub(super) struct Pages<'a, F> {
    salesforce: &'a F,
    window: Window,
    columns: Columns,
    next: Option<Locator>,
    /// The number of rows of the part that is being read.
    rows: usize,
    restarts: usize,
    silences: usize,
}

impl<'a, F: Salesforce> Pages<'a, F> {
    /// Begins a listing, with parts of that size if an earlier attempt found the whole too large.
    pub(super) fn new(
        salesforce: &'a F,
        query: Query,
        now: jiff::Timestamp,
        size: Option<Part>,
    ) -> Self {
        let Query { listing, columns } = query;
        Self {
            salesforce,
            columns,
            window: Window::new(listing, SystemModstamp::from_second(now.as_second()), size),
            next: None,
            rows: 0,
            restarts: 0,
            silences: 0,
        }
    }

    /// Returns `true` if there may be more.
    pub(super) fn has_more(&self) -> bool {
        self.next.is_some() || !self.window.is_done()
    }

    /// Returns the size of the parts; none while everything is asked for at once.
    pub(super) fn size(&self) -> Option<Part> {
        self.window.size()
    }

    /// Returns the position up to which everything is read.
    pub(super) fn place(&self) -> Option<(SystemModstamp, SalesforceId)> {
        self.window.place()
    }

    /// Makes one call. Returns the rows that it gave: none if there are none, or if another call continues from here.
    pub(super) async fn step(&mut self) -> Result<Vec<Row>, SalesforceError> {
        let answer = match self.next.take() {
            Some(next) => self.salesforce.next(&next).await,
            None => {
                self.rows = 0;
                let part = Listing {
                    fields: self.columns.asked(),
                    ..self.window.part()
                };
                self.salesforce.list(&part).await
            }
        };
        match answer {
            Ok(page) => {
                (self.restarts, self.silences) = (0, 0);
                self.rows += page.rows.len();
                if let Some(last) = page.rows.iter().rev().find_map(place) {
                    self.window.read(last);
                }
                self.next = page.next;
                if self.next.is_none() {
                    self.window.end(self.rows);
                }
                Ok(page.rows)
            }
            // The listing continues behind the last row that it gave.
            Err(SalesforceError::LocatorExpired) if self.restarts < RESTARTS => {
                self.restarts += 1;
                Ok(Vec::new())
            }
            Err(SalesforceError::TooLarge { .. }) if self.window.shrink() => Ok(Vec::new()),
            Err(SalesforceError::NoAnswer { .. })
                if self.silences < SILENCES && self.window.shrink() =>
            {
                self.silences += 1;
                Ok(Vec::new())
            }
            // Unreadable fields are taken out of the query; any other refusal is returned as it is.
            Err(error) => {
                self.columns.go_without(self.salesforce, error).await?;
                Ok(Vec::new())
            }
        }
    }
}

fn place(row: &Row) -> Option<(SystemModstamp, SalesforceId)> {
    Some((row.stamp()?, row.id()?))
}
