//! The parts of `template.yaml` that the local product goes by, so that the two cannot drift.

pub(crate) mod document;
mod route;

use std::{collections::BTreeMap, time::Duration};

use dealbridge_core::Queue;
use dealbridge_lambda::access::AdminGroup;

use self::document::{Document, Node};
pub use self::{
    document::TemplateError,
    route::{Authorizer, Route, find},
};
use crate::roles::{self, Grants};

/// The template, built in.
const TEMPLATE: &str = include_str!("../../../../template.yaml");

/// The set-up of one queue and its consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSetup {
    /// The queue.
    pub queue: Queue,
    /// The function that consumes it.
    pub function: &'static str,
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

/// The parts of the template that the local product goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The queues with their consumers.
    pub queues: Vec<QueueSetup>,
    /// The schedules.
    pub schedules: Vec<Schedule>,
    /// The calls of the HTTP API.
    pub routes: Vec<Route>,
    /// `Timeout` of each function, by its name.
    pub timeouts: BTreeMap<String, Duration>,
    /// The grants of each function's role.
    pub grants: Grants,
    /// The group of administrators, as the parameter has it by default.
    pub admins: AdminGroup,
}

impl Document {
    fn queue(
        &self,
        (kind, resource): (Queue, &str),
        (function, consumer): (&'static str, &str),
    ) -> Result<QueueSetup, TemplateError> {
        let queue = |attribute: &str| {
            self.number(&format!("Resources.{resource}Queue.Properties.{attribute}"))
        };
        let source = |attribute: &str| {
            self.number(&format!(
                "Resources.{consumer}.Properties.Events.{resource}.Properties.{attribute}"
            ))
        };
        let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Ok(QueueSetup {
            queue: kind,
            function,
            visibility_seconds: queue("VisibilityTimeout")?,
            retention_seconds: queue("MessageRetentionPeriod")?,
            max_receive_count: queue("RedrivePolicy.maxReceiveCount")?,
            dead_letter_retention_seconds: self.number(&format!(
                "Resources.{resource}Dlq.Properties.MessageRetentionPeriod"
            ))?,
            batch_size: size(source("BatchSize")?),
            window_seconds: source("MaximumBatchingWindowInSeconds")?,
            concurrency: size(source("ScalingConfig.MaximumConcurrency")?),
            timeout_seconds: self.number(&format!("Resources.{consumer}.Properties.Timeout"))?,
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

    /// Every function with its name and its properties.
    pub(crate) fn functions(&self) -> impl Iterator<Item = (&str, Node<'_>)> {
        let resources = self.root().at("Resources");
        resources
            .into_iter()
            .flat_map(Node::entries)
            .filter_map(|(_, resource)| {
                let is_function = resource.at("Type")?.text()? == "AWS::Serverless::Function";
                let name = resource.at("Metadata.BuildProperties.Binary")?.text()?;
                is_function.then_some((name, resource.at("Properties")?))
            })
    }
}

impl Template {
    /// Reads the template that the product was built with.
    ///
    /// # Errors
    /// When it lacks what the local product goes by.
    pub fn load() -> Result<Self, TemplateError> {
        let document = Document::parse(TEMPLATE)?;
        let by_default = Duration::from_secs(document.number("Globals.Function.Timeout")?);
        let mut routes = Vec::new();
        let mut timeouts = BTreeMap::new();
        for (name, properties) in document.functions() {
            let timeout = properties
                .at("Timeout")
                .and_then(Node::number)
                .map_or(by_default, Duration::from_secs);
            timeouts.insert(name.to_owned(), timeout);
            let events = properties.at("Events");
            for (event, node) in events.into_iter().flat_map(Node::entries) {
                if node.at("Type").and_then(Node::text) == Some("HttpApi") {
                    let route = node
                        .at("Properties")
                        .and_then(|node| Route::read(name, node));
                    routes
                        .push(route.ok_or_else(|| TemplateError::at(format!("{name}, {event}")))?);
                }
            }
        }
        Ok(Self {
            queues: vec![
                document.queue((Queue::SyncRequests, "SyncRequests"), ("fan-out", "FanOut"))?,
                document.queue(
                    (Queue::Imports, "Imports"),
                    ("import-worker", "ImportWorker"),
                )?,
                document.queue(
                    (Queue::SalesforceWrites, "SalesforceWrites"),
                    ("push-worker", "PushWorker"),
                )?,
            ],
            schedules: vec![
                document.schedule("hourly", "Hourly")?,
                document.schedule("daily", "Daily")?,
            ],
            routes,
            timeouts,
            grants: roles::grants(&document)?,
            admins: AdminGroup(document.text("Parameters.AdminGroup.Default")?),
        })
    }

    /// The time that a function may take.
    #[must_use]
    pub fn timeout(&self, function: &str) -> Duration {
        self.timeouts.get(function).copied().unwrap_or_default()
    }

    /// Every scope that a call asks for, each once.
    #[must_use]
    pub fn scopes(&self) -> Vec<String> {
        let mut scopes: Vec<String> = self
            .routes
            .iter()
            .flat_map(|route| route.scopes.clone())
            .collect();
        scopes.sort();
        scopes.dedup();
        scopes
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
        assert_eq!(template.timeout("fan-out"), Duration::from_secs(900));
        assert_eq!(template.timeout("settings"), Duration::from_secs(15));
    }

    #[test]
    fn every_call_that_wants_a_token_names_its_function_and_at_least_one_scope() {
        let template = Template::load().unwrap();

        let explain = template
            .routes
            .iter()
            .find(|route| route.key() == "GET /opportunities/{idOrUrl}/explanation")
            .unwrap();
        assert_eq!(
            (explain.function.as_str(), explain.scopes.as_slice()),
            ("integration-log", &["dealbridge/log.read".to_owned()][..])
        );
        for route in &template.routes {
            let wants_token = route.authorizer == Authorizer::Token;
            assert_eq!(!route.scopes.is_empty(), wants_token, "{}", route.key());
        }
        assert!(
            template
                .scopes()
                .contains(&"dealbridge/links.admin".to_owned())
        );
    }
}
