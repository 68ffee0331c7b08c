//! The progress bar of a run, on a terminal.

use std::{io::IsTerminal, time::Duration};

use dealbridge_aws::Store;
use dealbridge_core::{
    ports::RunStore,
    run::{Run, RunId},
};
use indicatif::{ProgressBar, ProgressStyle};
use sqs_server::QueueHandle;

/// The bar moves at most this often; a busy queue changes far more often.
const MIN_REDRAW_INTERVAL: Duration = Duration::from_millis(120);
/// It also moves when no queue changes.
const MAX_REDRAW_INTERVAL: Duration = Duration::from_secs(1);

/// Shows how a run gets on, on standard error; shows nothing where that is no terminal.
#[derive(Debug)]
pub struct Progress(Option<ProgressBar>);

impl Progress {
    /// A bar that is not drawn yet.
    #[must_use]
    pub fn new() -> Self {
        Self(std::io::stderr().is_terminal().then(|| ProgressBar::new(0)))
    }

    /// Follows a run until this is dropped. It looks whenever a queue changes, through a store of its own, so that its
    /// looking does not count as the run's usage.
    pub async fn follow(&self, run: RunId, queues: &QueueHandle, store: &Store) {
        if self.0.is_none() {
            return std::future::pending().await;
        }
        let mut changes = queues.changes();
        loop {
            changes.mark_unchanged();
            if let Ok(Some(run)) = RunStore::run(store, run).await {
                self.draw(&run);
            }
            tokio::time::sleep(MIN_REDRAW_INTERVAL).await;
            // A failed wait means that the server has stopped; who waits for the run notices by itself.
            let _ = tokio::time::timeout(MAX_REDRAW_INTERVAL, changes.changed()).await;
        }
    }

    /// Leaves the bar as the run has ended.
    pub fn end(&self, run: &Run) {
        self.draw(run);
        if let Some(bar) = &self.0 {
            bar.abandon();
        }
    }

    fn draw(&self, run: &Run) {
        let Some(bar) = &self.0 else { return };
        let counts = &run.counts;
        // While more is being listed, nothing tells how much of it all is done: a bar would be full too early.
        let template = match run.listed_at {
            Some(_) if counts.listed > 0 => "{msg:9} [{bar:40}] {pos}/{len}",
            _ => "{msg:9} {spinner} {pos} of {len} so far",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_length(counts.listed);
        bar.set_position(counts.settled());
        bar.set_message(if run.listed_at.is_some() {
            "importing"
        } else {
            "listing"
        });
        bar.tick();
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}
