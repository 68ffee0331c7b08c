//! One queue in memory: which messages wait, which are in flight, which are delayed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::attributes::{AttributeMap, QueueAttributes};
use crate::clock::Moment;
use crate::message::Message;

pub(crate) type QueueId = u64;
pub(crate) type MessageKey = u64;

/// The messages that a queue holds, by what becomes of them next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// Ready to be received.
    pub visible: usize,
    /// Received, and neither deleted nor visible again.
    pub in_flight: usize,
    /// Sent, and not receivable before their delay is over.
    pub delayed: usize,
}

impl QueueCounts {
    /// All messages of the queue.
    #[must_use]
    pub fn total(self) -> usize {
        self.visible + self.in_flight + self.delayed
    }
}

/// The definition of a queue, as kept on disk.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct QueueRecord {
    pub(crate) id: QueueId,
    pub(crate) name: String,
    pub(crate) attributes: QueueAttributes,
    pub(crate) tags: AttributeMap,
    pub(crate) created_seconds: i64,
    pub(crate) modified_seconds: i64,
}

/// The progress of a message so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Delivery {
    pub(crate) available_at: Moment,
    pub(crate) receive_count: u32,
    pub(crate) first_received_at: Option<Moment>,
    pub(crate) origin: Origin,
}

/// The origin of a message: it was sent, or is the second copy that disorder made of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Sent,
    Copy,
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) message: Arc<Message>,
    pub(crate) delivery: Delivery,
    pub(crate) place: MessageState,
}

/// The state of a message in its queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum MessageState {
    Ready { rank: u64 },
    Delayed { until: Moment },
    InFlight { until: Moment, since: Moment },
}

#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) record: QueueRecord,
    pub(crate) purged_at: Option<Moment>,
    /// Told whenever a message becomes ready, and when the queue goes.
    pub(crate) arrivals: Arc<Notify>,
    entries: HashMap<MessageKey, Entry>,
    /// In the order in which they became visible, or at random when asked to be.
    ready: BTreeSet<(u64, MessageKey)>,
    waiting: BTreeSet<(Moment, MessageKey)>,
    ages: BTreeSet<(Moment, MessageKey)>,
    delayed: usize,
    in_flight: usize,
}

impl Queue {
    pub(crate) fn new(record: QueueRecord) -> Self {
        Self {
            record,
            purged_at: None,
            arrivals: Arc::default(),
            entries: HashMap::new(),
            ready: BTreeSet::new(),
            waiting: BTreeSet::new(),
            ages: BTreeSet::new(),
            delayed: 0,
            in_flight: 0,
        }
    }

    pub(crate) fn entry(&self, key: MessageKey) -> Option<&Entry> {
        self.entries.get(&key)
    }

    /// The ready messages in the order in which a receive takes them.
    pub(crate) fn ready(&self) -> impl Iterator<Item = (MessageKey, &Entry)> {
        self.ready
            .iter()
            .filter_map(|(_, key)| self.entries.get(key).map(|entry| (*key, entry)))
    }

    pub(crate) fn counts(&self) -> QueueCounts {
        QueueCounts {
            visible: self.ready.len(),
            in_flight: self.in_flight,
            delayed: self.delayed,
        }
    }

    /// When the next message becomes visible by the passing of time.
    pub(crate) fn next_arrival(&self) -> Option<Moment> {
        self.waiting.first().map(|(at, _)| *at)
    }

    /// When the next message is too old to keep.
    pub(crate) fn next_expiry(&self) -> Option<Moment> {
        let retention = self.record.attributes.retention_seconds;
        self.ages
            .first()
            .map(|(sent, _)| sent.after_seconds(retention))
    }

    /// The messages that have outlived the retention period.
    pub(crate) fn expired(&self, now: Moment) -> Vec<MessageKey> {
        let oldest = now.before_seconds(self.record.attributes.retention_seconds);
        self.ages
            .iter()
            .take_while(|(sent, _)| *sent <= oldest)
            .map(|(_, key)| *key)
            .collect()
    }

    /// Makes visible what has waited long enough; `rank` says where each stands in the order.
    pub(crate) fn promote(&mut self, now: Moment, mut rank: impl FnMut() -> u64) {
        while let Some(&(at, key)) = self.waiting.first()
            && at <= now
        {
            self.leave(key);
            self.stand(key, MessageState::Ready { rank: rank() });
        }
    }

