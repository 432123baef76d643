//! Announces what was stored as soon as it may be seen: at once, or with `visibleAfterFlush` when the log is synced.

use std::collections::VecDeque;
use std::sync::Arc;

use ferromq_base::LogOffset;
use ferromq_storage::{Queue, Store, Turn};
use parking_lot::Mutex;

use super::arrivals::{Arrivals, Listener};
use crate::delay::DelayBell;

/// Tells those who wait for messages.
#[derive(Debug)]
pub(crate) struct Announcements {
    store: Arc<Store>,
    arrivals: Arc<Arrivals>,
    delay: Arc<DelayBell>,
    /// What may not be seen yet. The ends of several threads' turns ascend only roughly, which makes some of it wait for
    /// the turn before.
    unseen: Mutex<VecDeque<Unseen>>,
}

#[derive(Debug)]
struct Unseen {
    end: LogOffset,
    what: What,
}

#[derive(Debug)]
enum What {
    Queue(Arc<Queue>),
    Delayed,
}

impl Announcements {
    /// Announces through `arrivals` and `delay`.
    pub(crate) fn new(
        store: Arc<Store>,
        arrivals: Arc<Arrivals>,
        delay: Arc<DelayBell>,
    ) -> Arc<Self> {
        let announcements = Arc::new(Self {
            store,
            arrivals,
            delay,
            unseen: Mutex::default(),
        });
        let is_later = !std::ptr::eq(announcements.store.visible(), announcements.store.ackable());
        if is_later {
            // Weak: the store would keep itself alive.
            let weak = Arc::downgrade(&announcements);
            announcements.store.visible().follow(Arc::new(move || {
                if let Some(announcements) = weak.upgrade() {
                    announcements.release();
                }
            }));
        }
        announcements
    }

    /// Announces the messages of an acknowledgeable turn that ends at `end`; `from` is the listener on this thread.
    pub(crate) fn stored(
        &self,
        turn: &Turn,
        end: LogOffset,
        has_delayed: bool,
        from: Option<Listener>,
    ) {
        if end.0 <= self.store.visible().value() {
            for queue in turn.touched() {
                self.arrivals.announce(queue, from);
            }
            if has_delayed {
                self.delay.ring();
            }
            return;
        }
        let mut unseen = self.unseen.lock();
        let queues = turn.touched().iter().map(|q| What::Queue(Arc::clone(q)));
        let delayed = has_delayed.then_some(What::Delayed);
        unseen.extend(queues.chain(delayed).map(|what| Unseen { end, what }));
        drop(unseen);
        // The mark may have moved before this was noted.
        self.release();
    }

    /// Announces what may be seen by now. Runs on the thread that moved the mark.
    fn release(&self) {
        let visible = self.store.visible().value();
        let mut unseen = self.unseen.lock();
        while let Some(first) = unseen.pop_front_if(|first| first.end.0 <= visible) {
            match first.what {
                What::Queue(queue) => self.arrivals.announce(&queue, None),
                What::Delayed => self.delay.ring(),
            }
        }
    }
}
