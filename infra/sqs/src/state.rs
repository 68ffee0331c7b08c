//! All queues of the server, and the one way in which they change.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::sync::watch;
use uuid::Uuid;

use crate::change::Change;
use crate::clock::Moment;
use crate::disorder::{Disorder, DisorderDice};
use crate::error::{ErrorKind, QueueError};
use crate::message::Message;
use crate::move_task::MoveTask;
use crate::queue::{CountsByQueue, Delivery, MessageKey, MessageState, Queue, QueueId};
use crate::store::{Store, StoreError, Stored};

/// The finished tasks that a source queue remembers.
const MAX_FINISHED_TASKS: usize = 10;

/// Where the queues pretend to live; names and addresses are made from it.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) endpoint: String,
}

impl Identity {
    pub(crate) fn url(&self, name: &str) -> String {
        format!("{}/{}/{name}", self.endpoint, self.account)
    }

    pub(crate) fn arn(&self, name: &str) -> String {
        format!("arn:aws:sqs:{}:{}:{name}", self.region, self.account)
    }

    fn name_in_arn<'a>(&self, arn: &'a str) -> Option<&'a str> {
        let (head, name) = arn.rsplit_once(':')?;
        (head == format!("arn:aws:sqs:{}:{}", self.region, self.account)).then_some(name)
    }
}

/// Where changes are written down before they happen.
#[derive(Debug)]
pub(crate) enum Backing {
    Memory,
    File(Box<Store>),
    /// The server has stopped; nothing may change any more.
    Closed,
}

/// The order of messages that are ready.
#[derive(Debug)]
struct Order {
    next: u64,
    dice: Option<DisorderDice>,
}

impl Order {
    fn rank(&mut self) -> u64 {
        self.next += 1;
        let shuffled = self.dice.as_mut().and_then(DisorderDice::rank);
        shuffled.unwrap_or(self.next)
    }
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) identity: Identity,
    pub(crate) tasks: Vec<MoveTask>,
    pub(crate) in_flight_limit: usize,
    queues: HashMap<QueueId, Queue>,
    names: BTreeMap<String, QueueId>,
    backing: Backing,
    next_queue: QueueId,
    next_key: MessageKey,
    order: Order,
    ids: StdRng,
    changes: watch::Sender<u64>,
}

impl State {
    pub(crate) fn new(identity: Identity, backing: Backing, seed: Option<u64>) -> Self {
        Self {
            identity,
            tasks: Vec::new(),
            in_flight_limit: usize::MAX,
            queues: HashMap::new(),
            names: BTreeMap::new(),
            backing,
            next_queue: 1,
            next_key: 1,
            order: Order {
                next: 0,
                dice: None,
            },
            ids: seed.map_or_else(StdRng::from_os_rng, StdRng::seed_from_u64),
            changes: watch::Sender::new(0),
        }
    }

    /// Takes in what a file holds. Messages that were in flight are ready again.
    pub(crate) fn restore(&mut self, stored: Stored, now: Moment) {
        for record in stored.queues {
            self.apply(Change::Queue(record));
        }
        for message in stored.messages {
            self.apply(Change::Arrived {
                queue: message.queue,
                key: message.key,
                message: message.message,
                delivery: message.delivery,
                at: now,
            });
        }
        for task in stored.tasks {
            self.apply(Change::Task(task));
        }
    }

    /// Stops all further change and lets go of the file.
    pub(crate) fn close(&mut self) {
        self.backing = Backing::Closed;
    }

    pub(crate) fn set_disorder(&mut self, disorder: Option<Disorder>) {
        self.order.dice = disorder.map(DisorderDice::new);
    }

