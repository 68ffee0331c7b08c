//! Reading the Integration Log: entries of runs and actions, open problems, audit rows.

use aws_sdk_dynamodb::{
    operation::query::builders::QueryFluentBuilder,
    types::{ReturnConsumedCapacity, TransactWriteItem},
};
use dealbridge_core::{
    SalesforceId,
    change::Expected,
    entry::{LogBatch, LogLine},
    finding::Finding,
    ports::{Consistency, PortError},
    problem::OpenProblem,
    record::{self, Act, AuditRow, Record, RecordId},
    run::{Counts, RunId},
    send_problem::SendProblem,
    submit::Endings,
};

use crate::{
    item::{self, n, s, text},
    keys::{self, Attributes, PK, SK, VERSION},
    partition::Partition,
    store::{Store, port_error},
    transaction,
};

/// The result of one request over a partition.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice<T> {
    /// The items, in the requested order.
    pub items: Vec<T>,
    /// `true` if the partition may hold more.
    pub more: bool,
}

/// The result of acknowledging a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cleared {
    /// The problem is acknowledged by this call.
    Yes,
    /// It has changed since it was read, or is closed.
    Changed,
}

/// The order of a list by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Latest first.
    NewestFirst,
    /// Earliest first.
    OldestFirst,
}

impl Store {
    /// Reads all packed entries of a run, oldest first.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer, or an entry cannot be read.
    pub async fn packed_entries(&self, run: RunId) -> Result<Vec<LogBatch>, PortError> {
        let partition = Partition {
            key: &keys::run_partition(run),
            prefix: Some(keys::ENTRY_PREFIX),
            attributes: &[],
        };
        self.partition(&partition)
            .await?
            .iter()
            .map(item::unpack)
            .collect()
    }

