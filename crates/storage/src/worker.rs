//! A named thread that takes turns: real work is in structs with a synchronous turn, which tests call directly.

use std::fmt;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::bell::Bell;
use crate::error::OpenError;

/// What a worker wants after a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another turn at once.
    Again,
    /// A turn after this time, not before.
    Pause(Duration),
    /// A turn when rung, or when the time has passed if there is one.
    Wait(Option<Duration>),
}

impl Next {
    /// The wish of a worker with two tasks: for the earlier turn.
    pub(crate) fn sooner(self, other: Self) -> Self {
        match (self, other) {
            (Self::Again, _) | (_, Self::Again) => Self::Again,
            (Self::Pause(a), Self::Pause(b)) => Self::Pause(a.min(b)),
            (Self::Pause(time), _) | (_, Self::Pause(time)) => Self::Pause(time),
            (Self::Wait(a), Self::Wait(b)) => Self::Wait(match (a, b) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            }),
        }
    }
}

/// The workers of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerKind {
    /// Syncs the log.
    Flush,
    /// Writes queue and index entries, and saves checkpoints when they are due.
    Dispatch,
    /// Makes the next file of the log.
    Files,
    /// Deletes old files.
    Clean,
    /// Repairs files of queues that readers have found to be damaged.
    Repair,
}

/// What a worker does, again and again.
pub(crate) type Turn = Box<dyn FnMut() -> Next + Send>;

/// A worker: a running thread, or one whose turns somebody else takes.
pub(crate) struct Worker {
    bell: Arc<Bell>,
    how: How,
}

enum How {
    Thread(Option<JoinHandle<()>>),
    Stepped(Turn),
}

impl Worker {
    /// Starts a thread that calls `turn` whenever `bell` or its own wish says so.
    pub(crate) fn start(
        name: &'static str,
        bell: Arc<Bell>,
        mut turn: Turn,
    ) -> Result<Self, OpenError> {
        let ring = Arc::clone(&bell);
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                while !ring.is_stopped() {
                    ring.begin_turn();
                    match turn() {
                        Next::Again => {}
                        Next::Pause(time) => ring.pause(time),
                        Next::Wait(time) => ring.wait(time),
                    }
                }
            })
            .map_err(|source| OpenError::Thread { name, source })?;
        Ok(Self {
            bell,
            how: How::Thread(Some(thread)),
        })
    }

    /// A worker without a thread: [`Worker::step`] takes its turns.
    pub(crate) fn stepped(bell: Arc<Bell>, turn: Turn) -> Self {
        Self {
            bell,
            how: How::Stepped(turn),
        }
    }

    /// Takes a turn of a worker without a thread; false if it has nothing more to do.
    pub(crate) fn step(&mut self) -> bool {
        match &mut self.how {
            How::Stepped(turn) => !matches!(turn(), Next::Wait(_)),
            How::Thread(_) => false,
        }
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Worker")
    }
}

impl Drop for Worker {
    /// Ends the thread after its present turn.
    fn drop(&mut self) {
        self.bell.stop();
        if let How::Thread(thread) = &mut self.how
            && let Some(thread) = thread.take()
        {
            // A worker that panicked has reported that already; there is nothing to add.
            let _ = thread.join();
        }
    }
}
