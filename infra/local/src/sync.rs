//! One run to its end, with its report.

use std::collections::{BTreeMap, HashSet};

use dealbridge_core::{
    SalesforceId,
    code::{Code, Context, Level},
    ports::Clock,
    run::{Run, RunId},
    sync_request::{Requested, RunRequests},
};
use dealbridge_lambda::SystemClock;

use crate::{
    error::LocalError,
    product::LocalProduct,
    progress::Progress,
    report::{CodeRow, Fault, Report, Used},
};

impl LocalProduct {
    /// The use so far.
    #[must_use]
    pub fn used(&self) -> Used {
        Used {
            aws: self.meter.usage(),
            salesforce: self.salesforce.usage(),
            invocations: self.invocations.by_function(),
        }
    }

    /// Asks for a full run, or for the active one.
    ///
    /// # Errors
    /// When the store or the queue cannot be reached.
    pub async fn request_run(&self) -> Result<Requested, LocalError> {
        let requests = RunRequests {
            portal: &self.portal,
            store: &self.store,
            backlog: &self.backlog,
            sync_requests: &self.sync_requests,
            clock: &SystemClock,
        };
        Ok(requests.ask().await?)
    }

    /// One full run to its end, shown on standard error as it gets on.
    ///
    /// A run that an earlier process left behind comes to its end first: what it listed may be out of date by now.
    ///
    /// # Errors
    /// When the store or the queue cannot be reached.
    pub async fn full_run(&self) -> Result<Report, LocalError> {
        let mut waited_for = None;
        loop {
            let before = self.used();
            let (run, is_ours) = match self.request_run().await? {
                Requested::Started(run) => (run.id, true),
                // Waiting again would not help: what is left of it waits in the dead-letter queue.
                Requested::Active(run) => (run.id, waited_for == Some(run.id)),
                Requested::SwitchedOff => {
                    let (code, nothing) = (Code::IntegrationDisabled, Context::default());
                    let (message, suggestion) = (code.message(&nothing), code.suggestion(&nothing));
                    return Err(LocalError::new(format!("{code}: {message} {suggestion}")));
                }
            };
            let run = self.watched(run).await?;
            if is_ours {
                let usage = self.used().since(&before);
                return self.report(run, usage).await;
            }
            waited_for = Some(run.id);
        }
    }

    /// Waits for a run with a progress bar.
    async fn watched(&self, run: RunId) -> Result<Run, LocalError> {
        let progress = Progress::new();
        let run = tokio::select! {
            run = self.settled(run) => run?,
            () = progress.follow(run, &self.queues, &self.onlooker) => self.run(run).await?,
        };
        progress.end(&run);
        Ok(run)
    }

    /// The report of a run.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn report(&self, run: Run, usage: serde_json::Value) -> Result<Report, LocalError> {
        let now = SystemClock.now();
        let (codes, faults) = self.codes(run.id).await?;
        Ok(Report {
            status: run.status(now),
            finished_at: run.finished_at(now),
            codes,
            faults,
            usage,
            run,
        })
    }

    async fn codes(&self, run: RunId) -> Result<(Vec<CodeRow>, Vec<Fault>), LocalError> {
        let mut by_code: BTreeMap<Code, (HashSet<SalesforceId>, String, String)> = BTreeMap::new();
        let mut faults = Vec::new();
        for packed in self.onlooker.packed_entries(run).await? {
            for entry in packed
                .unpack(&run.to_string())
                .into_iter()
                .filter(|entry| entry.level == Level::Error)
            {
                match entry.salesforce {
                    None => faults.push(Fault {
                        code: entry.code,
                        message: entry.message,
                        suggestion: entry.suggestion,
                    }),
                    Some((id, _)) => {
                        let (ids, ..) = by_code
                            .entry(entry.code)
                            .or_insert_with(|| (HashSet::new(), entry.message, entry.suggestion));
                        ids.insert(id);
                    }
                }
            }
        }
        let row = |(code, (ids, example, suggestion)): (
            Code,
            (HashSet<SalesforceId>, String, String),
        )| CodeRow {
            code,
            opportunities: ids.len() as u64,
            example,
            suggestion,
        };
        let mut codes: Vec<CodeRow> = by_code.into_iter().map(row).collect();
        codes.sort_by_key(|row| std::cmp::Reverse(row.opportunities));
        Ok((codes, faults))
    }
}
