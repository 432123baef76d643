//! When messages of a queue were stored.

use ferromq_base::QueueOffset;
use ferromq_storage::{Queue, ReadLimits, Store};
use ferromq_wire::message::RecordRef;

/// Store time of the message before `offset`, in milliseconds; `None` if it cannot be read.
pub(super) fn before(store: &Store, queue: &Queue, offset: QueueOffset) -> Option<i64> {
    let at = QueueOffset(offset.0.checked_sub(1)?);
    let one = ReadLimits { count: 1, bytes: 0 };
    let mut bytes = Vec::new();
    let read = store.read(queue, at, one, &|_| true, &mut bytes).ok()?;
    let record = RecordRef::parse(&bytes).ok()?;
    (read.count == 1).then(|| record.store_timestamp().0)
}
