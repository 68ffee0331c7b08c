//! The time, for what must not be told by a process's own timers.

use std::sync::Arc;

use jiff::Timestamp;

/// A clock: an assertion states when it expires, and a figure when it was read.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;
