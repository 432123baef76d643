//! Which queue a message goes to when the application does not say.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::fault::FaultTable;
use crate::queue::MessageQueue;

/// Takes queues in turn.
#[derive(Debug)]
pub(super) struct RoundRobin {
    next: AtomicUsize,
}

impl RoundRobin {
    /// Starts somewhere, so that many producers that start together do not all begin with the same queue.
    pub(super) fn starting_at(start: usize) -> Self {
        Self {
            next: AtomicUsize::new(start),
        }
    }

    /// The next queue whose broker is neither `avoid` (it has just failed) nor known as slow or failing; if there is none, the
    /// next one that is not on `avoid`; if there is none either, the next one.
    pub(super) fn pick<'q>(
        &self,
        queues: &'q [MessageQueue],
        avoid: Option<&str>,
        faults: &FaultTable,
    ) -> Option<&'q MessageQueue> {
        if queues.is_empty() {
            return None;
        }
        let start = self.next.fetch_add(1, Ordering::Relaxed) % queues.len();
        let in_turn = || queues[start..].iter().chain(&queues[..start]);
        let other = |queue: &&MessageQueue| avoid != Some(&*queue.broker);
        in_turn()
            .filter(other)
            .find(|queue| faults.is_good(&queue.broker))
            .or_else(|| in_turn().find(other))
            .or_else(|| in_turn().next())
    }
}

/// The queue for a sharding key: messages with equal keys go to the same queue as long as the number of queues stays the same.
/// The hash is Java's hash of the text, so that Java and Rust producers agree on the queue.
#[must_use]
pub fn by_key<'q>(queues: &'q [MessageQueue], key: &str) -> Option<&'q MessageQueue> {
    let hash = key.encode_utf16().fold(0_i32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(i32::from(unit))
    });
    let count = i64::try_from(queues.len())
        .ok()
        .filter(|count| *count > 0)?;
    let index = (i64::from(hash) % count).unsigned_abs();
    queues.get(usize::try_from(index).ok()?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn queues() -> Vec<MessageQueue> {
        let queue = |broker, id| MessageQueue::new("T", broker, id);
        vec![queue("a", 0), queue("a", 1), queue("b", 0), queue("b", 1)]
    }

    fn picked(avoid: Option<&str>, faults: &FaultTable) -> Vec<String> {
        let (robin, queues) = (RoundRobin::starting_at(0), queues());
        (0..4)
            .map(|_| robin.pick(&queues, avoid, faults).unwrap())
            .map(|queue| format!("{}{}", queue.broker, queue.id))
            .collect()
    }

    #[tokio::test]
    async fn takes_turns_and_keeps_away_from_bad_brokers() {
        let good = FaultTable::default();
        assert_eq!(picked(None, &good), ["a0", "a1", "b0", "b1"]);
        assert_eq!(picked(Some("a"), &good), ["b0", "b0", "b0", "b1"]);
        let a_bad = FaultTable::default();
        a_bad.failed(&Arc::from("a"));
        assert_eq!(picked(None, &a_bad), ["b0", "b0", "b0", "b1"]);
        // Nothing is good and other than b: better a slow broker than the one that has just failed.
        assert_eq!(picked(Some("b"), &a_bad), ["a0", "a1", "a0", "a0"]);
    }

    #[tokio::test]
    async fn a_failed_broker_is_better_than_none() {
        let queues = [MessageQueue::new("T", "a", 0)];
        let robin = RoundRobin::starting_at(7);
        assert!(
            robin
                .pick(&queues, Some("a"), &FaultTable::default())
                .is_some()
        );
        assert!(robin.pick(&[], None, &FaultTable::default()).is_none());
    }

    #[test]
    fn equal_keys_meet_and_negative_hashes_are_fine() {
        let queues = queues();
        // Java: Math.abs("order-7".hashCode() % 4), computed by hand from the definition of the hash.
        assert_eq!(by_key(&queues, "a"), Some(&queues[1])); // 97
        assert_eq!(by_key(&queues, "polygenelubricants"), Some(&queues[0])); // i32::MIN
        assert_eq!(by_key(&[], "a"), None);
    }
}
