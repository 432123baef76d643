//! The state of one network thread that its connections and services share and that never leaves it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use ferromq_base::Millis;

use super::Shared;
use crate::{Complaints, Connection, Limits};

/// Largest buffer kept for reuse, in bytes.
const SPARE_BYTES_MAX: usize = 256 * 1024;
/// Most buffers kept for reuse.
const SPARES_MAX: usize = 32;

/// What the connections and services of one thread share.
pub(crate) struct Local {
    shared: Arc<Shared>,
    /// Connections with something to write, or to be closed, at the end of the turn.
    dirty: RefCell<Vec<Rc<Connection>>>,
    /// Written buffers: a connection without replies owns none.
    spares: RefCell<Vec<Vec<u8>>>,
    /// True once this turn is sure to get an end.
    end_wanted: Cell<bool>,
    /// Bytes of frames and replies since the last end of a turn.
    turn_bytes: Cell<usize>,
    /// Coarse time: counts sweeps.
    tick: Cell<u32>,
    draining: Cell<bool>,
    complaints: Complaints,
}

impl Local {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            dirty: RefCell::default(),
            spares: RefCell::default(),
            end_wanted: Cell::default(),
            turn_bytes: Cell::default(),
            tick: Cell::default(),
            draining: Cell::default(),
            complaints: Complaints::default(),
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(crate) fn limits(&self) -> &Limits {
        self.shared.limits()
    }

    pub(crate) fn now(&self) -> Millis {
        self.shared.now()
    }

    pub(crate) fn tick(&self) -> u32 {
        self.tick.get()
    }

    pub(super) fn next_tick(&self) -> u32 {
        self.tick.set(self.tick.get().wrapping_add(1));
        self.tick.get()
    }

    pub(crate) fn complaints(&self) -> &Complaints {
        &self.complaints
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.get()
    }

    pub(super) fn set_draining(&self) {
        self.draining.set(true);
    }

    /// Remembers that `conn` has something to write at the end of the turn.
    pub(crate) fn mark_dirty(&self, conn: &Rc<Connection>) {
        self.dirty.borrow_mut().push(Rc::clone(conn));
        self.want_turn_end();
    }

    /// Swaps the list of dirty connections with `list`, which must be empty: both keep their memory.
    pub(super) fn swap_dirty(&self, list: &mut Vec<Rc<Connection>>) {
        std::mem::swap(&mut *self.dirty.borrow_mut(), list);
    }

    pub(super) fn has_dirty(&self) -> bool {
        !self.dirty.borrow().is_empty()
    }

    /// Sees to it that the turn gets an end.
    pub(crate) fn want_turn_end(&self) {
        if !self.end_wanted.replace(true) {
            self.shared.signal();
        }
    }

    /// While a turn ends nobody needs to ask for its end.
    pub(super) fn begin_turn_end(&self) {
        self.end_wanted.set(true);
    }

    pub(super) fn finish_turn_end(&self) {
        self.end_wanted.set(false);
        self.turn_bytes.set(0);
    }

    /// Counts `bytes` towards the present turn; true if that fills it.
    pub(super) fn fill_turn(&self, bytes: usize) -> bool {
        let bytes = self.turn_bytes.get().saturating_add(bytes);
        self.turn_bytes.set(bytes);
        bytes > self.limits().turn_bytes_max
    }

    /// An empty buffer, one with memory if there is one.
    pub(crate) fn take_buffer(&self) -> Vec<u8> {
        self.spares.borrow_mut().pop().unwrap_or_default()
    }

    /// Keeps the memory of a written buffer for the next reply of any connection.
    pub(crate) fn give_back_buffer(&self, mut buffer: Vec<u8>) {
        let mut spares = self.spares.borrow_mut();
        if spares.len() < SPARES_MAX && buffer.capacity() <= SPARE_BYTES_MAX {
            buffer.clear();
            spares.push(buffer);
        }
    }
}
