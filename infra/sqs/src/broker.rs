//! The queues at work: one lock, one clock, waiting receivers and tasks under way.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::action::Action;
use crate::action::moves::{self, StartMessageMoveTask, StartedTask, Step};
use crate::action::receive::{self, ReceiveMessage, Received, Reception};
use crate::clock::{Clock, Moment};
use crate::error::QueueError;
use crate::move_task::{MoveStatus, MoveTask};
use crate::state::State;

pub(crate) struct Broker {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
    requests: Vec<AtomicU64>,
    waiting: AtomicUsize,
    stop: watch::Sender<bool>,
}

impl Broker {
    pub(crate) fn new(state: State, clock: Arc<dyn Clock>) -> Self {
        Self {
            state: Mutex::new(state),
            clock,
            requests: Action::ALL.iter().map(|_| AtomicU64::new(0)).collect(),
            waiting: AtomicUsize::new(0),
            stop: watch::Sender::new(false),
        }
    }

    /// Runs `work` on the state as of now, alone.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut State, Moment) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now().into();
        work(&mut state, now)
    }

    pub(crate) fn count_request(&self, action: Action) {
        if let Some(counter) = self.requests.get(action as usize) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn requests(&self) -> BTreeMap<Action, u64> {
        Action::ALL
            .iter()
            .zip(&self.requests)
            .map(|(action, counter)| (*action, counter.load(Ordering::Relaxed)))
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    /// The receives that wait for a message.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Ends when the server is told to stop.
    pub(crate) async fn stopped(&self) {
        // The sender is borrowed by this future, so waiting cannot fail for want of it.
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }

    pub(crate) async fn sleep_until(&self, deadline: Moment) {
        self.clock.sleep_until(deadline.to_timestamp()).await;
    }

    /// Waits as long as the request or its queue allows for something to hand out.
    pub(crate) async fn receive(&self, request: ReceiveMessage) -> Result<Received, QueueError> {
        let (want, asked_at) =
            self.with(|state, now| Ok((Reception::check(state, request)?, now)))?;
        let deadline = asked_at.after_seconds(want.wait_seconds);
        loop {
            let arrivals =
                self.with(|state, _| Ok(Arc::clone(&state.queue(want.queue)?.arrivals)))?;
            // Listening starts before looking, so that nothing can arrive unseen in between.
            let mut arrival = pin!(arrivals.notified());
            arrival.as_mut().enable();
            let (received, now, next) = self.with(|state, now| {
                let received = receive::take(state, now, &want)?;
                Ok((received, now, state.queue(want.queue)?.next_arrival()))
            })?;
            if !received.is_empty() || now >= deadline {
                return Ok(received);
            }
            let _waiting = Waiting::one_more(&self.waiting);
            let wake = next.map_or(deadline, |next| next.min(deadline));
            tokio::select! {
                () = arrival => {}
                () = self.sleep_until(wake) => {}
                () = self.stopped() => return Ok(received),
            }
        }
    }

    pub(crate) fn start_move(
        self: &Arc<Self>,
        request: StartMessageMoveTask,
    ) -> Result<StartedTask, QueueError> {
        let (task, started) = self.with(|state, now| moves::start(state, now, request))?;
        self.drive(task);
        Ok(started)
    }

    /// Goes on with the tasks that a stop or a crash cut short.
    pub(crate) fn resume_moves(self: &Arc<Self>) {
        let running: Vec<MoveTask> = self.with(|state, _| {
            let is_running = |task: &&MoveTask| task.status == MoveStatus::Running;
            state.tasks.iter().filter(is_running).cloned().collect()
        });
        running.into_iter().for_each(|task| self.drive(task));
    }

    fn drive(self: &Arc<Self>, task: MoveTask) {
        let broker = Arc::clone(self);
        let started = self.with(|_, now| now);
        tokio::spawn(async move {
            tokio::select! {
                () = broker.stopped() => {}
                () = broker.take_steps(&task, started) => {}
            }
        });
    }

    /// A task with a rate takes its step at the end of each second, the others at once.
    async fn take_steps(&self, task: &MoveTask, started: Moment) {
        let mut turn = started;
        loop {
            match task.rate {
                None => tokio::task::yield_now().await,
                Some(_) => {
                    turn = turn.after_seconds(1);
                    self.sleep_until(turn).await;
                }
            }
            // A step that cannot be stored has been logged; a restart takes the task up again.
            match self.with(|state, now| moves::step(state, now, task)) {
                Ok(Step::More) => {}
                Ok(Step::Last) | Err(_) => return,
            }
        }
    }
}

/// One receive that waits, for as long as this lives: a caller that hangs up is not counted on.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn one_more(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
