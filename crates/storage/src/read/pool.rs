//! Threads that may wait for the disk, for those who must not. Started when first needed; they sleep without work.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::thread;

use parking_lot::{Condvar, Mutex};

/// Reads that wait for the disk at the same time.
const THREADS_MAX: usize = 2;

/// Work for the threads, done in the order of its arrival.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// The threads.
#[derive(Debug, Default)]
pub(crate) struct ReadPool {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    threads: usize,
    idle: usize,
    stopped: bool,
}

impl ReadPool {
    /// Has `job` done soon. False if it never will: the pool is stopped, or the system gives no thread.
    pub(crate) fn submit(&self, job: Job) -> bool {
        let mut state = self.shared.state.lock();
        if state.stopped {
            return false;
        }
        if state.idle <= state.jobs.len() && state.threads < THREADS_MAX {
            let shared = Arc::clone(&self.shared);
            let name = "store-read".to_owned();
            let started = thread::Builder::new()
                .name(name)
                .spawn(move || shared.run());
            match started {
                Ok(_) => state.threads += 1,
                Err(error) if state.threads == 0 => {
                    tracing::error!(%error, "cannot start the thread store-read");
                    return false;
                }
                // Those there are will do it.
                Err(_) => {}
            }
        }
        state.jobs.push_back(job);
        drop(state);
        self.shared.changed.notify_one();
        true
    }

    /// Takes no more jobs and forgets those not begun. Threads end after their present job.
    pub(crate) fn stop(&self) {
        let mut state = self.shared.state.lock();
        state.stopped = true;
        let jobs = std::mem::take(&mut state.jobs);
        drop(state);
        self.shared.changed.notify_all();
        // Without the lock: a job may own the last handle of what owns this pool.
        drop(jobs);
    }
}

impl Drop for ReadPool {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn run(&self) {
        let mut state = self.state.lock();
        while !state.stopped {
            let Some(job) = state.jobs.pop_front() else {
                state.idle += 1;
                self.changed.wait(&mut state);
                state.idle -= 1;
                continue;
            };
            drop(state);
            job();
            state = self.state.lock();
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.lock();
        f.debug_struct("Shared")
            .field("jobs", &state.jobs.len())
            .field("threads", &state.threads)
            .finish_non_exhaustive()
    }
}
