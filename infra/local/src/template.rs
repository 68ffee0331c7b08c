//! The numbers of `template.yaml` that the local product goes by, so that the two cannot drift.

use saphyr::{LoadableYamlNode, ScalarOwned, YamlOwned};

/// The template, built in.
const TEMPLATE: &str = include_str!("../../../template.yaml");

/// How one queue and its consumer are set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSetup {
    /// The queue's name without the stack's.
    pub name: &'static str,
    /// `VisibilityTimeout` in seconds.
    pub visibility_seconds: u64,
    /// `MessageRetentionPeriod` in seconds.
    pub retention_seconds: u64,
    /// `maxReceiveCount` of the redrive policy.
    pub max_receive_count: u64,
    /// `MessageRetentionPeriod` of its dead-letter queue.
    pub dead_letter_retention_seconds: u64,
    /// `BatchSize` of the consumer.
    pub batch_size: usize,
    /// `MaximumBatchingWindowInSeconds` of the consumer.
    pub window_seconds: u64,
    /// `MaximumConcurrency` of the consumer.
    pub concurrency: usize,
    /// `Timeout` of the consuming function in seconds.
    pub timeout_seconds: u64,
}

/// A schedule's expression and the event that it sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Its name: `hourly` or `daily`.
    pub name: &'static str,
    /// `ScheduleExpression`.
    pub expression: String,
    /// `Input`, as JSON.
    pub input: String,
}

/// What the local product reads from the template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The queues with their consumers.
    pub queues: Vec<QueueSetup>,
    /// The schedules.
    pub schedules: Vec<Schedule>,
    /// `Timeout` of the functions behind the API, in seconds.
    pub api_timeout_seconds: u64,
    /// `Timeout` of the fan-out, in seconds.
    pub fan_out_timeout_seconds: u64,
}

/// The template does not say something, or not as a number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("template.yaml has no usable value at {path}")]
pub struct TemplateError {
    path: String,
}

struct Document(YamlOwned);

impl Document {
    fn value(&self, path: &str) -> Option<&ScalarOwned> {
        let mut node = &self.0;
        for part in path.split('.') {
            node = match node {
                YamlOwned::Mapping(mapping) => mapping
                    .iter()
                    .find(|(key, _)| key.as_str() == Some(part))
                    .map(|(_, value)| value)?,
                YamlOwned::Tagged(_, inner) => inner,
                _ => return None,
            };
        }
        match node {
            YamlOwned::Value(value) => Some(value),
            _ => None,
        }
    }

    fn number(&self, path: &str) -> Result<u64, TemplateError> {
        let number = match self.value(path) {
            Some(ScalarOwned::Integer(number)) => u64::try_from(*number).ok(),
            _ => None,
        };
        number.ok_or_else(|| TemplateError {
            path: path.to_owned(),
        })
    }

    fn text(&self, path: &str) -> Result<String, TemplateError> {
        match self.value(path) {
            Some(ScalarOwned::String(text)) => Ok(text.clone()),
            _ => Err(TemplateError {
                path: path.to_owned(),
            }),
        }
    }

    fn queue(
        &self,
        name: &'static str,
        resource: &str,
        function: &str,
        event: &str,
    ) -> Result<QueueSetup, TemplateError> {
        let queue = |attribute: &str| {
            self.number(&format!("Resources.{resource}Queue.Properties.{attribute}"))
        };
        let source = |attribute: &str| {
            self.number(&format!(
                "Resources.{function}.Properties.Events.{event}.Properties.{attribute}"
            ))
        };
        let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Ok(QueueSetup {
            name,
            visibility_seconds: queue("VisibilityTimeout")?,
            retention_seconds: queue("MessageRetentionPeriod")?,
            max_receive_count: queue("RedrivePolicy.maxReceiveCount")?,
            dead_letter_retention_seconds: self.number(&format!(
                "Resources.{resource}Dlq.Properties.MessageRetentionPeriod"
            ))?,
            batch_size: size(source("BatchSize")?),
            window_seconds: source("MaximumBatchingWindowInSeconds")?,
            concurrency: size(source("ScalingConfig.MaximumConcurrency")?),
            timeout_seconds: self.number(&format!("Resources.{function}.Properties.Timeout"))?,
        })
    }

    fn schedule(&self, name: &'static str, event: &str) -> Result<Schedule, TemplateError> {
        let at = |attribute: &str| {
            self.text(&format!(
                "Resources.FanOut.Properties.Events.{event}.Properties.{attribute}"
            ))
        };
        Ok(Schedule {
            name,
            expression: at("ScheduleExpression")?,
            input: at("Input")?,
        })
    }
}

impl Template {
    /// Reads the template that the product was built with.
    ///
    /// # Errors
    /// When it lacks what the local product goes by.
    pub fn load() -> Result<Self, TemplateError> {
        let unreadable = || TemplateError {
            path: "the document".to_owned(),
        };
        let documents = YamlOwned::load_from_str(TEMPLATE).map_err(|_| unreadable())?;
        let document = Document(documents.into_iter().next().ok_or_else(unreadable)?);
        Ok(Self {
            queues: vec![
                document.queue("sync-requests", "SyncRequests", "FanOut", "SyncRequests")?,
                document.queue("imports", "Imports", "ImportWorker", "Imports")?,
                document.queue(
                    "salesforce-writes",
                    "SalesforceWrites",
                    "PushWorker",
                    "SalesforceWrites",
                )?,
            ],
            schedules: vec![
                document.schedule("hourly", "Hourly")?,
                document.schedule("daily", "Daily")?,
            ],
            api_timeout_seconds: document.number("Globals.Function.Timeout")?,
            fan_out_timeout_seconds: document.number("Resources.FanOut.Properties.Timeout")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_says_all_that_the_local_product_goes_by() {
        let template = Template::load().unwrap();

        assert_eq!(template.queues[1].batch_size, 200);
        assert!(
            template
                .queues
                .iter()
                .all(|queue| queue.visibility_seconds >= 6 * queue.timeout_seconds)
        );
        assert_eq!(template.schedules[0].input, r#"{"schedule":"hourly"}"#);
    }
}
