//! Offsets of the queues that a consumer holds: what is consumed, and what of it is already stored for good.

use ferromq_base::QueueOffset;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use crate::queue::MessageQueue;

/// In-memory positions. Where they are stored for good (broker or local file) is the caller's business.
#[derive(Debug, Default)]
pub(crate) struct Offsets {
    table: Mutex<FxHashMap<MessageQueue, Position>>,
}

#[derive(Clone, Copy, Debug)]
struct Position {
    next: QueueOffset,
    /// Differs from what is stored.
    dirty: bool,
}

impl Offsets {
    /// Sets the position, also backwards.
    pub(crate) fn set(&self, queue: &MessageQueue, next: QueueOffset) {
        self.update(queue, next, false);
    }

    /// Raises the position; a smaller one changes nothing. For concurrent consumption, where batches finish out of order.
    pub(crate) fn raise(&self, queue: &MessageQueue, next: QueueOffset) {
        self.update(queue, next, true);
    }

    /// The position as it was read from the store.
    pub(crate) fn loaded(&self, queue: &MessageQueue, next: QueueOffset) {
        let position = Position { next, dirty: false };
        self.table.lock().insert(queue.clone(), position);
    }

    pub(crate) fn position(&self, queue: &MessageQueue) -> Option<QueueOffset> {
        self.table.lock().get(queue).map(|position| position.next)
    }

    pub(crate) fn forget(&self, queue: &MessageQueue) {
        self.table.lock().remove(queue);
    }

    /// Positions that are not stored yet.
    pub(crate) fn unstored(&self) -> Vec<(MessageQueue, QueueOffset)> {
        let table = self.table.lock();
        let dirty = table.iter().filter(|(_, position)| position.dirty);
        dirty
            .map(|(queue, position)| (queue.clone(), position.next))
            .collect()
    }

    /// Notes that `next` is stored; a position that has moved on meanwhile stays unstored.
    pub(crate) fn stored(&self, queue: &MessageQueue, next: QueueOffset) {
        if let Some(position) = self.table.lock().get_mut(queue)
            && position.next == next
        {
            position.dirty = false;
        }
    }

    pub(crate) fn all(&self) -> Vec<(MessageQueue, QueueOffset)> {
        let table = self.table.lock();
        table
            .iter()
            .map(|(queue, position)| (queue.clone(), position.next))
            .collect()
    }

    fn update(&self, queue: &MessageQueue, next: QueueOffset, only_up: bool) {
        let mut table = self.table.lock();
        match table.get_mut(queue) {
            Some(position) if only_up && next <= position.next => {}
            Some(position) if position.next == next => {}
            Some(position) => *position = Position { next, dirty: true },
            None => {
                table.insert(queue.clone(), Position { next, dirty: true });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raising_never_lowers_and_setting_may() {
        let (offsets, queue) = (Offsets::default(), MessageQueue::new("T", "b", 0));
        offsets.raise(&queue, QueueOffset(5));
        offsets.raise(&queue, QueueOffset(3));
        assert_eq!(offsets.position(&queue), Some(QueueOffset(5)));
        offsets.set(&queue, QueueOffset(3));
        assert_eq!(offsets.position(&queue), Some(QueueOffset(3)));
    }

    #[test]
    fn only_changes_are_stored_and_a_late_store_does_not_hide_a_newer_position() {
        let (offsets, queue) = (Offsets::default(), MessageQueue::new("T", "b", 0));
        offsets.loaded(&queue, QueueOffset(5));
        assert!(offsets.unstored().is_empty());
        offsets.raise(&queue, QueueOffset(6));
        offsets.raise(&queue, QueueOffset(7));
        offsets.stored(&queue, QueueOffset(6));
        assert_eq!(offsets.unstored(), [(queue.clone(), QueueOffset(7))]);
        offsets.stored(&queue, QueueOffset(7));
        assert!(offsets.unstored().is_empty());
    }
}
