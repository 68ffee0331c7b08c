//! Counts the requests that are actually sent, by operation, and the DynamoDB units they consume.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use aws_sdk_dynamodb::types::ConsumedCapacity;
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeTransmitInterceptorContextRef},
        orchestrator::Metadata,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;

/// Usage so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Usage {
    /// DynamoDB requests by operation, retries of the SDK included.
    pub dynamodb_requests: BTreeMap<String, u64>,
    /// Write capacity units, as DynamoDB reports them.
    pub write_units: f64,
    /// Read capacity units, as DynamoDB reports them.
    pub read_units: f64,
    /// SQS requests by operation.
    pub sqs_requests: BTreeMap<String, u64>,
}

/// A usage counter. Clones share the counts.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Mutex<Usage>>);

impl Meter {
    fn with<T>(&self, edit: impl FnOnce(&mut Usage) -> T) -> T {
        // A poisoned lock is fine: the numbers are consistent at every moment.
        edit(
            &mut self
                .0
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        )
    }

    /// Returns the usage so far.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.with(|usage| usage.clone())
    }

    pub(crate) fn wrote(&self, consumed: &[ConsumedCapacity]) {
        let units: f64 = consumed
            .iter()
            .filter_map(ConsumedCapacity::capacity_units)
            .sum();
        self.with(|usage| usage.write_units += units);
    }

    pub(crate) fn read(&self, consumed: &[ConsumedCapacity]) {
        let units: f64 = consumed
            .iter()
            .filter_map(ConsumedCapacity::capacity_units)
            .sum();
        self.with(|usage| usage.read_units += units);
    }
}

impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(metadata) = config.load::<Metadata>() {
            let name = metadata.name().to_owned();
            self.with(|usage| {
                let requests = if metadata.service() == "SQS" {
                    &mut usage.sqs_requests
                } else {
                    &mut usage.dynamodb_requests
                };
                *requests.entry(name).or_default() += 1;
            });
        }
        Ok(())
    }
}
