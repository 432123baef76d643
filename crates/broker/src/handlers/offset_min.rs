//! GET_MIN_OFFSET and GET_EARLIEST_MSG_STORETIME: the beginning of a queue.

use ferromq_storage::Store;
use ferromq_wire::request::{GetEarliestMsgStoretimeRequest, GetMinOffsetRequest};

use super::queue_of::existing_queue;
use crate::call::{Answer, Call, Outcome};
use crate::topics::Topics;

/// Answers the lowest offset that can be read. The remark is there, but empty.
pub(crate) fn handle(call: &Call<'_>, topics: &Topics, store: &Store) -> Outcome {
    let request: GetMinOffsetRequest = call.parse()?;
    let queue = existing_queue(topics, store, &request.topic, request.queue_id)?;
    let min = queue.map_or(0, |queue| queue.min().to_wire());
    Ok(Answer::ok().field("offset", min).remark(""))
}

/// Answers when the oldest message of a queue was stored; -1 if there is none. Waits for the disk.
pub(crate) fn handle_time(
    request: &GetEarliestMsgStoretimeRequest,
    topics: &Topics,
    store: &Store,
) -> Outcome {
    let queue = existing_queue(topics, store, &request.topic, request.queue_id)?;
    let time = match queue {
        Some(queue) => store.earliest_time(&queue)?,
        None => None,
    };
    Ok(Answer::ok().field("timestamp", time.map_or(-1, |time| time.0)))
}
