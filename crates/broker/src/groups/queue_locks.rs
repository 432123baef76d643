//! Queue locks of orderly consumers: one client at a time consumes a queue in order.

use std::sync::Arc;
use std::time::Duration;

use ferromq_base::{Clock, Millis};
use ferromq_wire::body::MessageQueue;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

#[derive(Debug)]
struct Lock {
    owner: Arc<str>,
    renewed: Millis,
}

/// Queue locks of orderly consumers, per group. Kept in memory only; a closed connection does not release them, since
/// its client may be back in a moment and still be working on the queue.
#[derive(Debug)]
pub struct QueueLocks {
    life: Duration,
    clock: Arc<dyn Clock>,
    groups: Mutex<FxHashMap<Arc<str>, FxHashMap<MessageQueue, Lock>>>,
}

impl QueueLocks {
    /// Most locks of one group; what is beyond is not granted.
    pub const GROUP_LOCKS_MAX: usize = 100_000;

    /// Locks that live for `life` after they were last renewed, by a clock that never jumps. RocketMQ's value is 60 s.
    #[must_use]
    pub fn new(life: Duration, clock: Arc<dyn Clock>) -> Self {
        Self {
            life,
            clock,
            groups: Mutex::default(),
        }
    }

    /// Locks queues for a client and returns those it holds now. A queue is granted if it is free, if the client holds
    /// it already (which renews the lock), or if the holder's lock has expired.
    pub fn lock(
        &self,
        group: &str,
        client: &Arc<str>,
        queues: Vec<MessageQueue>,
    ) -> Vec<MessageQueue> {
        let now = self.clock.now();
        let mut groups = self.groups.lock();
        let locks = match groups.get_mut(group) {
            Some(locks) => locks,
            None => groups.entry(Arc::from(group)).or_default(),
        };
        if Self::GROUP_LOCKS_MAX < locks.len() + queues.len() {
            locks.retain(|_, lock| now.since(lock.renewed) <= self.life);
        }
        queues
            .into_iter()
            .filter(|queue| self.lock_one(locks, queue, client, now))
            .collect()
    }

    /// Releases queues that the client holds; others are left alone.
    pub fn unlock(&self, group: &str, client: &str, queues: &[MessageQueue]) {
        let mut groups = self.groups.lock();
        let Some(locks) = groups.get_mut(group) else {
            return;
        };
        for queue in queues {
            if locks.get(queue).is_some_and(|lock| &*lock.owner == client) {
                locks.remove(queue);
            }
        }
        if locks.is_empty() {
            groups.remove(group);
        }
    }

    /// The client that holds a queue.
    #[must_use]
    pub fn holder(&self, group: &str, queue: &MessageQueue) -> Option<Arc<str>> {
        let now = self.clock.now();
        let groups = self.groups.lock();
        let lock = groups.get(group)?.get(queue)?;
        (!self.is_expired(lock, now)).then(|| Arc::clone(&lock.owner))
    }

    /// Whether any client holds any queue of the group.
    #[must_use]
    pub fn is_any_held(&self, group: &str) -> bool {
        let now = self.clock.now();
        let groups = self.groups.lock();
        let locks = groups.get(group).into_iter().flat_map(FxHashMap::values);
        locks.into_iter().any(|lock| !self.is_expired(lock, now))
    }

    fn lock_one(
        &self,
        locks: &mut FxHashMap<MessageQueue, Lock>,
        queue: &MessageQueue,
        client: &Arc<str>,
        now: Millis,
    ) -> bool {
        if let Some(lock) = locks.get_mut(queue) {
            if lock.owner != *client {
                if !self.is_expired(lock, now) {
                    return false;
                }
                lock.owner = Arc::clone(client);
            }
            lock.renewed = now;
            return true;
        }
        if Self::GROUP_LOCKS_MAX <= locks.len() {
            return false;
        }
        let lock = Lock {
            owner: Arc::clone(client),
            renewed: now,
        };
        locks.insert(queue.clone(), lock);
        true
    }

    fn is_expired(&self, lock: &Lock, now: Millis) -> bool {
        self.life < now.since(lock.renewed)
    }
}

#[cfg(test)]
mod tests {
    use ferromq_base::clock::ManualClock;

    use super::*;

    const NONE: [i32; 0] = [];

    struct Bench {
        clock: Arc<ManualClock>,
        locks: QueueLocks,
    }

    impl Bench {
        fn new() -> Self {
            let clock = Arc::new(ManualClock::default());
            let life = Duration::from_secs(60);
            let locks = QueueLocks::new(life, Arc::clone(&clock) as Arc<dyn Clock>);
            Self { clock, locks }
        }

        fn lock(&self, client: &str, numbers: &[i32]) -> Vec<i32> {
            let locked = self.locks.lock("G", &Arc::from(client), queues(numbers));
            locked.into_iter().map(|queue| queue.queue_id).collect()
        }

        fn wait(&self, millis: u64) {
            self.clock.advance(Duration::from_millis(millis));
        }
    }

    fn queues(numbers: &[i32]) -> Vec<MessageQueue> {
        let queue = |number: &i32| MessageQueue::new("T", "broker-a", *number);
        numbers.iter().map(queue).collect()
    }

    #[test]
    fn a_queue_belongs_to_the_first_until_it_is_released_or_expires() {
        let bench = Bench::new();
        assert_eq!(bench.lock("a", &[0, 1]), [0, 1]);
        assert_eq!(bench.lock("b", &[1, 2]), [2]);
        bench.locks.unlock("G", "b", &queues(&[1]));
        assert_eq!(bench.lock("b", &[1]), NONE, "b does not hold 1");
        bench.locks.unlock("G", "a", &queues(&[1]));
        assert_eq!(bench.lock("b", &[1]), [1]);
    }

    #[test]
    fn a_lock_lives_a_minute_after_its_last_renewal() {
        let bench = Bench::new();
        bench.lock("a", &[0]);
        bench.wait(40_000);
        assert_eq!(bench.lock("a", &[0]), [0], "renewed");
        bench.wait(60_000);
        assert_eq!(bench.lock("b", &[0]), NONE);
        bench.wait(1);
        assert_eq!(bench.lock("b", &[0]), [0], "taken over");
        let queue = &queues(&[0])[0];
        assert_eq!(bench.locks.holder("G", queue).as_deref(), Some("b"));
        assert!(bench.locks.is_any_held("G"));
        bench.wait(60_001);
        assert_eq!(bench.locks.holder("G", queue), None);
        assert!(!bench.locks.is_any_held("G"));
    }

    #[test]
    fn groups_do_not_share_locks() {
        let bench = Bench::new();
        bench.lock("a", &[0]);
        let other = bench.locks.lock("H", &Arc::from("b"), queues(&[0]));
        assert_eq!(other.len(), 1);
        assert!(!bench.locks.is_any_held("I"));
    }
}
