//! The console over HTTP, as a browser speaks to it: signing in, sessions, forms, rights, headers.

mod forms;
mod log;
mod matrix;
mod pages;
mod people;
mod records;
mod settings;
mod sign_in;
mod suppressions;
