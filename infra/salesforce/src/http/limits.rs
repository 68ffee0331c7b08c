//! The daily allowance of API calls.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use serde_json::json;

use super::reply::{ApiError, Reply};

/// The allowance and what is left of it.
#[derive(Debug)]
pub(crate) struct Allowance {
    most: u64,
    left: AtomicU64,
    /// Queries that find more rows are given up.
    query_rows: AtomicU64,
    /// Rows of a page, however many are asked for.
    page_rows: AtomicUsize,
}

impl Allowance {
    /// A full allowance.
    pub(crate) fn new(most: u64) -> Self {
        Self {
            most,
            left: AtomicU64::new(most),
            query_rows: AtomicU64::new(u64::MAX),
            page_rows: AtomicUsize::new(usize::MAX),
        }
    }

    /// Sets how many rows a query may find, which stands for the two minutes that Salesforce takes over one at most.
    pub(crate) fn set_query_rows(&self, most: u64) {
        self.query_rows.store(most, Ordering::Relaxed);
    }

    /// Sets how many rows a page has at most: Salesforce takes the size that is asked for as a wish.
    pub(crate) fn set_page_rows(&self, most: usize) {
        self.page_rows.store(most.max(1), Ordering::Relaxed);
    }

    /// The rows of a page that is asked for with so many.
    pub(crate) fn page(&self, asked: usize) -> usize {
        asked.min(self.page_rows.load(Ordering::Relaxed))
    }

    /// Gives up on a query that finds so many rows.
    ///
    /// # Errors
    /// 400 when they are too many.
    pub(crate) fn found(&self, rows: usize) -> Result<(), Reply> {
        if rows as u64 > self.query_rows.load(Ordering::Relaxed) {
            return Err(ApiError::new(
                400,
                "QUERY_TIMEOUT",
                "Your query request was running for too long.",
            )
            .into());
        }
        Ok(())
    }

    /// Sets what is left.
    pub(crate) fn set(&self, left: u64) {
        self.left.store(left, Ordering::Relaxed);
    }

    /// Fills it up.
    pub(crate) fn refill(&self) {
        self.set(self.most);
    }

    /// Takes one call off.
    ///
    /// # Errors
    /// 403 when nothing is left.
    pub(crate) fn take(&self) -> Result<(), Reply> {
        let taken = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            });
        taken.map(|_| ()).map_err(|_| {
            ApiError::new(
                403,
                "REQUEST_LIMIT_EXCEEDED",
                "TotalRequests Limit exceeded.",
            )
            .into()
        })
    }

    /// The `Sforce-Limit-Info` header.
    pub(crate) fn header(&self) -> String {
        let left = self.left.load(Ordering::Relaxed);
        format!("api-usage={}/{}", self.most.saturating_sub(left), self.most)
    }

    /// Answers `limits`.
    pub(crate) fn answer(&self) -> Reply {
        let full = |most: u64| json!({ "Max": most, "Remaining": most });
        Reply::json(
            200,
            &json!({
                "ConcurrentAsyncGetReportInstances": full(200),
                "ConcurrentSyncReportRuns": full(20),
                "DailyApiRequests": { "Max": self.most, "Remaining": self.left.load(Ordering::Relaxed) },
                "DailyBulkApiBatches": full(15_000),
                "DailyBulkV2QueryJobs": full(10_000),
                "DailyGenericStreamingApiEvents": full(10_000),
                "DailyStreamingApiEvents": full(10_000),
                "DataStorageMB": full(1_024),
                "FileStorageMB": full(1_024),
                "HourlyTimeBasedWorkflow": full(1_000),
                "SingleEmail": full(5_000),
            }),
        )
    }
}
