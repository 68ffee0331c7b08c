//! The client over a real wire, against a small scripted server.

mod faults;
mod login;
mod org;
mod queries;
mod writes;
