//! The REST surface: one call in, one reply out.

pub(crate) mod admin;
pub(crate) mod bulk;
pub(crate) mod call;
pub(crate) mod collections;
pub(crate) mod columns;
pub(crate) mod composite;
pub(crate) mod cursors;
pub(crate) mod describe;
pub(crate) mod jwt;
pub(crate) mod keys;
pub(crate) mod limits;
pub(crate) mod login;
pub(crate) mod page;
pub(crate) mod query;
mod refusal;
pub(crate) mod replication;
pub(crate) mod reply;
pub(crate) mod response;
pub(crate) mod routes;
pub(crate) mod rows;
pub(crate) mod sessions;
