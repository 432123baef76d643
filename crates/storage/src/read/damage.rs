//! Messages that cannot be served: told once each, and remembered.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use ferromq_base::QueueOffset;
use parking_lot::Mutex;

use crate::queue::Queue;

/// Messages that are told one by one.
const COUNT_MAX: usize = 1024;

/// The damaged messages met so far.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    /// What was told, by serial number of the queue and offset.
    told: Mutex<BTreeMap<(u64, u64), String>>,
    /// Messages that are not read any more: by serial number of the queue and first offset, where the next one follows.
    lost: Mutex<BTreeMap<(u64, u64), u64>>,
    any_lost: AtomicBool,
}

impl Damage {
    /// The message at `offset` of `queue` is passed over because of `cause`, which names file and position.
    pub(crate) fn report(&self, queue: &Queue, offset: QueueOffset, cause: &dyn Display) {
        let place = (queue.serial(), offset.0);
        let mut told = self.told.lock();
        if COUNT_MAX <= told.len() || told.contains_key(&place) {
            return;
        }
        let text = format!("message {offset} of {queue:?} is passed over: {cause}");
        tracing::error!("{text}; a replica or a backup may have it");
        told.insert(place, text);
        if told.len() == COUNT_MAX {
            tracing::error!("further damaged messages are passed over without a word");
        }
    }

    /// What was told.
    pub(crate) fn told(&self) -> Vec<String> {
        self.told.lock().values().cloned().collect()
    }

    /// Messages of `queue` are lost, as far as this process can know: no read tries them again.
    pub(crate) fn give_up(&self, queue: &Queue, offsets: Range<u64>) {
        let mut lost = self.lost.lock();
        let (serial, mut from) = (queue.serial(), offsets.start);
        let before = lost.range(..=(serial, from)).next_back();
        if let Some((&(of, first), &next)) = before
            && of == serial
            && from <= next
        {
            from = first;
        }
        let next = lost.get(&(serial, from)).copied().unwrap_or(0);
        lost.insert((serial, from), next.max(offsets.end));
        self.any_lost.store(true, Ordering::Release);
    }

    /// Whether the message at `offset` of `queue` was given up.
    pub(crate) fn is_lost(&self, queue: &Queue, offset: u64) -> bool {
        if !self.any_lost.load(Ordering::Acquire) {
            return false;
        }
        let lost = self.lost.lock();
        let before = lost.range(..=(queue.serial(), offset)).next_back();
        before.is_some_and(|(&(of, _), &next)| of == queue.serial() && offset < next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ferromq_base::{Mark, QueueId};
    use std::sync::Arc;

    #[test]
    fn what_is_given_up_is_known_by_queue_and_offset() {
        let mark = Arc::new(Mark::default());
        let queue = |id| Queue::new("T".into(), QueueId(id), Arc::clone(&mark));
        let (a, b) = (queue(0), queue(1));
        let damage = Damage::default();
        assert!(!damage.is_lost(&a, 5));
        for offsets in [5..6, 6..8, 20..30, 25..27, 6..7] {
            damage.give_up(&a, offsets);
        }
        let lost: Vec<u64> = (0..40).filter(|&i| damage.is_lost(&a, i)).collect();
        let expected: Vec<u64> = (5..8).chain(20..30).collect();
        assert_eq!(lost, expected);
        assert!((0..40).all(|i| !damage.is_lost(&b, i)));
        assert_eq!(damage.lost.lock().len(), 2);
    }
}
