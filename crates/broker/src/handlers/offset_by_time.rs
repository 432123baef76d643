//! SEARCH_OFFSET_BY_TIMESTAMP: the place in a queue at a moment.

use ferromq_base::Millis;
use ferromq_storage::{Boundary, Store};
use ferromq_wire::request::SearchOffsetRequest;

use super::queue_of::existing_queue;
use crate::call::{Answer, Outcome};
use crate::topics::Topics;

/// Answers the first message at or after the time, or (boundary UPPER) the last one at or before it. Waits for the disk.
pub(crate) fn handle(request: &SearchOffsetRequest, topics: &Topics, store: &Store) -> Outcome {
    let is_upper = |text: &String| text.eq_ignore_ascii_case("upper");
    let boundary = match request.boundary_type.as_ref().is_some_and(is_upper) {
        true => Boundary::Upper,
        false => Boundary::Lower,
    };
    let queue = existing_queue(topics, store, &request.topic, request.queue_id)?;
    let offset = match queue {
        Some(queue) => store.offset_by_time(&queue, Millis(request.timestamp), boundary)?,
        None => Default::default(),
    };
    Ok(Answer::ok().field("offset", offset.to_wire()))
}
