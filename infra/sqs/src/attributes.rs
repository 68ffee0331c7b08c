//! The settings of a queue: what may be set, its limits and defaults.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{ErrorKind, QueueError};

/// The most that a message, and a batch of messages, may count: 1 MiB.
pub(crate) const MAX_MESSAGE_BYTES: u32 = 1_048_576;
/// The longest that a message may stay invisible: 12 hours.
pub(crate) const MAX_VISIBILITY_SECONDS: u32 = 43_200;
/// The longest delay of a message: 15 minutes.
pub(crate) const MAX_DELAY_SECONDS: u32 = 900;
/// The longest wait of a receive.
pub(crate) const MAX_WAIT_SECONDS: u32 = 20;

/// Names and values as they travel.
pub(crate) type AttributeMap = BTreeMap<String, String>;

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct QueueAttributes {
    pub(crate) visibility_seconds: u32,
    pub(crate) delay_seconds: u32,
    pub(crate) retention_seconds: u32,
    pub(crate) wait_seconds: u32,
    pub(crate) maximum_size: u32,
    pub(crate) redrive: Option<RedrivePolicy>,
    pub(crate) redrive_allow: Option<RedriveAllowPolicy>,
    /// Kept and told, without effect here: policy and encryption.
    pub(crate) kept: AttributeMap,
}

impl Default for QueueAttributes {
    fn default() -> Self {
        Self {
            visibility_seconds: 30,
            delay_seconds: 0,
            retention_seconds: 345_600,
            wait_seconds: 0,
            maximum_size: MAX_MESSAGE_BYTES,
            redrive: None,
            redrive_allow: None,
            kept: AttributeMap::from([("SqsManagedSseEnabled".to_owned(), "true".to_owned())]),
        }
    }
}

/// When a message is given up, and where it goes then.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RedrivePolicy {
    pub(crate) dead_letter_target_arn: String,
    pub(crate) max_receive_count: u32,
}

/// Which queues may name this one as their dead-letter queue.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(
    tag = "redrivePermission",
    rename_all = "camelCase",
    deny_unknown_fields
)]
pub(crate) enum RedriveAllowPolicy {
    AllowAll,
    DenyAll,
    ByQueue {
        #[serde(rename = "sourceQueueArns")]
        source_queue_arns: Vec<String>,
    },
}

impl RedriveAllowPolicy {
    pub(crate) fn allows(&self, source_arn: &str) -> bool {
        match self {
            Self::AllowAll => true,
            Self::DenyAll => false,
            Self::ByQueue { source_queue_arns } => source_queue_arns
                .iter()
                .any(|allowed| allowed == source_arn),
        }
    }
}

impl QueueAttributes {
    /// These attributes with `changes` made; refuses unknown names and values out of range.
    pub(crate) fn with(&self, changes: &AttributeMap) -> Result<Self, QueueError> {
        let mut changed = self.clone();
        for (name, value) in changes {
            changed.set(name, value)?;
        }
        Ok(changed)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), QueueError> {
        match name {
            "VisibilityTimeout" => {
                self.visibility_seconds = number(name, value, 0, MAX_VISIBILITY_SECONDS)?;
            }
            "DelaySeconds" => self.delay_seconds = number(name, value, 0, MAX_DELAY_SECONDS)?,
            "MessageRetentionPeriod" => {
                self.retention_seconds = number(name, value, 60, 1_209_600)?;
            }
            "ReceiveMessageWaitTimeSeconds" => {
                self.wait_seconds = number(name, value, 0, MAX_WAIT_SECONDS)?;
            }
            "MaximumMessageSize" => {
                self.maximum_size = number(name, value, 1024, MAX_MESSAGE_BYTES)?
            }
            "RedrivePolicy" => self.redrive = redrive_policy(value)?,
            "RedriveAllowPolicy" => self.redrive_allow = redrive_allow_policy(value)?,
            "Policy" | "KmsMasterKeyId" if value.is_empty() => {
                self.kept.remove(name);
            }
            "KmsMasterKeyId" => {
                self.kept
                    .insert("SqsManagedSseEnabled".to_owned(), "false".to_owned());
                self.kept.insert(name.to_owned(), value.to_owned());
            }
            "Policy" => {
                if serde_json::from_str::<BTreeMap<String, Value>>(value).is_err() {
                    return Err(invalid_value(name));
                }
                self.kept.insert(name.to_owned(), value.to_owned());
            }
            "KmsDataKeyReusePeriodSeconds" => {
                number(name, value, 60, 86_400)?;
                self.kept.insert(name.to_owned(), value.to_owned());
            }
            "SqsManagedSseEnabled" => {
                if !matches!(value, "true" | "false") {
                    return Err(invalid_value(name));
                }
                self.kept.insert(name.to_owned(), value.to_owned());
            }
            "FifoQueue"
            | "ContentBasedDeduplication"
            | "DeduplicationScope"
            | "FifoThroughputLimit" => return Err(fifo_refused()),
            _ => return Err(unknown_name(name)),
        }
        Ok(())
    }

    /// Every attribute that has a value, as text.
    pub(crate) fn to_map(&self) -> AttributeMap {
        let mut map = self.kept.clone();
        for (name, value) in [
            ("VisibilityTimeout", self.visibility_seconds),
            ("DelaySeconds", self.delay_seconds),
            ("MessageRetentionPeriod", self.retention_seconds),
            ("ReceiveMessageWaitTimeSeconds", self.wait_seconds),
            ("MaximumMessageSize", self.maximum_size),
        ] {
            map.insert(name.to_owned(), value.to_string());
        }
        if let Some(text) = self
            .redrive
            .as_ref()
            .and_then(|p| serde_json::to_string(p).ok())
        {
            map.insert("RedrivePolicy".to_owned(), text);
        }
        if let Some(text) = self
            .redrive_allow
            .as_ref()
            .and_then(|p| serde_json::to_string(p).ok())
        {
            map.insert("RedriveAllowPolicy".to_owned(), text);
        }
        map
    }