    /// Creates a record; an existing one stays as it is.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn put_new_record(&self, record: &Record) -> Result<(), PortError> {
        let action = transaction::put(
            &self.tables.records,
            item::encode(record, keys::record(&record.id))?,
            Expected::Absent,
        )?;
        self.transact(&format!("record|{}", self.ids.next()), vec![action])
            .await
            .map(|_| ())
    }

    /// Reads packed entries of a partition in an order, starting with the entry `from`.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer, or an entry cannot be read.
    pub async fn entries_from(
        &self,
        partition: &str,
        order: Order,
        from: Option<&str>,
        most: i32,
    ) -> Result<Slice<LogBatch>, PortError> {
        let prefix = keys::ENTRY_PREFIX;
        // `~` sorts after every id.
        let (first, last) = match order {
            Order::NewestFirst => (
                prefix.to_owned(),
                format!("{prefix}{}", from.unwrap_or("~")),
            ),
            Order::OldestFirst => (
                format!("{prefix}{}", from.unwrap_or_default()),
                format!("{prefix}~"),
            ),
        };
        let query = self
            .log_query(partition, &first, &last)
            .scan_index_forward(order == Order::OldestFirst)
            .limit(most);
        let slice = self.slice(query).await?;
        let items = slice
            .items
            .iter()
            .map(item::unpack)
            .collect::<Result<_, _>>()?;
        Ok(Slice {
            items,
            more: slice.more,
        })
    }

    /// Logs an administrator's action as an entry.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn log_action(&self, finding: &Finding) -> Result<(), PortError> {
        let (id, action) = self.action_entry(finding)?;
        self.transact(&format!("action|{id}"), vec![action])
            .await
            .map(|_| ())
    }

    /// The write of an action's entry, with the entry's id.
    pub(crate) fn action_entry(
        &self,
        finding: &Finding,
    ) -> Result<(String, TransactWriteItem), PortError> {
        self.action_line(LogLine {
            salesforce: None,
            name: String::new(),
            entity: None,
            findings: vec![finding.clone()],
        })
    }

    /// The write of an action's entry about a record, with the entry's id.
    pub(crate) fn action_line(
        &self,
        line: LogLine,
    ) -> Result<(String, TransactWriteItem), PortError> {
        let (id, at) = (self.ids.next(), self.clock.now());
        let packed = LogBatch {
            id: id.clone(),
            at,
            counts: Counts::default(),
            lines: vec![line],
        };
        let item = item::packed_entry_at(keys::action(at, &id), &packed)?;
        Ok((id, transaction::put_unconditional(&self.tables.log, item)?))
    }

    /// Returns those of these runs that are in the log; older ones have expired.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn runs_kept(&self, ids: &[RunId]) -> Result<Vec<RunId>, PortError> {
        let table = &self.tables.log;
        let wanted = ids
            .iter()
            .map(|id| (table.clone(), keys::run(*id)))
            .collect();
        let found = self.batch_get(wanted, Consistency::Eventual).await?;
        let partitions: Vec<&str> = found
            .get(table)
            .into_iter()
            .flatten()
            .filter_map(|item| text(item, PK))
            .collect();
        let kept = |id: &&RunId| partitions.contains(&&*keys::run_partition(**id));
        Ok(ids.iter().filter(kept).copied().collect())
    }

    /// Reads open problems of an org by id, starting after `after`. Notes for the next run are among them.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer, or if a problem cannot be read.
    pub async fn problems_after(
        &self,
        org: SalesforceId,
        after: Option<SalesforceId>,
        most: i32,
    ) -> Result<Slice<OpenProblem>, PortError> {
        let partition = keys::problems(org);
        let start = after.map(|id| keys::problem(org, id));
        let query = self
            .log_query(&partition, "0", "~")
            .consistent_read(true)
            .set_exclusive_start_key(start)
            .limit(most);
        let slice = self.slice(query).await?;
        let items = slice
            .items
            .into_iter()
            .map(item::problem)
            .collect::<Result<_, _>>()?;
        Ok(Slice {
            items,
            more: slice.more,
        })
    }

    /// Acknowledges an open problem in the version that was read.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn clear_problem(
        &self,
        org: SalesforceId,
        problem: &OpenProblem,
    ) -> Result<Cleared, PortError> {
        self.acknowledge(keys::problem(org, problem.opportunity), problem.version)
            .await
    }

    async fn acknowledge(&self, key: Attributes, seen: u64) -> Result<Cleared, PortError> {
        let sent = self
            .dynamodb
            .update_item()
            .table_name(&self.tables.log)
            .set_key(Some(key))
            .update_expression("SET #cleared = :yes, #version = :next")
            .condition_expression("#version = :seen")
            .expression_attribute_names("#cleared", "cleared")
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_values(
                ":yes",
                aws_sdk_dynamodb::types::AttributeValue::Bool(true),
            )
            .expression_attribute_values(":seen", n(seen))
            .expression_attribute_values(":next", n(seen + 1))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match sent {
            Ok(answer) => {
                self.meter.wrote(answer.consumed_capacity.as_slice());
                Ok(Cleared::Yes)
            }
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Ok(Cleared::Changed)
            }
            Err(error) => Err(port_error("acknowledging a problem", error)),
        }
    }

    /// Reads open send problems by record, starting after `after`.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer, or if a problem cannot be read.
    pub async fn send_problems_after(
        &self,
        after: Option<&RecordId>,
        most: i32,
    ) -> Result<Slice<SendProblem>, PortError> {
        let query = self
            .log_query(keys::SEND_PROBLEMS, "0", "~")
            .consistent_read(true)
            .set_exclusive_start_key(after.map(keys::send_problem))
            .limit(most);
        let slice = self.slice(query).await?;
        let items = slice.items.into_iter().map(item::send_problem);
        Ok(Slice {
            items: items.collect::<Result<_, _>>()?,
            more: slice.more,
        })
    }

    /// Acknowledges an open send problem in the version that was read.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer.
    pub async fn clear_send_problem(&self, problem: &SendProblem) -> Result<Cleared, PortError> {
        self.acknowledge(keys::send_problem(&problem.record), problem.version)
            .await
    }

    /// Reads the acts on a record, newest first: those of its newest audit rows, and those that it tells itself.
    ///
    /// # Errors
    /// Returns an error if DynamoDB does not answer, or a row cannot be read.
    pub async fn history(&self, record: &Record, most: i32) -> Result<Vec<Act>, PortError> {
        let rows = self.audit_rows(&record.id, most).await?;
        Ok(record::history(&record.acts, rows))
    }

    /// Reads the audit rows of a record, newest first.
    async fn audit_rows(&self, record: &RecordId, most: i32) -> Result<Vec<AuditRow>, PortError> {
        let partition = keys::audit_partition(record);
        let last = format!("{}~", keys::AUDIT_PREFIX);
        let query = self
            .log_query(&partition, keys::AUDIT_PREFIX, &last)
            .consistent_read(true)
            .scan_index_forward(false)
            .limit(most);
        let rows = self.slice(query).await?.items.into_iter();
        rows.map(|row| item::decode(row, "an audit row")).collect()
    }

    /// A query of a partition's sort keys from `first` to `last`, both included.
    fn log_query(&self, partition: &str, first: &str, last: &str) -> QueryFluentBuilder {
        self.dynamodb
            .query()
            .table_name(&self.tables.log)
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :first AND :last")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#sk", SK)
            .expression_attribute_values(":pk", s(partition))
            .expression_attribute_values(":first", s(first))
            .expression_attribute_values(":last", s(last))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
    }

    async fn slice(&self, query: QueryFluentBuilder) -> Result<Slice<Attributes>, PortError> {
        let answer = query
            .send()
            .await
            .map_err(|error| port_error("Query of the log", error))?;
        self.meter.read(answer.consumed_capacity.as_slice());
        Ok(Slice {
            more: answer.last_evaluated_key.is_some(),
            items: answer.items.unwrap_or_default(),
        })
    }
}

/// The most audit rows of a record that are counted.
const MAX_ACTS: i32 = 1_000;

impl Endings for Store {
    async fn endings(&self, id: &RecordId) -> Result<u32, PortError> {
        let rows = self.audit_rows(id, MAX_ACTS).await?;
        let is_ending = |row: &&AuditRow| matches!(row.act.action.as_str(), "unlink" | "delete");
        let endings = rows.iter().filter(is_ending).count();
        Ok(u32::try_from(endings).unwrap_or(u32::MAX - 1))
    }
}
