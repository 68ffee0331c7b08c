//! The console over HTTP, as a browser speaks to it: signing in, sessions, forms, rights, headers.
#![expect(
    clippy::unwrap_used,
    reason = "what cannot go on here is a failed test"
)]

mod forms;
mod log;
mod matrix;
mod pages;
mod people;
mod records;
mod settings;
mod sign_in;
mod suppressions;
