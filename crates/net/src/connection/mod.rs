//! One accepted connection as the services of its thread see it.

mod conn_handle;

use std::cell::{Cell, RefCell, RefMut};
use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;

pub use conn_handle::ConnHandle;

use crate::thread::Local;

/// Number of a connection, unique while the process lives and never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

impl fmt::Display for ConnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An accepted connection; belongs to one network thread and never leaves it (its [`ConnHandle`] may).
pub struct Connection {
    id: ConnId,
    peer: SocketAddr,
    local: SocketAddr,
    thread: Rc<Local>,
    out: RefCell<Vec<u8>>,
    dirty: Cell<bool>,
    closing: Cell<bool>,
}

impl Connection {
    /// Its number.
    #[must_use]
    pub fn id(&self) -> ConnId {
        self.id
    }

    /// Address of the client.
    #[must_use]
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Address the client connected to: tells the port it came in by.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// The bytes to be written: append whole frames. They are written once, at the end of the turn.
    ///
    /// The borrow must end before any other method of the connection is called.
    pub fn out(self: &Rc<Self>) -> RefMut<'_, Vec<u8>> {
        if !self.dirty.replace(true) {
            self.thread.mark_dirty(self);
        }
        self.out.borrow_mut()
    }

    /// A handle that other threads may hold.
    #[must_use]
    pub fn handle(&self) -> ConnHandle {
        ConnHandle::new(self.id, self.peer, self.thread.shared())
    }

    /// Stops reading now and closes the connection once what is in [`out`](Connection::out) has been written.
    pub fn close(self: &Rc<Self>) {
        self.closing.set(true);
        drop(self.out());
    }

    /// True once the connection is closed or about to be.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        self.closing.get()
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("id", &self.id.0)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}
