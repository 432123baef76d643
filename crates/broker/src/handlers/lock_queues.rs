//! LOCK_BATCH_MQ: an orderly consumer wants queues for itself.

use std::sync::Arc;

use ferromq_wire::body::{self, LockBatchRequestBody, LockBatchResponseBody};

use crate::call::{Answer, Call, Outcome};
use crate::error::Refusal;
use crate::groups::QueueLocks;

/// Answers the queues that the client holds now, new or renewed.
pub(crate) fn handle(call: &Call<'_>, locks: &QueueLocks) -> Outcome {
    let request: LockBatchRequestBody =
        body::decode(call.body).map_err(|error| Refusal::unusable(error.to_string()))?;
    let client = Arc::from(request.client_id);
    let held = locks.lock(&request.consumer_group, &client, request.mq_set);
    let answer = LockBatchResponseBody {
        lock_ok_mq_set: held,
    };
    Ok(Answer::ok().body(body::encode(&answer)))
}
