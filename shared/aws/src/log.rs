//! Reading the Integration Log, and putting records that the portal made itself.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use dealbridge_core::{
    change::Expected, entry::PackedEntry, ports::PortError, record::Record, run::RunId,
};

use crate::{
    item::{self, s},
    keys::{self, PK, SK},
    store::{Store, port_error},
    transaction,
};

impl Store {
    /// All packed entries of a run, oldest first.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or an entry cannot be read.
    pub async fn packed_entries(&self, run: RunId) -> Result<Vec<PackedEntry>, PortError> {
        let mut entries = Vec::new();
        let mut start = None;
        loop {
            let answer = self
                .dynamodb
                .query()
                .table_name(&self.tables.log)
                .key_condition_expression("#pk = :pk AND begins_with(#sk, :prefix)")
                .expression_attribute_names("#pk", PK)
                .expression_attribute_names("#sk", SK)
                .expression_attribute_values(":pk", s(keys::run_partition(run)))
                .expression_attribute_values(":prefix", s(keys::ENTRY_PREFIX))
                .set_exclusive_start_key(start)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(|error| port_error("Query of the log", error))?;
            self.meter.read(answer.consumed_capacity.as_slice());
            for item in answer.items.unwrap_or_default() {
                entries.push(item::unpack(&item)?);
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(entries);
            }
        }
    }

    /// Puts a record that is not there yet; one that is there stays as it is.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
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
}
