//! Reading a whole partition of the Log table, page by page.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use dealbridge_core::ports::PortError;

use crate::{
    item::s,
    keys::{Attributes, PK, SK},
    store::{Store, port_error},
};

/// The part of a partition to read.
pub(crate) struct Partition<'a> {
    /// The partition key.
    pub(crate) key: &'a str,
    /// Only items whose sort keys have this prefix.
    pub(crate) prefix: Option<&'a str>,
    /// Only these attributes, or all when empty: a projection saves bytes, not read units.
    pub(crate) attributes: &'a [&'a str],
}

impl Store {
    /// Reads the items of a partition in the order of their sort keys, strongly consistent.
    pub(crate) async fn partition(
        &self,
        partition: &Partition<'_>,
    ) -> Result<Vec<Attributes>, PortError> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let mut query = self
                .dynamodb
                .query()
                .table_name(&self.tables.log)
                .expression_attribute_names("#pk", PK)
                .expression_attribute_values(":pk", s(partition.key))
                .consistent_read(true)
                .set_exclusive_start_key(start)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            query = match partition.prefix {
                None => query.key_condition_expression("#pk = :pk"),
                Some(prefix) => query
                    .key_condition_expression("#pk = :pk AND begins_with(#sk, :prefix)")
                    .expression_attribute_names("#sk", SK)
                    .expression_attribute_values(":prefix", s(prefix)),
            };
            let mut columns = Vec::with_capacity(partition.attributes.len());
            for (at, name) in partition.attributes.iter().enumerate() {
                let column = format!("#column{at}");
                query = query.expression_attribute_names(&column, *name);
                columns.push(column);
            }
            if !columns.is_empty() {
                query = query.projection_expression(columns.join(", "));
            }
            let answer = query
                .send()
                .await
                .map_err(|error| port_error("Query of the Log table", error))?;
            self.meter.read(answer.consumed_capacity.as_slice());
            items.extend(answer.items.unwrap_or_default());
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(items);
            }
        }
    }
}
