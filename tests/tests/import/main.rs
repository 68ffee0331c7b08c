//! The import, whole: handlers over embedded servers and a simulated org.

mod conditions;
mod runs;
mod usage;
