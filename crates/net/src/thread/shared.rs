//! The part of a network thread that other threads may touch: its letter box and its bell.

use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use ferromq_base::clock::{Clock, Millis, SystemClock};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::{ConnId, Limits};

/// What another thread asks of a network thread.
pub(crate) enum Letter {
    /// Serve this connection, as the service of this seat.
    Accepted(TcpStream, usize),
    /// Append frames to a connection.
    Post(ConnId, Vec<u8>),
    /// Close a connection.
    Close(ConnId),
    /// Drain and end, by this time at the latest.
    Stop(Instant),
}

/// What all network threads of a server share.
pub(crate) struct Census {
    /// Start of the server, by a clock that does not jump and by the wall clock.
    started: (Instant, Millis),
    /// Open connections.
    pub(crate) connections: AtomicUsize,
    /// Rung when a connection closes, for an acceptor that ran out of file descriptors.
    pub(crate) freed: Notify,
}

impl Census {
    pub(crate) fn new() -> Self {
        Self {
            started: (Instant::now(), SystemClock.now()),
            connections: AtomicUsize::new(0),
            freed: Notify::new(),
        }
    }

    /// Wall clock at the start plus what has passed since: does not jump, and is the same for all threads.
    pub(crate) fn now(&self) -> Millis {
        self.started.1.after(self.started.0.elapsed())
    }
}

/// A network thread as other threads see it.
pub(crate) struct Shared {
    index: usize,
    threads: usize,
    limits: Limits,
    census: Arc<Census>,
    /// Connections of this thread, those on their way to it included.
    load: AtomicUsize,
    letters: Mutex<Vec<Letter>>,
    /// True from the first signal until the thread begins to handle it: one system call for any number of signals.
    signalled: AtomicBool,
    bell: Notify,
}

impl Shared {
    pub(crate) fn new(index: usize, threads: usize, limits: Limits, census: Arc<Census>) -> Self {
        Self {
            index,
            threads,
            limits,
            census,
            load: AtomicUsize::new(0),
            letters: Mutex::default(),
            signalled: AtomicBool::new(false),
            bell: Notify::new(),
        }
    }

    pub(crate) fn index(&self) -> usize {
        self.index
    }

    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn now(&self) -> Millis {
        self.census.now()
    }

    pub(crate) fn load(&self) -> usize {
        self.load.load(Ordering::Relaxed)
    }

    /// Counts a connection that this thread will serve.
    pub(crate) fn count_in(&self) {
        self.load.fetch_add(1, Ordering::Relaxed);
        self.census.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts it out again.
    pub(crate) fn count_out(&self) {
        self.load.fetch_sub(1, Ordering::Relaxed);
        self.census.connections.fetch_sub(1, Ordering::Relaxed);
        self.census.freed.notify_waiters();
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

    /// Waits for the bell.
    pub(super) async fn rung(&self) {
        self.bell.notified().await;
    }

    /// Empties the box. Whoever rings from now on rings anew.
    pub(super) fn letters(&self) -> Vec<Letter> {
        self.signalled.store(false, Ordering::SeqCst);
        std::mem::take(&mut *self.letters.lock())
    }
}
