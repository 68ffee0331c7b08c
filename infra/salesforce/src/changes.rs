//! Creating and changing rows: one path for REST and for the admin API.

mod author;
mod body;
mod check;
pub(crate) mod conversion;
mod duplicates;
mod effects;
mod locks;
pub(crate) mod merge;
pub(crate) mod named;
mod removal;
mod row;
pub(crate) mod rules;
mod write;

pub(crate) use author::{Assignment, Author, Duplicates, OrgRules};
pub(crate) use body::Body;
pub(crate) use effects::is_converted;
pub(crate) use removal::{delete, purge, undelete};
pub(crate) use row::is_writable;
pub(crate) use write::{create, update};
