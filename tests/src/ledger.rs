//! A snapshot of the whole store, and the invariants that hold at any time.

mod invariants;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use dealbridge_aws::{
    Store, item,
    keys::{self, Attributes},
};
use dealbridge_core::{
    SalesforceId,
    claim::{Claim, ClaimState},
    code::{Code, Level},
    entry::{Entry, LogBatch},
    problem::OpenProblem,
    record::{Link, Record, RecordId},
    run::{Run, RunId},
};
use serde_json::{Value, json};

/// The number of runs that one `BatchGetItem` reads.
const RUNS: usize = 11;

/// Everything in the store, read while nothing writes to it.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Claims by Salesforce record.
    pub claims: BTreeMap<SalesforceId, Claim>,
    /// Linkable records.
    pub records: BTreeMap<RecordId, Record>,
    /// Open problems, without the notes for the next run.
    pub problems: BTreeMap<SalesforceId, OpenProblem>,
    /// Runs.
    pub runs: BTreeMap<RunId, Run>,
    /// Packed entries by run.
    pub entries: BTreeMap<RunId, Vec<LogBatch>>,
    /// The item of the watermark.
    pub watermark: Option<Attributes>,
}

async fn scan(store: &Store, table: &str) -> Vec<Attributes> {
    let mut items = Vec::new();
    let mut start = None;
    loop {
        let scan = store
            .client()
            .scan()
            .table_name(table)
            .consistent_read(true);
        let answer = scan.set_exclusive_start_key(start).send().await.unwrap();
        items.extend(answer.items.unwrap_or_default());
        start = answer.last_evaluated_key;
        if start.is_none() {
            return items;
        }
    }
}

impl Ledger {
    /// Reads everything.
    pub async fn read(store: &Store, org: SalesforceId) -> Self {
        let tables = store.tables();
        let mut ledger = Self::default();
        for item in scan(store, &tables.links).await {
            let claim = item::claim(item).unwrap();
            ledger.claims.insert(claim.salesforce, claim);
        }
        for item in scan(store, &tables.records).await {
            if item::text(&item, keys::PK).is_some_and(|pk| item::record_id(pk).is_some()) {
                let record = item::record(item).unwrap();
                ledger.records.insert(record.id.clone(), record);
            }
        }
        for item in scan(store, &tables.log).await {
            let run = item::text(&item, keys::PK).and_then(|pk| pk.strip_prefix("RUN#"));
            let run = run.and_then(|run| RunId::parse(run).ok());
            let sort = item::text(&item, keys::SK).unwrap_or_default();
            if let (Some(run), true) = (run, sort.starts_with(keys::ENTRY_PREFIX)) {
                let packed = item::unpack(&item).unwrap();
                ledger.entries.entry(run).or_default().push(packed);
            }
            if item.get(keys::PK) == Some(&AttributeValue::S(keys::problems(org))) {
                let problem = item::problem(item).unwrap();
                if !problem.is_watch() {
                    ledger.problems.insert(problem.opportunity, problem);
                }
            }
        }
        let runs: Vec<RunId> = (1..=store.latest_run().await.unwrap())
            .map(RunId::new)
            .collect();
        for ids in runs.chunks(RUNS) {
            for run in store.runs(ids).await.unwrap() {
                ledger.entries.entry(run.id).or_default();
                ledger.runs.insert(run.id, run);
            }
        }
        ledger.watermark = store.get(&tables.log, keys::watermark()).await.unwrap();
        ledger
    }

    /// The entries of a run, as an administrator reads them.
    #[must_use]
    pub fn log(&self, run: RunId) -> Vec<Entry> {
        let packed = self.entries.get(&run).into_iter().flatten();
        packed
            .flat_map(|packed| packed.unpack(&run.to_string()))
            .collect()
    }

    /// Task-level codes of a run.
    #[must_use]
    pub fn faults(&self, run: RunId) -> Vec<Code> {
        let entries = self.log(run).into_iter();
        entries
            .filter(|entry| entry.salesforce.is_none())
            .map(|entry| entry.code)
            .collect()
    }

    /// The number of Opportunities per error code in a run's entries.
    #[must_use]
    pub fn failures(&self, run: RunId) -> BTreeMap<Code, usize> {
        let mut by_code: BTreeMap<Code, BTreeSet<SalesforceId>> = BTreeMap::new();
        for entry in self.log(run) {
            if let (Level::Error, Some((id, _))) = (entry.level, entry.salesforce) {
                by_code.entry(entry.code).or_default().insert(id);
            }
        }
        by_code
            .into_iter()
            .map(|(code, ids)| (code, ids.len()))
            .collect()
    }

    /// The record that a Salesforce record is linked to.
    #[must_use]
    pub fn linked(&self, id: SalesforceId) -> Option<&Record> {
        let claim = self.claims.get(&id)?;
        (claim.state == ClaimState::Live).then(|| self.records.get(&claim.record))?
    }

    /// The link of the record that a Salesforce record is linked to.
    #[must_use]
    pub fn link(&self, id: SalesforceId) -> Option<&Link> {
        self.linked(id)?.link.as_ref()
    }

    /// The number of live claims.
    #[must_use]
    pub fn live(&self) -> usize {
        let claims = self.claims.values();
        claims
            .filter(|claim| claim.state == ClaimState::Live)
            .count()
    }

    /// The state that interruptions of a run must not change: claims, records without times, codes of open problems.
    #[must_use]
    pub fn essence(&self) -> Value {
        let claims = self
            .claims
            .iter()
            .map(|(id, claim)| json!([id, claim.state, claim.record, claim.epoch, claim.stamp]));
        let records = self.records.values().map(|record| {
            let mut json = serde_json::to_value(record).unwrap();
            for time in ["linked_at", "version"] {
                json.as_object_mut().unwrap().shift_remove(time);
            }
            json!([record.id, json])
        });
        let problems = self.problems.iter();
        json!({
            "claims": claims.collect::<Vec<_>>(),
            "records": records.collect::<Vec<_>>(),
            "problems": problems.map(|(id, problem)| json!([id, problem.codes()])).collect::<Vec<_>>(),
        })
    }
}