    /// The first of `names` whose value in `asked` is another than here.
    pub(crate) fn first_difference<'a>(
        &self,
        asked: &Self,
        names: impl IntoIterator<Item = &'a String>,
    ) -> Option<&'a String> {
        let (here, there) = (self.to_map(), asked.to_map());
        names
            .into_iter()
            .find(|name| here.get(*name) != there.get(*name))
    }
}

/// The refusal of everything that belongs to ordered queues.
pub(crate) fn fifo_refused() -> QueueError {
    QueueError::new(
        ErrorKind::UnsupportedOperation,
        "FIFO queues are not supported by this server; it has standard queues only.",
    )
}

pub(crate) fn unknown_name(name: &str) -> QueueError {
    QueueError::new(
        ErrorKind::InvalidAttributeName,
        format!("Unknown Attribute {name}."),
    )
}

fn invalid_value(name: &str) -> QueueError {
    QueueError::new(
        ErrorKind::InvalidAttributeValue,
        format!("Invalid value for the parameter {name}."),
    )
}

fn number(name: &str, value: &str, low: u32, high: u32) -> Result<u32, QueueError> {
    value
        .parse()
        .ok()
        .filter(|number| (low..=high).contains(number))
        .ok_or_else(|| invalid_value(name))
}

fn redrive_policy(text: &str) -> Result<Option<RedrivePolicy>, QueueError> {
    if text.is_empty() {
        return Ok(None);
    }
    let refuse = |reason: &str| QueueError::parameter(text, "RedrivePolicy", reason);
    let object: BTreeMap<String, Value> = serde_json::from_str(text)
        .map_err(|_| refuse("Redrive policy is not a valid JSON map."))?;
    if let Some(unknown) = object
        .keys()
        .find(|k| !matches!(k.as_str(), "deadLetterTargetArn" | "maxReceiveCount"))
    {
        return Err(refuse(&format!("Unknown field {unknown}.")));
    }
    let target = object
        .get("deadLetterTargetArn")
        .and_then(Value::as_str)
        .ok_or_else(|| {
            refuse("Redrive policy does not contain mandatory attribute: deadLetterTargetArn.")
        })?;
    if target.split(':').count() != 6 || !target.starts_with("arn:aws:sqs:") {
        return Err(refuse("Invalid value for deadLetterTargetArn."));
    }
    // Templates write the number as a text as well.
    let count = match object.get("maxReceiveCount") {
        None => {
            return Err(refuse(
                "Redrive policy does not contain mandatory attribute: maxReceiveCount.",
            ));
        }
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_u64(),
    };
    let max_receive_count = count
        .and_then(|count| u32::try_from(count).ok())
        .filter(|count| (1..=1000).contains(count))
        .ok_or_else(|| {
            refuse("Invalid value for maxReceiveCount, it must be an integer between 1 and 1000.")
        })?;
    Ok(Some(RedrivePolicy {
        dead_letter_target_arn: target.to_owned(),
        max_receive_count,
    }))
}

fn redrive_allow_policy(text: &str) -> Result<Option<RedriveAllowPolicy>, QueueError> {
    if text.is_empty() {
        return Ok(None);
    }
    let policy: RedriveAllowPolicy = serde_json::from_str(text).map_err(|error| {
        QueueError::parameter(
            text,
            "RedriveAllowPolicy",
            &format!("Redrive allow policy is not valid: {error}."),
        )
    })?;
    if let RedriveAllowPolicy::ByQueue { source_queue_arns } = &policy
        && !(1..=10).contains(&source_queue_arns.len())
    {
        return Err(QueueError::parameter(
            text,
            "RedriveAllowPolicy",
            "sourceQueueArns must have between 1 and 10 elements.",
        ));
    }
    Ok(Some(policy))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, value: &str) -> AttributeMap {
        AttributeMap::from([(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn what_is_set_is_told_again() {
        let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:d","maxReceiveCount":"5"}"#;

        let attributes = QueueAttributes::default()
            .with(&one("RedrivePolicy", policy))
            .unwrap();

        assert_eq!(
            attributes.to_map().get("RedrivePolicy").map(String::as_str),
            Some(
                r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:d","maxReceiveCount":5}"#
            )
        );
    }

    #[test]
    fn an_allow_policy_names_its_queues() {
        let text = r#"{"redrivePermission":"byQueue","sourceQueueArns":["a"]}"#;

        let policy = redrive_allow_policy(text).unwrap().unwrap();

        assert!(policy.allows("a"));
        assert!(!policy.allows("b"));
        assert_eq!(serde_json::to_string(&policy).unwrap(), text);
        assert!(redrive_allow_policy(r#"{"redrivePermission":"x"}"#).is_err());
    }

    #[test]
    fn values_out_of_range_are_refused_by_name() {
        for (name, value) in [
            ("VisibilityTimeout", "43201"),
            ("DelaySeconds", "-1"),
            ("MessageRetentionPeriod", "59"),
            ("ReceiveMessageWaitTimeSeconds", "21"),
            ("MaximumMessageSize", "1048577"),
            ("Policy", "x"),
        ] {
            let error = QueueAttributes::default()
                .with(&one(name, value))
                .unwrap_err();

            assert_eq!(error.kind(), ErrorKind::InvalidAttributeValue);
            assert!(error.message().contains(name), "{error}");
        }
    }
}
