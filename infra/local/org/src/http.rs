//! The REST surface: one call in, one reply out.

pub(crate) mod call;
pub(crate) mod columns;
pub(crate) mod jwt;
pub(crate) mod login;
pub(crate) mod query;
pub(crate) mod reply;
pub(crate) mod routes;
