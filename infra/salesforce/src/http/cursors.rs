//! The open query locators of an org.

use std::{collections::BTreeMap, sync::Arc};

use crate::soql::{plan::Plan, view::Scope};

/// The most locators that are kept.
const MAX_CURSORS: usize = 500;

/// The rest of a query's rows.
#[derive(Clone, Debug)]
pub(crate) struct Cursor {
    /// The query.
    pub(crate) plan: Arc<Plan>,
    /// The rows it found.
    pub(crate) positions: Arc<Vec<usize>>,
    /// Which rows it reads.
    pub(crate) scope: Scope,
    /// The most rows of a page.
    pub(crate) page: usize,
    /// When it was asked.
    pub(crate) opened: i64,
    /// True if it died with its session.
    pub(crate) is_dead: bool,
}

/// The open locators.
#[derive(Debug, Default)]
pub(crate) struct Cursors {
    open: BTreeMap<u64, Cursor>,
    last: u64,
}

impl Cursors {
    /// Closes all of them.
    pub(crate) fn clear(&mut self) {
        self.open.clear();
    }

    /// Lets them die with their sessions: they are there, but no session may read on.
    pub(crate) fn orphan(&mut self) {
        for cursor in self.open.values_mut() {
            cursor.is_dead = true;
        }
    }

    /// The locator of this number.
    pub(crate) fn get(&self, number: u64) -> Option<&Cursor> {
        self.open.get(&number)
    }

    /// Keeps a locator under a number of its own; the oldest ones give way.
    pub(crate) fn keep(&mut self, cursor: Cursor) -> u64 {
        self.last += 1;
        self.open.insert(self.last, cursor);
        while self.open.len() > MAX_CURSORS {
            self.open.pop_first();
        }
        self.last
    }
}
