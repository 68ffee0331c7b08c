//! The commands as a person meets them: exit codes, standard output, standard error.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what cannot go on here is a failed test"
)]

mod bad_input;
mod data_directory;
mod explain;
mod export;
mod exports;
mod kill;
mod load;
mod login;
mod place;
mod salesforce;
mod sync;
mod up;
