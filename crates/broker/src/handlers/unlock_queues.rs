//! UNLOCK_BATCH_MQ: an orderly consumer gives queues back.

use ferromq_wire::body::{self, LockBatchRequestBody};

use crate::call::{Answer, Call, Outcome};
use crate::error::Refusal;
use crate::groups::QueueLocks;

/// Releases those queues that the client holds; always succeeds.
pub(crate) fn handle(call: &Call<'_>, locks: &QueueLocks) -> Outcome {
    let request: LockBatchRequestBody =
        body::decode(call.body).map_err(|error| Refusal::unusable(error.to_string()))?;
    locks.unlock(&request.consumer_group, &request.client_id, &request.mq_set);
    Ok(Answer::ok())
}
