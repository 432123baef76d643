//! The queue that a question about offsets means.

use std::sync::Arc;

use ferromq_base::QueueId;
use ferromq_storage::{Queue, Store};
use ferromq_wire::code::ResponseCode;

use crate::error::Refusal;
use crate::topics::Topics;

/// The queue, if it holds messages: a queue without any may still be asked about. Refuses topics and queues that this
/// broker does not have.
pub(super) fn existing_queue(
    topics: &Topics,
    store: &Store,
    topic: &str,
    queue: i32,
) -> Result<Option<Arc<Queue>>, Refusal> {
    let Some(config) = topics.find(topic) else {
        return Err(Refusal::no_topic(topic));
    };
    match u32::try_from(queue) {
        Ok(queue) if queue < config.queues() => Ok(store.find_queue(topic, QueueId(queue))),
        _ => {
            let remark = format!(
                "queueId[{queue}] is illegal, topic {topic} has {} queues",
                config.queues()
            );
            Err(Refusal::new(ResponseCode::INVALID_PARAMETER, remark))
        }
    }
}
