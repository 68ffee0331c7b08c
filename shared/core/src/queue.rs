//! The queues that functions consume, each with a dead-letter queue of its own.

use std::fmt;

/// A queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Queue {
    /// Requests to work on a run, for the fan-out.
    SyncRequests,
    /// Requests to look at one record, for the import worker.
    Imports,
    /// Requests to deliver the pending write of a link, for the push worker.
    SalesforceWrites,
}

impl Queue {
    /// Every queue.
    pub const ALL: [Self; 3] = [Self::SyncRequests, Self::Imports, Self::SalesforceWrites];

    /// Returns the queue's name, without the stack's.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SyncRequests => "sync-requests",
            Self::Imports => "imports",
            Self::SalesforceWrites => "salesforce-writes",
        }
    }

    /// Returns the name of its dead-letter queue, without the stack's.
    #[must_use]
    pub const fn dead_letter_queue(self) -> &'static str {
        match self {
            Self::SyncRequests => "sync-requests-dlq",
            Self::Imports => "imports-dlq",
            Self::SalesforceWrites => "salesforce-writes-dlq",
        }
    }

    /// Returns the queue with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|queue| queue.name() == name)
    }
}

impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_found_by_its_name_and_no_dead_letter_queue_is() {
        for queue in Queue::ALL {
            assert_eq!(Queue::parse(queue.name()), Some(queue));
            assert_eq!(Queue::parse(queue.dead_letter_queue()), None);
            assert_eq!(format!("{queue}-dlq"), queue.dead_letter_queue());
        }
    }
}
