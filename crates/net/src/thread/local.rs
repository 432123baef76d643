//! The state of one network thread that never leaves it.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use ferromq_base::Millis;
use tokio::time::Instant;

use super::Shared;
use crate::Connection;

/// What the connections and services of one thread share.
pub(crate) struct Local {
    shared: Arc<Shared>,
    dirty: RefCell<Vec<Rc<Connection>>>,
    started: (Instant, Millis),
}

impl Local {
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(crate) fn now(&self) -> Millis {
        self.started.1.after(self.started.0.elapsed())
    }

    /// Remembers that `conn` has something to write at the end of the turn.
    pub(crate) fn mark_dirty(&self, conn: &Rc<Connection>) {
        self.dirty.borrow_mut().push(Rc::clone(conn));
        self.want_turn_end();
    }

    /// Sees to it that the turn gets an end.
    pub(crate) fn want_turn_end(&self) {
        self.shared.signal();
    }
}
