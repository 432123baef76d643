//! The part of a network thread that other threads may touch: its letter box and its bell.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::ConnId;

/// What another thread asks of a network thread.
pub(crate) enum Letter {
    /// Append frames to a connection.
    Post(ConnId, Vec<u8>),
    /// Close a connection.
    Close(ConnId),
}

/// A network thread as other threads see it.
pub(crate) struct Shared {
    index: usize,
    threads: usize,
    letters: Mutex<Vec<Letter>>,
    /// True from the first signal until the thread begins to handle it: one system call for any number of signals.
    signalled: AtomicBool,
    bell: Notify,
}

impl Shared {
    pub(crate) fn index(&self) -> usize {
        self.index
    }

    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// Puts a letter into the box and rings.
    pub(crate) fn send(&self, letter: Letter) {
        self.letters.lock().push(letter);
        self.signal();
    }

    /// Rings unless the bell already rang and nobody came yet.
    pub(crate) fn signal(&self) {
        if !self.signalled.swap(true, Ordering::AcqRel) {
            self.bell.notify_one();
        }
    }
}
