//! GET_MAX_OFFSET: the end of a queue.

use ferromq_storage::Store;
use ferromq_wire::request::GetMaxOffsetRequest;

use super::queue_of::existing_queue;
use crate::call::{Answer, Call, Outcome};
use crate::topics::Topics;

/// Answers the offset after the newest message; 0 for an empty queue.
pub(crate) fn handle(call: &Call<'_>, topics: &Topics, store: &Store) -> Outcome {
    let request: GetMaxOffsetRequest = call.parse()?;
    let queue = existing_queue(topics, store, &request.topic, request.queue_id)?;
    let max = queue.map_or(0, |queue| queue.max().to_wire());
    Ok(Answer::ok().field("offset", max))
}
