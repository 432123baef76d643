//! How a worker thread sleeps: it costs nothing while there is nothing to do, and ringing it while it works is a load.

use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// Wakes one worker.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rung: AtomicBool,
    hurried: AtomicBool,
    stopped: AtomicBool,
    sleep: Mutex<()>,
    woken: Condvar,
}

impl Bell {
    /// There is work. Whatever was published before this call is seen by the worker's next turn.
    pub(crate) fn ring(&self) {
        // Orders the caller's publication before the look at the flag: if the flag is still up, the worker has
        // not begun its next turn and will see the publication.
        fence(Ordering::SeqCst);
        if !self.rung.load(Ordering::Relaxed) && !self.rung.swap(true, Ordering::SeqCst) {
            drop(self.sleep.lock());
            self.woken.notify_one();
        }
    }

    /// There is so much work that it must not wait for the end of a pause.
    pub(crate) fn hurry(&self) {
        if !self.hurried.swap(true, Ordering::SeqCst) {
            drop(self.sleep.lock());
            self.woken.notify_one();
        }
    }

    /// The worker shall end.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        drop(self.sleep.lock());
        self.woken.notify_all();
    }

    /// Whether the worker shall end.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// For the worker, before a turn: rings from now on are for the turn after it.
    pub(crate) fn begin_turn(&self) {
        self.rung.store(false, Ordering::SeqCst);
        fence(Ordering::SeqCst);
    }

    /// For the worker: sleeps until rung, stopped, or `time` has passed.
    pub(crate) fn wait(&self, time: Option<Duration>) {
        self.sleep_until(time, || self.rung.load(Ordering::SeqCst));
    }

    /// For the worker: sleeps for `time`, however often it is rung, unless hurried or stopped.
    pub(crate) fn pause(&self, time: Duration) {
        self.sleep_until(Some(time), || self.hurried.load(Ordering::SeqCst));
        self.hurried.store(false, Ordering::SeqCst);
    }

    fn sleep_until(&self, time: Option<Duration>, enough: impl Fn() -> bool) {
        let deadline = time.and_then(|time| Instant::now().checked_add(time));
        let mut sleep = self.sleep.lock();
        while !self.is_stopped() && !enough() {
            match deadline {
                None => self.woken.wait(&mut sleep),
                Some(deadline) => {
                    if self.woken.wait_until(&mut sleep, deadline).timed_out() {
                        break;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;

    use super::*;

    #[test]
    fn no_ring_is_lost() {
        let bell = Arc::new(Bell::default());
        let published = Arc::new(AtomicU64::new(0));
        let worker = {
            let (bell, published) = (Arc::clone(&bell), Arc::clone(&published));
            std::thread::spawn(move || {
                loop {
                    bell.begin_turn();
                    if published.load(Ordering::Relaxed) == 50_000 {
                        return;
                    }
                    bell.wait(None);
                }
            })
        };
        for _ in 0..50_000 {
            published.fetch_add(1, Ordering::Release);
            bell.ring();
        }
        worker.join().unwrap();
    }

    #[test]
    fn a_pause_is_ended_by_hurry_and_by_stop_but_not_by_a_ring() {
        let bell = Bell::default();
        bell.ring();
        let start = Instant::now();
        bell.pause(Duration::from_millis(20));
        assert!(Duration::from_millis(20) <= start.elapsed());
        bell.hurry();
        bell.pause(Duration::from_secs(1000));
        bell.stop();
        bell.pause(Duration::from_secs(1000));
        bell.begin_turn();
        bell.wait(None);
        assert!(bell.is_stopped());
    }
}
