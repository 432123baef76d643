//! What the name servers have been told, and who waits for them to know.
//!
//! An operator who has created a topic asks a name server for it at once, so the answer has to come after the
//! registration, as it does from RocketMQ. A name server that is away, or that takes too long, is not waited for.

use std::fmt;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// Longest wait for a name server that is there.
const PATIENCE: Duration = Duration::from_secs(1);

/// Something to be done when all name servers know.
type Then = Box<dyn FnOnce() + Send>;

/// How far every name server has been told, in generations of the topic table.
#[derive(Default)]
pub(super) struct Told {
    state: Mutex<State>,
    bell: Notify,
}

#[derive(Default)]
struct State {
    /// By number of the name server; `None` while it is away.
    servers: Vec<Option<u64>>,
    waiting: Vec<Waiting>,
}

struct Waiting {
    generation: u64,
    until: Instant,
    then: Then,
}

impl Told {
    /// One more name server, away at first; its number.
    pub(super) fn enter(&self) -> usize {
        let mut state = self.state.lock();
        state.servers.push(None);
        state.servers.len() - 1
    }

    /// A name server knows this generation now, or is away.
    pub(super) fn set(&self, server: usize, generation: Option<u64>) {
        let mut state = self.state.lock();
        if let Some(told) = state.servers.get_mut(server) {
            *told = generation;
        }
        let all = state.all();
        let due = state.take(|waiting| waiting.generation <= all);
        drop(state);
        run(due);
    }

    /// Runs `then` when all name servers know this generation: at once if they do, or if none is there.
    pub(super) fn when(&self, generation: u64, then: Then) {
        let mut state = self.state.lock();
        if generation <= state.all() {
            drop(state);
            return then();
        }
        let until = Instant::now() + PATIENCE;
        state.waiting.push(Waiting {
            generation,
            until,
            then,
        });
        drop(state);
        self.bell.notify_one();
    }

    /// Runs what has waited too long, for ever. Sleeps while nothing waits.
    pub(super) async fn expire(&self) -> ! {
        loop {
            let earliest = self
                .state
                .lock()
                .waiting
                .iter()
                .map(|waiting| waiting.until)
                .min();
            let Some(earliest) = earliest else {
                self.bell.notified().await;
                continue;
            };
            sleep_until(earliest).await;
            let now = Instant::now();
            let due = self.state.lock().take(|waiting| waiting.until <= now);
            run(due);
        }
    }
}

impl State {
    /// The generation that every name server knows; the greatest there is if none is there.
    fn all(&self) -> u64 {
        self.servers
            .iter()
            .flatten()
            .min()
            .copied()
            .unwrap_or(u64::MAX)
    }

    fn take(&mut self, is_due: impl Fn(&Waiting) -> bool) -> Vec<Then> {
        let due = self.waiting.extract_if(.., |waiting| is_due(waiting));
        due.map(|waiting| waiting.then).collect()
    }
}

fn run(due: Vec<Then>) {
    for then in due {
        then();
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Told")
            .field(&self.state.lock().servers)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn counter() -> (Arc<AtomicUsize>, impl Fn() -> Then) {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let then = move || -> Then {
            let count = Arc::clone(&counted);
            Box::new(move || {
                count.fetch_add(1, Ordering::SeqCst);
            })
        };
        (count, then)
    }

    #[test]
    fn all_that_are_there_must_know() {
        let told = Told::default();
        let (count, then) = counter();
        let done = || count.load(Ordering::SeqCst);
        told.when(7, then());
        assert_eq!(done(), 1, "no name server at all");
        let (a, b) = (told.enter(), told.enter());
        told.when(7, then());
        assert_eq!(done(), 2, "both are away");
        told.set(a, Some(6));
        told.set(b, Some(7));
        told.when(7, then());
        assert_eq!(done(), 2);
        told.set(a, Some(7));
        assert_eq!(done(), 3);
        told.when(8, then());
        told.set(a, None);
        told.set(b, None);
        assert_eq!(done(), 4, "lost ones are not waited for");
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_server_that_takes_too_long_is_not_waited_for() {
        let told = Told::default();
        let (count, then) = counter();
        let server = told.enter();
        told.set(server, Some(1));
        told.when(2, then());
        let expired = |time| tokio::time::timeout(time, told.expire());
        assert!(expired(Duration::from_millis(900)).await.is_err());
        assert_eq!(count.load(Ordering::SeqCst), 0);
        assert!(expired(Duration::from_millis(200)).await.is_err());
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }
}
