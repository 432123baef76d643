//! One accepted connection as the services of its thread see it.

mod conn_handle;
mod input;
mod read;
mod write;

use std::cell::{Cell, RefCell, RefMut};
use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Waker};

use tokio::net::TcpStream;

pub use conn_handle::ConnHandle;
pub(crate) use read::serve;
pub(crate) use write::Wrote;

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
    /// Which service of the thread it belongs to.
    seat: usize,
    thread: Rc<Local>,
    /// `None` once closed.
    stream: RefCell<Option<TcpStream>>,
    /// Wakes the connection's task.
    waker: RefCell<Option<Waker>>,
    out: RefCell<Vec<u8>>,
    /// Bytes at the head of `out` that are written already.
    sent: Cell<usize>,
    dirty: Cell<bool>,
    closing: Cell<bool>,
    /// The socket took less than it was given; the connection's task writes the rest.
    stalled: Cell<bool>,
    /// The connection's task waits for room in `out`.
    paused: Cell<bool>,
    pub(crate) watch: Watch,
}

/// What the thread's sweep looks at, in ticks of the thread.
#[derive(Default)]
pub(crate) struct Watch {
    /// Last read or write.
    pub(crate) active: Cell<u32>,
    /// Since when the socket has taken nothing.
    pub(crate) stalled_since: Cell<Option<u32>>,
    /// Since when a frame is begun and not whole, and how much of it has arrived.
    pub(crate) partial: Cell<Option<(u32, usize)>>,
}

impl Connection {
    pub(crate) fn new(
        id: ConnId,
        stream: TcpStream,
        seat: usize,
        thread: &Rc<Local>,
    ) -> std::io::Result<Rc<Self>> {
        let conn = Self {
            id,
            peer: stream.peer_addr()?,
            local: stream.local_addr()?,
            seat,
            thread: Rc::clone(thread),
            stream: RefCell::new(Some(stream)),
            waker: RefCell::default(),
            out: RefCell::default(),
            sent: Cell::default(),
            dirty: Cell::default(),
            closing: Cell::default(),
            stalled: Cell::default(),
            paused: Cell::default(),
            watch: Watch::default(),
        };
        conn.watch.active.set(thread.tick());
        Ok(Rc::new(conn))
    }

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
        let mut out = self.out.borrow_mut();
        if out.capacity() == 0 {
            *out = self.thread.take_buffer();
        }
        out
    }

    /// A handle that other threads may hold.
    #[must_use]
    pub fn handle(&self) -> ConnHandle {
        ConnHandle::new(self.id, self.peer, self.thread.shared())
    }

    /// Stops reading now and closes the connection once what is in [`out`](Connection::out) has been written.
    pub fn close(self: &Rc<Self>) {
        self.closing.set(true);
        if !self.dirty.replace(true) {
            self.thread.mark_dirty(self);
        }
    }

    /// True once the connection is closed or about to be.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        self.closing.get()
    }

    pub(crate) fn seat(&self) -> usize {
        self.seat
    }

    /// True once the socket is gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.stream.borrow().is_none()
    }

    /// Lets go of socket and buffers and ends the connection's task. False if that has happened before.
    pub(crate) fn shut(&self) -> bool {
        self.closing.set(true);
        let was_open = self.stream.borrow_mut().take().is_some();
        *self.out.borrow_mut() = Vec::new();
        self.sent.set(0);
        self.wake();
        was_open
    }

    /// Wakes the connection's task.
    fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }

    fn remember_waker(&self, cx: &Context<'_>) {
        let mut waker = self.waker.borrow_mut();
        if !waker
            .as_ref()
            .is_some_and(|waker| waker.will_wake(cx.waker()))
        {
            *waker = Some(cx.waker().clone());
        }
    }

    fn touch(&self) {
        self.watch.active.set(self.thread.tick());
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
