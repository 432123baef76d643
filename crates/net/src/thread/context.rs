//! What a service is given of its thread.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ferromq_base::Millis;

use super::{Local, Shared};

/// A network thread as one of its services sees it. Cheap to clone; stays on its thread.
#[derive(Clone)]
pub struct ThreadContext {
    local: Rc<Local>,
    kicked: Rc<Cell<bool>>,
    handle: ThreadHandle,
}

impl ThreadContext {
    pub(super) fn new(local: &Rc<Local>, kicked: &Rc<Cell<bool>>, woken: &Arc<AtomicBool>) -> Self {
        Self {
            local: Rc::clone(local),
            kicked: Rc::clone(kicked),
            handle: ThreadHandle {
                shared: Arc::clone(local.shared()),
                woken: Arc::clone(woken),
            },
        }
    }

    /// Number of the thread, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.local.shared().index()
    }

    /// How many network threads the server has.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.local.shared().threads()
    }

    /// Asks for [`Service::turn_end`](crate::Service::turn_end) at the end of this turn. Costs next to nothing when
    /// called again in the same turn.
    pub fn kick(&self) {
        if !self.kicked.replace(true) {
            self.local.want_turn_end();
        }
    }

    /// What other threads use to wake the service.
    #[must_use]
    pub fn handle(&self) -> ThreadHandle {
        self.handle.clone()
    }

    /// The time for deadlines: close to the wall clock when the server started, and steady since, whatever happens
    /// to the wall clock.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.local.now()
    }
}

impl fmt::Debug for ThreadContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ThreadContext").field(&self.index()).finish()
    }
}

/// Wakes one service of one network thread, from any thread.
#[derive(Clone)]
pub struct ThreadHandle {
    shared: Arc<Shared>,
    woken: Arc<AtomicBool>,
}

impl ThreadHandle {
    /// Number of the thread, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.shared.index()
    }

    /// Has [`Service::woken`](crate::Service::woken) called soon. Calls coalesce until the service runs, so that
    /// waking a thread that is about to run costs one atomic operation.
    pub fn wake(&self) {
        if !self.woken.swap(true, Ordering::AcqRel) {
            self.shared.signal();
        }
    }
}

impl fmt::Debug for ThreadHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ThreadHandle").field(&self.index()).finish()
    }
}
