//! VIEW_MESSAGE_BY_ID: one message by its place in the log.

use ferromq_base::LogOffset;
use ferromq_storage::Store;
use ferromq_wire::request::ViewMessageRequest;

use crate::call::{Answer, Outcome};
use crate::error::Refusal;

/// Answers the stored record as it is. Waits for the disk.
pub(crate) fn handle(request: &ViewMessageRequest, store: &Store) -> Outcome {
    let mut record = Vec::new();
    let missing = || {
        let remark = format!("can not find message by the offset, {}", request.offset);
        Refusal::unusable(remark)
    };
    let at = u64::try_from(request.offset).map_err(|_| missing())?;
    store
        .record_at(LogOffset(at), &mut record)
        .map_err(|_| missing())?;
    Ok(Answer::ok().body(record))
}
