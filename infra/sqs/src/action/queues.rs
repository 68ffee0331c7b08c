//! Making, finding, setting, emptying and deleting queues.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

use crate::action::Nothing;
use crate::attributes::{AttributeMap, QueueAttributes, fifo_refused, unknown_name};
use crate::change::Change;
use crate::clock::Moment;
use crate::error::{ErrorKind, QueueError};
use crate::queue::{Queue, QueueRecord};
use crate::state::State;

const MAX_NAME_CHARS: usize = 80;
const MAX_PAGE_QUEUES: i64 = 1000;
const PURGE_PAUSE_SECONDS: u32 = 60;
/// Names that may be asked for though the queue has no value for them.
const SILENT_ATTRIBUTES: [&str; 9] = [
    "Policy",
    "RedrivePolicy",
    "RedriveAllowPolicy",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "FifoQueue",
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoThroughputLimit",
];

/// A request that says no more than which queue.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OneQueue {
    pub(crate) queue_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateQueue {
    pub(crate) queue_name: Option<String>,
    #[serde(default)]
    pub(crate) attributes: AttributeMap,
    /// The one parameter that the protocol spells in lower case.
    #[serde(default, rename = "tags", alias = "Tags")]
    pub(crate) tags: AttributeMap,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct QueueAddress {
    pub(crate) queue_url: String,
}

pub(crate) fn create(
    state: &mut State,
    now: Moment,
    request: CreateQueue,
) -> Result<QueueAddress, QueueError> {
    let name = request
        .queue_name
        .ok_or_else(|| QueueError::missing("QueueName"))?;
    check_name(&name)?;
    let queue_url = state.identity.url(&name);
    if let Some(known) = state.by_name(&name) {
        let attributes = &known.record.attributes;
        let asked = attributes.with(&request.attributes)?;
        return match attributes.first_difference(&asked, request.attributes.keys()) {
            None => Ok(QueueAddress { queue_url }),
            Some(other) => Err(QueueError::new(
                ErrorKind::QueueNameExists,
                format!(
                    "A queue already exists with the same name and a different value for \
                     attribute {other}"
                ),
            )),
        };
    }
    let attributes = QueueAttributes::default().with(&request.attributes)?;
    check_redrive(state, &name, &attributes)?;
    let record = QueueRecord {
        id: state.fresh_queue_id(),
        name,
        attributes,
        tags: request.tags,
        created_seconds: now.as_seconds(),
        modified_seconds: now.as_seconds(),
    };
    state.commit(vec![Change::Queue(record)])?;
    Ok(QueueAddress { queue_url })
}

fn check_name(name: &str) -> Result<(), QueueError> {
    if name.ends_with(".fifo") {
        return Err(fifo_refused());
    }
    let well_formed = (1..=MAX_NAME_CHARS).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if well_formed {
        return Ok(());
    }
    Err(QueueError::new(
        ErrorKind::InvalidParameterValue,
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.",
    ))
}

/// A redrive policy must name a queue that exists and lets this one in.
fn check_redrive(
    state: &State,
    name: &str,
    attributes: &QueueAttributes,
) -> Result<(), QueueError> {
    let Some(policy) = &attributes.redrive else {
        return Ok(());
    };
    let refuse = |reason: &str| {
        let text = serde_json::to_string(policy).unwrap_or_default();
        Err(QueueError::parameter(text, "RedrivePolicy", reason))
    };
    let Some(target) = state.by_arn(&policy.dead_letter_target_arn) else {
        return refuse("Dead letter target does not exist.");
    };
    let own_arn = state.identity.arn(name);
    if policy.dead_letter_target_arn == own_arn {
        return refuse("A queue cannot be its own dead letter target.");
    }
    match &target.record.attributes.redrive_allow {
        Some(allow) if !allow.allows(&own_arn) => {
            refuse("The dead letter target does not permit this source queue.")
        }
        _ => Ok(()),
    }
}

pub(crate) fn delete(
    state: &mut State,
    _now: Moment,
    request: OneQueue,
) -> Result<Nothing, QueueError> {
    let queue = state.by_url(request.queue_url.as_deref())?.record.id;
    state.commit(vec![Change::QueueGone(queue)])?;
    Ok(Nothing {})
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetQueueUrl {
    queue_name: Option<String>,
    #[serde(rename = "QueueOwnerAWSAccountId")]
    owner: Option<String>,
}

pub(crate) fn url(
    state: &mut State,
    _now: Moment,
    request: GetQueueUrl,
) -> Result<QueueAddress, QueueError> {
    let name = request
        .queue_name
        .ok_or_else(|| QueueError::missing("QueueName"))?;
    let is_ours = request
        .owner
        .is_none_or(|owner| owner == state.identity.account);
    state
        .by_name(&name)
        .filter(|_| is_ours)
        .map(|_| QueueAddress {
            queue_url: state.identity.url(&name),
        })
        .ok_or_else(QueueError::no_queue)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListQueues {
    queue_name_prefix: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct QueueList {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    queue_urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(crate) fn list(
    state: &mut State,
    _now: Moment,
    request: ListQueues,
) -> Result<QueueList, QueueError> {
    let prefix = request.queue_name_prefix.unwrap_or_default();
    let page = Page::new(request.max_results, request.next_token)?;
    let names = state.all().map(|queue| queue.record.name.as_str());
    let (names, next_token) = page.cut(names.filter(|name| name.starts_with(&prefix)));
    Ok(QueueList {
        queue_urls: names
            .into_iter()
            .map(|name| state.identity.url(name))
            .collect(),
        next_token,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListDeadLetterSourceQueues {
    queue_url: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct SourceList {
    /// The one member of an answer that the protocol spells in lower case.
    #[serde(rename = "queueUrls")]
    queue_urls: Vec<String>,
    #[serde(rename = "NextToken", skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(crate) fn dead_letter_sources(
    state: &mut State,
    _now: Moment,
    request: ListDeadLetterSourceQueues,
) -> Result<SourceList, QueueError> {
    let target = state.by_url(request.queue_url.as_deref())?;
    let arn = state.identity.arn(&target.record.name);
    let page = Page::new(request.max_results, request.next_token)?;
    let (names, next_token) =
        page.cut(sources(state, &arn).map(|queue| queue.record.name.as_str()));
    Ok(SourceList {
        queue_urls: names
            .into_iter()
            .map(|name| state.identity.url(name))
            .collect(),
        next_token,
    })
}

/// The queues whose messages die into the queue with this ARN.
pub(crate) fn sources<'a>(state: &'a State, arn: &str) -> impl Iterator<Item = &'a Queue> {
    state.all().filter(move |queue| {
        let redrive = queue.record.attributes.redrive.as_ref();
        redrive.is_some_and(|policy| policy.dead_letter_target_arn == arn)
    })
}

/// A part of a list of names; the token is the last name of the part before.
struct Page {
    most: usize,
    after: String,
}

impl Page {
    fn new(most: Option<i64>, token: Option<String>) -> Result<Self, QueueError> {
        let most = most.unwrap_or(MAX_PAGE_QUEUES);
        if !(1..=MAX_PAGE_QUEUES).contains(&most) {
            return Err(QueueError::parameter(
                most,
                "MaxResults",
                "MaxResults must be an integer between 1 and 1000.",
            ));
        }
        let after = match token {
            None => String::new(),
            Some(token) => BASE64
                .decode(&token)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .ok_or_else(|| {
                    QueueError::parameter(token, "NextToken", "It is not a token of this server.")
                })?,
        };
        Ok(Self {
            most: usize::try_from(most).unwrap_or(1),
            after,
        })
    }

    fn cut<'a>(&self, names: impl Iterator<Item = &'a str>) -> (Vec<&'a str>, Option<String>) {
        let mut names = names.filter(|name| *name > self.after.as_str());
        let part: Vec<&str> = names.by_ref().take(self.most).collect();
        let token = match (names.next(), part.last()) {
            (Some(_), Some(last)) => Some(BASE64.encode(last)),
            _ => None,
        };
        (part, token)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetQueueAttributes {
    queue_url: Option<String>,
    #[serde(default)]
    attribute_names: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AttributeAnswer {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: AttributeMap,
}

pub(crate) fn attributes(
    state: &mut State,
    now: Moment,
    request: GetQueueAttributes,
) -> Result<AttributeAnswer, QueueError> {
    let id = state.by_url(request.queue_url.as_deref())?.record.id;
    state.settle(id, now)?;
    let queue = state.queue(id)?;
    let (record, counts) = (&queue.record, queue.counts());
    let mut known = record.attributes.to_map();
    for (name, value) in [
        ("ApproximateNumberOfMessages", counts.visible.to_string()),
        (
            "ApproximateNumberOfMessagesNotVisible",
            counts.in_flight.to_string(),
        ),
        (
            "ApproximateNumberOfMessagesDelayed",
            counts.delayed.to_string(),
        ),
        ("CreatedTimestamp", record.created_seconds.to_string()),
        ("LastModifiedTimestamp", record.modified_seconds.to_string()),
        ("QueueArn", state.identity.arn(&record.name)),
    ] {
        known.insert(name.to_owned(), value);
    }
    let wanted = &request.attribute_names;
    if let Some(unknown) = wanted.iter().find(|name| {
        *name != "All" && !known.contains_key(*name) && !SILENT_ATTRIBUTES.contains(&name.as_str())
    }) {
        return Err(unknown_name(unknown));
    }
    if !wanted.iter().any(|name| name == "All") {
        known.retain(|name, _| wanted.contains(name));
    }
    Ok(AttributeAnswer { attributes: known })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SetQueueAttributes {
    pub(crate) queue_url: Option<String>,
    pub(crate) attributes: Option<AttributeMap>,
}

pub(crate) fn set_attributes(
    state: &mut State,
    now: Moment,
    request: SetQueueAttributes,
) -> Result<Nothing, QueueError> {
    let mut record = state.by_url(request.queue_url.as_deref())?.record.clone();
    let changes = request
        .attributes
        .ok_or_else(|| QueueError::missing("Attributes"))?;
    record.attributes = record.attributes.with(&changes)?;
    if changes.contains_key("RedrivePolicy") {
        check_redrive(state, &record.name, &record.attributes)?;
    }
    record.modified_seconds = now.as_seconds();
    state.commit(vec![Change::Queue(record)])?;
    Ok(Nothing {})
}

pub(crate) fn purge(
    state: &mut State,
    now: Moment,
    request: OneQueue,
) -> Result<Nothing, QueueError> {
    let queue = state.by_url(request.queue_url.as_deref())?;
    let (id, name) = (queue.record.id, &queue.record.name);
    if queue
        .purged_at
        .is_some_and(|at| now < at.after_seconds(PURGE_PAUSE_SECONDS))
    {
        return Err(QueueError::new(
            ErrorKind::PurgeQueueInProgress,
            format!("Only one PurgeQueue operation on {name} is allowed every 60 seconds."),
        ));
    }
    state.commit(vec![Change::Purged { queue: id, at: now }])?;
    Ok(Nothing {})
}
