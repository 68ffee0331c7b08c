//! The console over HTTP, as a browser speaks to it: signing in, sessions, forms, rights, headers.

mod forms;
mod matrix;
mod pages;
mod records;
mod sign_in;