    pub(crate) fn insert(
        &mut self,
        key: MessageKey,
        message: Arc<Message>,
        delivery: Delivery,
        place: MessageState,
    ) {
        self.ages.insert((message.sent_at, key));
        self.entries.insert(
            key,
            Entry {
                message,
                delivery,
                place,
            },
        );
        self.stand(key, place);
    }

    pub(crate) fn remove(&mut self, key: MessageKey) {
        self.leave(key);
        if let Some(entry) = self.entries.remove(&key) {
            self.ages.remove(&(entry.message.sent_at, key));
        }
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.ready.clear();
        self.waiting.clear();
        self.ages.clear();
        self.delayed = 0;
        self.in_flight = 0;
    }

    /// Counts one more delivery of a message.
    pub(crate) fn count_delivery(&mut self, key: MessageKey, now: Moment) {
        if let Some(entry) = self.entries.get_mut(&key) {
            let delivery = &mut entry.delivery;
            delivery.receive_count = delivery.receive_count.saturating_add(1);
            delivery.first_received_at.get_or_insert(now);
        }
    }

    /// Puts a message elsewhere.
    pub(crate) fn place(&mut self, key: MessageKey, place: MessageState) {
        self.leave(key);
        self.stand(key, place);
    }

    fn stand(&mut self, key: MessageKey, place: MessageState) {
        let Some(entry) = self.entries.get_mut(&key) else {
            return;
        };
        entry.place = place;
        match place {
            MessageState::Ready { rank } => {
                self.ready.insert((rank, key));
                self.arrivals.notify_waiters();
            }
            MessageState::Delayed { until } => {
                self.waiting.insert((until, key));
                self.delayed += 1;
            }
            MessageState::InFlight { until, .. } => {
                self.waiting.insert((until, key));
                self.in_flight += 1;
            }
        }
    }

    fn leave(&mut self, key: MessageKey) {
        match self.entries.get(&key).map(|entry| entry.place) {
            None => {}
            Some(MessageState::Ready { rank }) => {
                self.ready.remove(&(rank, key));
            }
            Some(MessageState::Delayed { until }) => {
                self.waiting.remove(&(until, key));
                self.delayed -= 1;
            }
            Some(MessageState::InFlight { until, .. }) => {
                self.waiting.remove(&(until, key));
                self.in_flight -= 1;
            }
        }
    }
}

/// Counts of several queues, by name.
pub type CountsByQueue = BTreeMap<String, QueueCounts>;

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng as _, SeedableRng as _};
    use uuid::Uuid;

    use super::*;
    use crate::message::Extras;

    fn counted_anew(queue: &Queue) -> QueueCounts {
        let mut counts = QueueCounts::default();
        for entry in queue.entries.values() {
            match entry.place {
                MessageState::Ready { .. } => counts.visible += 1,
                MessageState::InFlight { .. } => counts.in_flight += 1,
                MessageState::Delayed { .. } => counts.delayed += 1,
            }
        }
        counts
    }

    #[test]
    fn counts_agree_with_the_messages_whatever_happens_to_them() {
        let mut random = StdRng::seed_from_u64(5);
        let mut queue = Queue::new(QueueRecord {
            id: 1,
            name: "q".to_owned(),
            attributes: QueueAttributes::default(),
            tags: AttributeMap::new(),
            created_seconds: 0,
            modified_seconds: 0,
        });

        for step in 0..5000 {
            let now = Moment::from_millis(step);
            let until = Moment::from_millis(step + random.random_range(0..50));
            let key = random.random_range(0..40);
            let place = match random.random_range(0..3) {
                0 => MessageState::Ready {
                    rank: random.random(),
                },
                1 => MessageState::Delayed { until },
                _ => MessageState::InFlight { until, since: now },
            };
            match random.random_range(0..4) {
                0 => queue.remove(key),
                1 => queue.promote(now, || 0),
                _ if queue.entry(key).is_some() => queue.place(key, place),
                _ => {
                    let message = Message {
                        id: Uuid::nil(),
                        body: String::new(),
                        body_md5: String::new(),
                        extras: Extras::default(),
                        sent_at: now,
                        source_arn: None,
                    };
                    let delivery = Delivery {
                        available_at: now,
                        receive_count: 0,
                        first_received_at: None,
                        origin: Origin::Sent,
                    };
                    queue.insert(key, Arc::new(message), delivery, place);
                }
            }

            assert_eq!(queue.counts(), counted_anew(&queue));
            assert_eq!(queue.ages.len(), queue.entries.len());
            assert_eq!(
                queue.waiting.len(),
                queue.counts().in_flight + queue.counts().delayed
            );
        }
    }
}
