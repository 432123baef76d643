//! A named thread that takes turns: real work is in structs with a synchronous turn, which tests call directly.

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

/// A running worker thread.
#[derive(Debug)]
pub(crate) struct Worker {
    bell: Arc<Bell>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts a thread that calls `turn` whenever `bell` or its own wish says so.
    pub(crate) fn start(
        name: &'static str,
        bell: Arc<Bell>,
        mut turn: impl FnMut() -> Next + Send + 'static,
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
            thread: Some(thread),
        })
    }
}

impl Drop for Worker {
    /// Ends the thread after its present turn.
    fn drop(&mut self) {
        self.bell.stop();
        if let Some(thread) = self.thread.take() {
            // A worker that panicked has reported that already; there is nothing to add.
            let _ = thread.join();
        }
    }
}