    pub(crate) fn duplicate(&mut self) -> Option<u32> {
        self.order.dice.as_mut().and_then(DisorderDice::duplicate)
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub(crate) fn fresh_uuid(&mut self) -> Uuid {
        uuid::Builder::from_random_bytes(self.ids.random()).into_uuid()
    }

    pub(crate) fn fresh_key(&mut self) -> MessageKey {
        let key = self.next_key;
        self.next_key += 1;
        key
    }

    pub(crate) fn fresh_queue_id(&self) -> QueueId {
        self.next_queue
    }

    pub(crate) fn queue(&self, id: QueueId) -> Result<&Queue, QueueError> {
        self.queues.get(&id).ok_or_else(QueueError::no_queue)
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<&Queue> {
        self.names.get(name).and_then(|id| self.queues.get(id))
    }

    pub(crate) fn by_arn(&self, arn: &str) -> Option<&Queue> {
        self.by_name(self.identity.name_in_arn(arn)?)
    }

    /// The queue that a request addresses. Only account and name of the address count, so that
    /// addresses handed out before a restart on another port stay good.
    pub(crate) fn by_url(&self, url: Option<&str>) -> Result<&Queue, QueueError> {
        let url = url.ok_or_else(|| QueueError::missing("QueueUrl"))?;
        let mut segments = url.split('/').rev();
        match (segments.next(), segments.next()) {
            (Some(name), Some(account)) if url.contains("://") => Some((name, account)),
            _ => None,
        }
        .ok_or_else(|| {
            QueueError::new(
                ErrorKind::InvalidAddress,
                format!("The address {url} is not valid for this endpoint."),
            )
        })
        .and_then(|(name, account)| {
            self.by_name(name)
                .filter(|_| account == self.identity.account)
                .ok_or_else(QueueError::no_queue)
        })
    }

    /// All queues in the order of their names.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Queue> {
        self.names.values().filter_map(|id| self.queues.get(id))
    }

    /// Lets time take effect on a queue: what has waited is ready, what is too old goes.
    pub(crate) fn settle(&mut self, id: QueueId, now: Moment) -> Result<(), QueueError> {
        let Self { queues, order, .. } = self;
        let Some(queue) = queues.get_mut(&id) else {
            return Ok(());
        };
        queue.promote(now, || order.rank());
        if queue.next_expiry().is_none_or(|at| at > now) {
            return Ok(());
        }
        let gone = queue.expired(now);
        self.commit(
            gone.into_iter()
                .map(|key| Change::Gone { queue: id, key })
                .collect(),
        )
    }

    /// The counts of every queue as of `now`.
    pub(crate) fn counts(&mut self, now: Moment) -> CountsByQueue {
        let ids: Vec<QueueId> = self.names.values().copied().collect();
        for id in ids {
            // What could not be forgotten on disk still counts; the refusal has been logged.
            let _ = self.settle(id, now);
        }
        self.all()
            .map(|queue| (queue.record.name.clone(), queue.counts()))
            .collect()
    }

    /// When, after `now`, the passing of time next changes any count.
    pub(crate) fn next_event(&self, now: Moment) -> Option<Moment> {
        self.queues
            .values()
            .flat_map(|queue| [queue.next_arrival(), queue.next_expiry()])
            .flatten()
            .filter(|at| *at > now)
            .min()
    }

    /// Stores `changes`, then makes them: all or, when the file refuses, none.
    pub(crate) fn commit(&mut self, changes: Vec<Change>) -> Result<(), QueueError> {
        if changes.is_empty() {
            return Ok(());
        }
        match &mut self.backing {
            Backing::Memory => {}
            Backing::File(store) => store.write(&changes).map_err(|error| refuse(&error))?,
            Backing::Closed => {
                return Err(QueueError::new(
                    ErrorKind::ServiceUnavailable,
                    "The server has stopped.",
                ));
            }
        }
        for change in changes {
            self.apply(change);
        }
        self.changes.send_modify(|version| *version += 1);
        Ok(())
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Queue(record) => {
                self.next_queue = self.next_queue.max(record.id + 1);
                match self.queues.get_mut(&record.id) {
                    Some(queue) => queue.record = record,
                    None => {
                        self.names.insert(record.name.clone(), record.id);
                        self.queues.insert(record.id, Queue::new(record));
                    }
                }
            }
            Change::QueueGone(id) => {
                if let Some(queue) = self.queues.remove(&id) {
                    self.names.remove(&queue.record.name);
                    queue.arrivals.notify_waiters();
                }
            }
            Change::Purged { queue, at } => {
                if let Some(queue) = self.queues.get_mut(&queue) {
                    queue.clear();
                    queue.purged_at = Some(at);
                }
            }
            Change::Arrived {
                queue,
                key,
                message,
                delivery,
                at,
            } => self.arrive(queue, key, message, delivery, at),
            Change::Received {
                queue,
                key,
                at,
                until,
            } => {
                if let Some(queue) = self.queues.get_mut(&queue) {
                    queue.count_delivery(key, at);
                }
                self.hide(queue, key, at, until);
            }
            Change::Hidden {
                queue,
                key,
                at,
                until,
            } => self.hide(queue, key, at, until),
            Change::Gone { queue, key } => {
                if let Some(queue) = self.queues.get_mut(&queue) {
                    queue.remove(key);
                }
            }
            Change::Task(task) => self.keep_task(task),
        }
    }

    fn arrive(
        &mut self,
        queue: QueueId,
        key: MessageKey,
        message: Arc<Message>,
        delivery: Delivery,
        at: Moment,
    ) {
        self.next_key = self.next_key.max(key + 1);
        if let Some(queue) = self.queues.get_mut(&queue) {
            let place = match delivery.available_at <= at {
                true => MessageState::Ready {
                    rank: self.order.rank(),
                },
                false => MessageState::Delayed {
                    until: delivery.available_at,
                },
            };
            queue.insert(key, message, delivery, place);
        }
    }

    fn hide(&mut self, queue: QueueId, key: MessageKey, at: Moment, until: Moment) {
        let Some(queue) = self.queues.get_mut(&queue) else {
            return;
        };
        let since = match queue.entry(key).map(|entry| entry.place) {
            Some(MessageState::InFlight { since, .. }) => since,
            _ => at,
        };
        let place = match until <= at {
            true => MessageState::Ready {
                rank: self.order.rank(),
            },
            false => MessageState::InFlight { until, since },
        };
        queue.place(key, place);
    }

    fn keep_task(&mut self, task: MoveTask) {
        if let Some(known) = self.tasks.iter_mut().find(|known| known.id == task.id) {
            *known = task;
            return;
        }
        let of_source = |known: &MoveTask| known.source_arn == task.source_arn;
        if self.tasks.iter().filter(|known| of_source(known)).count() >= MAX_FINISHED_TASKS
            && let Some(oldest) = self.tasks.iter().position(of_source)
        {
            self.tasks.remove(oldest);
        }
        self.tasks.push(task);
    }
}

fn refuse(error: &StoreError) -> QueueError {
    let cause = std::error::Error::source(error)
        .map(ToString::to_string)
        .unwrap_or_default();
    tracing::error!(
        error.cause = cause,
        "Could not store a change of the queues: {error}"
    );
    QueueError::new(
        ErrorKind::InternalFailure,
        "The queue's file could not be written.",
    )
}
