//! A mark: a number that only grows. Lower layers advance it, higher layers follow it, and nobody calls upwards.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// Called after a mark has moved. Must be quick and must not block: it runs on the thread that advanced the mark.
pub type Follower = Arc<dyn Fn() + Send + Sync>;

/// A monotonic 64-bit mark with followers and blocking waiters.
#[derive(Default)]
pub struct Mark {
    value: AtomicU64,
    followers: Mutex<Vec<Follower>>,
    /// Number of threads in [`Mark::wait`]; the condition is signalled only when someone waits.
    waiting: Mutex<usize>,
    moved: Condvar,
}

impl Mark {
    /// A mark that starts at `value`.
    #[must_use]
    pub fn at(value: u64) -> Self {
        Self {
            value: AtomicU64::new(value),
            ..Self::default()
        }
    }

    /// The present value.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.value.load(Ordering::Acquire)
    }

    /// Raises the mark to `to` and tells the followers. A lower or equal `to` changes nothing and tells nobody.
    pub fn advance(&self, to: u64) {
        if self.value.fetch_max(to, Ordering::AcqRel) >= to {
            return;
        }
        if *self.waiting.lock() > 0 {
            self.moved.notify_all();
        }
        for follower in self.followers.lock().iter() {
            follower();
        }
    }

    /// Adds a follower; it is never removed, so it should belong to something that lives as long as the mark.
    pub fn follow(&self, follower: Follower) {
        self.followers.lock().push(follower);
    }

    /// Blocks until the mark is at least `target`; false if `timeout` passed first.
    #[must_use]
    pub fn wait(&self, target: u64, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        let mut waiting = self.waiting.lock();
        *waiting += 1;
        while self.value() < target {
            if self.moved.wait_until(&mut waiting, deadline).timed_out() {
                break;
            }
        }
        *waiting -= 1;
        target <= self.value()
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mark").field(&self.value()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn never_goes_back_and_tells_followers_only_of_moves() {
        let mark = Mark::at(5);
        let told = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&told);
        mark.follow(Arc::new(move || {
            count.fetch_add(1, Ordering::SeqCst);
        }));
        mark.advance(3);
        mark.advance(9);
        mark.advance(9);
        assert_eq!(mark.value(), 9);
        assert_eq!(told.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_waiter_wakes_when_its_target_is_reached_and_gives_up_in_time() {
        let mark = Arc::new(Mark::default());
        let waiter = {
            let mark = Arc::clone(&mark);
            std::thread::spawn(move || mark.wait(2, Duration::from_secs(10)))
        };
        mark.advance(1);
        mark.advance(2);
        assert!(waiter.join().unwrap());
        assert!(!mark.wait(3, Duration::from_millis(1)));
    }
}
