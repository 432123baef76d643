//! The offsets of one group on one topic.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use ferromq_base::{QueueId, QueueOffset};
use parking_lot::RwLock;

use crate::settings_file::Unsaved;

/// Nothing was stored in a cell.
const NONE: i64 = -1;

/// The offsets of one group on one topic, by queue.
#[derive(Debug)]
pub struct QueueOffsets {
    queues: RwLock<BTreeMap<QueueId, Cell>>,
    unsaved: Arc<Unsaved>,
}

#[derive(Debug)]
struct Cell {
    committed: AtomicI64,
    /// Where the last pull ended; memory only, for statistics.
    pulled: AtomicI64,
}

impl Default for Cell {
    fn default() -> Self {
        Self {
            committed: AtomicI64::new(NONE),
            pulled: AtomicI64::new(NONE),
        }
    }
}

impl QueueOffsets {
    pub(super) fn new(unsaved: Arc<Unsaved>) -> Self {
        Self {
            queues: RwLock::default(),
            unsaved,
        }
    }

    /// The committed offset of a queue.
    #[must_use]
    pub fn committed(&self, queue: QueueId) -> Option<QueueOffset> {
        known(&self.queues.read().get(&queue)?.committed)
    }

    /// Where the last pull of a queue started, since the broker started.
    #[must_use]
    pub fn pulled(&self, queue: QueueId) -> Option<QueueOffset> {
        known(&self.queues.read().get(&queue)?.pulled)
    }

    /// Commits `offset`, forwards or backwards. Committing what is stored already costs no write.
    pub fn commit(&self, queue: QueueId, offset: QueueOffset) {
        let to = offset.to_wire();
        let before = self.with_cell(queue, |cell| cell.committed.swap(to, Ordering::AcqRel));
        if before != to {
            self.unsaved.mark();
        }
    }

    /// Remembers where a pull starts.
    pub fn note_pull(&self, queue: QueueId, offset: QueueOffset) {
        self.with_cell(queue, |cell| {
            cell.pulled.store(offset.to_wire(), Ordering::Relaxed)
        });
    }

    /// All committed offsets in the order of the queues.
    #[must_use]
    pub fn all(&self) -> Vec<(QueueId, QueueOffset)> {
        self.queues
            .read()
            .iter()
            .filter_map(|(queue, cell)| Some((*queue, known(&cell.committed)?)))
            .collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queues
            .read()
            .values()
            .all(|cell| known(&cell.committed).is_none())
    }

    fn with_cell<R>(&self, queue: QueueId, act: impl FnOnce(&Cell) -> R) -> R {
        if let Some(cell) = self.queues.read().get(&queue) {
            return act(cell);
        }
        act(self.queues.write().entry(queue).or_default())
    }
}

fn known(cell: &AtomicI64) -> Option<QueueOffset> {
    u64::try_from(cell.load(Ordering::Acquire))
        .ok()
        .map(QueueOffset)
}
