//! Word of new messages, from whoever stored them to the network threads that hold pulls.
//!
//! A queue carries one bit per service that holds pulls on it. Announcing a queue nobody waits for costs one atomic read.

use std::sync::{Arc, OnceLock};

use ferromq_base::limits::NETWORK_THREADS_MAX;
use ferromq_net::ThreadHandle;
use ferromq_storage::Queue;
use parking_lot::Mutex;

/// The inboxes of all services.
#[derive(Debug)]
pub(crate) struct Arrivals {
    inboxes: Box<[OnceLock<Inbox>]>,
    next: Mutex<usize>,
}

#[derive(Debug)]
struct Inbox {
    thread: ThreadHandle,
    queues: Mutex<Vec<Arc<Queue>>>,
}

/// The number of a service: its bit in the queues' masks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listener(usize);

impl Listener {
    /// The number of the bit.
    pub(crate) fn bit(self) -> usize {
        self.0
    }
}

impl Default for Arrivals {
    fn default() -> Self {
        Self {
            inboxes: (0..NETWORK_THREADS_MAX).map(|_| OnceLock::new()).collect(),
            next: Mutex::new(0),
        }
    }
}

impl Arrivals {
    /// Adds a service on `thread`; `None` if there are [`NETWORK_THREADS_MAX`] already.
    pub(crate) fn listen(&self, thread: ThreadHandle) -> Option<Listener> {
        let mut next = self.next.lock();
        let inbox = Inbox {
            thread,
            queues: Mutex::new(Vec::new()),
        };
        self.inboxes.get(*next)?.set(inbox).ok()?;
        *next += 1;
        Some(Listener(*next - 1))
    }

    /// Tells the services that hold pulls on `queue` that it has new messages. The service `from`, on whose thread this
    /// is, is not woken: it collects its own announcements next.
    pub(crate) fn announce(&self, queue: &Arc<Queue>, from: Option<Listener>) {
        let mut mask = queue.take_waiting();
        while mask != 0 {
            let bit = mask.trailing_zeros() as usize;
            mask &= mask - 1;
            if let Some(inbox) = self.inboxes.get(bit).and_then(OnceLock::get) {
                inbox.queues.lock().push(Arc::clone(queue));
                if from != Some(Listener(bit)) {
                    inbox.thread.wake();
                }
            }
        }
    }

    /// Swaps the queues announced to `listener` with the empty list `out`.
    pub(crate) fn collect(&self, listener: Listener, out: &mut Vec<Arc<Queue>>) {
        debug_assert!(out.is_empty(), "the last announcements are done with");
        if let Some(inbox) = self.inboxes.get(listener.0).and_then(OnceLock::get) {
            std::mem::swap(&mut *inbox.queues.lock(), out);
        }
    }
}
