//! Entries that readers have found to be wrong.

use std::collections::BTreeMap;
use std::sync::Arc;

use ferromq_base::QueueId;
use parking_lot::Mutex;

use crate::bell::Bell;
use crate::queue::Queue;

/// Queues that wait for a repair. Readers of the others will ask again.
const QUEUES_MAX: usize = 1024;

/// What is to be looked at.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// An offset for each queue.
    offsets: Mutex<BTreeMap<(Arc<str>, QueueId), u64>>,
    /// Wakes the worker.
    pub(crate) bell: Arc<Bell>,
}

impl Wanted {
    /// The entry at `offset` of `queue` seems to be wrong.
    pub(crate) fn ask(&self, queue: &Queue, offset: u64) {
        let mut offsets = self.offsets.lock();
        if offsets.len() < QUEUES_MAX {
            let key = (queue.topic().into(), queue.id());
            offsets.entry(key).or_insert(offset);
        }
        drop(offsets);
        self.bell.ring();
    }

    /// Takes one of them.
    pub(super) fn take(&self) -> Option<((Arc<str>, QueueId), u64)> {
        self.offsets.lock().pop_first()
    }
}
