//! The commands as a person meets them: exit codes, standard output, standard error.

mod bad_input;
mod explain;
mod place;
mod salesforce;
mod sync;
mod up;
