//! GET_TOPIC_STATS_INFO: the range and last time of every queue of a topic.

use ferromq_base::QueueId;
use ferromq_storage::Store;
use ferromq_wire::body::{self, MessageQueue, TopicOffset, TopicStatsTable};
use ferromq_wire::code::ResponseCode;
use ferromq_wire::request::TopicRequest;

use super::queue_times;
use crate::call::{Answer, Outcome};
use crate::error::Refusal;
use crate::topics::Topics;

/// Answers all queues, empty ones included. Waits for the disk.
pub(crate) fn handle(
    request: &TopicRequest,
    topics: &Topics,
    store: &Store,
    broker: &str,
) -> Outcome {
    let name = &request.topic;
    let Some(topic) = topics.find(name) else {
        let remark = format!("topic[{name}] not exist");
        return Err(Refusal::new(ResponseCode::TOPIC_NOT_EXIST, remark));
    };
    let queues = (0..topic.queues()).map(|queue| {
        let number = i32::try_from(queue).unwrap_or(i32::MAX);
        let queue = MessageQueue::new(name, broker, number);
        (queue, range(store, name, number))
    });
    let stats = TopicStatsTable {
        offset_table: queues.collect(),
        topic_put_tps: 0.0,
    };
    Ok(Answer::ok().body(body::encode(&stats)))
}

fn range(store: &Store, topic: &str, queue: i32) -> TopicOffset {
    let queue = QueueId(queue.unsigned_abs());
    let Some(queue) = store.find_queue(topic, queue) else {
        return TopicOffset::default();
    };
    let max = queue.max();
    let last = if max.0 == 0 {
        0
    } else {
        queue_times::before(store, &queue, max).unwrap_or(-1)
    };
    TopicOffset {
        last_update_timestamp: last,
        max_offset: max.to_wire(),
        min_offset: queue.min().to_wire(),
    }
}
