//! Labels on queues.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::action::Nothing;
use crate::action::queues::OneQueue;
use crate::attributes::AttributeMap;
use crate::change::Change;
use crate::clock::Moment;
use crate::error::QueueError;
use crate::state::State;

const MAX_TAGS: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TagQueue {
    queue_url: Option<String>,
    tags: Option<AttributeMap>,
}

pub(crate) fn tag(
    state: &mut State,
    _now: Moment,
    request: TagQueue,
) -> Result<Nothing, QueueError> {
    let mut record = state.by_url(request.queue_url.as_deref())?.record.clone();
    record
        .tags
        .extend(request.tags.ok_or_else(|| QueueError::missing("Tags"))?);
    if record.tags.len() > MAX_TAGS {
        return Err(QueueError::parameter(
            record.tags.len(),
            "Tags",
            "A queue can have at most 50 tags.",
        ));
    }
    state.commit(vec![Change::Queue(record)])?;
    Ok(Nothing {})
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UntagQueue {
    queue_url: Option<String>,
    tag_keys: Option<Vec<String>>,
}

pub(crate) fn untag(
    state: &mut State,
    _now: Moment,
    request: UntagQueue,
) -> Result<Nothing, QueueError> {
    let mut record = state.by_url(request.queue_url.as_deref())?.record.clone();
    let keys = request
        .tag_keys
        .ok_or_else(|| QueueError::missing("TagKeys"))?;
    record.tags.retain(|key, _| !keys.contains(key));
    state.commit(vec![Change::Queue(record)])?;
    Ok(Nothing {})
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TagList {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: AttributeMap,
}

pub(crate) fn list(
    state: &mut State,
    _now: Moment,
    request: OneQueue,
) -> Result<TagList, QueueError> {
    let tags = state
        .by_url(request.queue_url.as_deref())?
        .record
        .tags
        .clone();
    Ok(TagList { tags })
}
