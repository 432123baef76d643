//! DELETE_EXPIRED_COMMITLOG and CLEAN_EXPIRED_CONSUMEQUEUE: what is past its time goes now. Both are answered at once; the work
//! is done in the background.

use ferromq_storage::Store;

use crate::call::{Answer, Outcome};

/// Has files of the commit log deleted that are older than `fileReservedTime`, at whatever hour.
pub(crate) fn delete_log(store: &Store) -> Outcome {
    store.delete_expired();
    Ok(Answer::ok())
}

/// Has files of queues and of the key index deleted that lead only to deleted messages. Queues without messages keep their
/// next offset.
pub(crate) fn clean_queues(store: &Store) -> Outcome {
    store.clean_queues();
    Ok(Answer::ok())
}
