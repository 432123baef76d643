//! QUERY_CONSUMER_OFFSET: where a group goes on in a queue.

use ferromq_base::{QueueId, QueueOffset};
use ferromq_storage::{Queue, ReadLimits, Store};
use ferromq_wire::code::ResponseCode;
use ferromq_wire::request::QueryConsumerOffsetRequest;

use crate::call::{Answer, Outcome};
use crate::error::Refusal;
use crate::offsets::Offsets;

/// The answer if the group has committed an offset.
pub(crate) fn committed(request: &QueryConsumerOffsetRequest, offsets: &Offsets) -> Option<Answer> {
    let queue = QueueId(u32::try_from(request.queue_id).ok()?);
    let stored = offsets.committed(&request.consumer_group, &request.topic, queue)?;
    Some(Answer::ok().field("offset", stored.to_wire()))
}

/// Answers a group that never committed: it starts at 0 if the queue still has its first message and that is recent;
/// otherwise the client is told so and decides by itself. Waits for the disk.
pub(crate) fn start(request: &QueryConsumerOffsetRequest, store: &Store) -> Outcome {
    let not_found = || {
        let remark = "Not found, V3_0_6_SNAPSHOT maybe this group consumer boot first";
        Refusal::new(ResponseCode::QUERY_NOT_FOUND, remark)
    };
    let queue = QueueId(u32::try_from(request.queue_id).map_err(|_| not_found())?);
    let may_be_zero = request.set_zero_if_not_found != Some(false);
    if may_be_zero && starts_recently(store, &request.topic, queue) {
        return Ok(Answer::ok().field("offset", 0));
    }
    Err(not_found())
}

/// Whether the first message ever put into a queue is there and is likely to be in memory; true for a queue without any.
fn starts_recently(store: &Store, topic: &str, queue: QueueId) -> bool {
    let Some(queue) = store.find_queue(topic, queue) else {
        return true;
    };
    if queue.min() != QueueOffset(0) {
        return false;
    }
    queue.max() == QueueOffset(0) || !is_far_behind(store, &queue)
}

fn is_far_behind(store: &Store, queue: &Queue) -> bool {
    let first = ReadLimits { count: 1, bytes: 0 };
    let mut record = Vec::new();
    let read = store.read(queue, QueueOffset(0), first, &|_| true, &mut record);
    // What cannot be read now is no reason to start there.
    read.map_or(true, |outcome| outcome.far_behind)
}
