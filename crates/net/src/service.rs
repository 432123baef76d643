//! What a role provides: a [`Role`] for the process, and from it one [`Service`] for every network thread.

use std::rc::Rc;

use ferromq_base::Millis;

use crate::{Connection, FrameRef, ThreadContext};

/// A role of the process, such as name server or broker: makes the services of the network threads.
pub trait Role: Send + Sync {
    /// Makes the service of one network thread. Called once on each thread, before the first connection.
    fn on_thread(&self, thread: ThreadContext) -> Rc<dyn Service>;
}

/// The part of a role that lives on one network thread. Nothing here may block or wait: a method that takes long
/// holds up every connection of the thread.
///
/// In one loop turn the thread hands over the frames of all connections that became readable, then calls
/// [`turn_end`](Service::turn_end) if it was asked for, then writes every connection with replies once.
pub trait Service {
    /// A whole frame has arrived: a request, or (header flag bit 0) the answer to a request the service sent.
    ///
    /// Network threads do not look into headers, since the service parses them anyway. The frame borrows the read
    /// buffer and is gone afterwards. A reply goes to [`Connection::out`], now, at the end of the turn, or later.
    /// A frame whose header cannot be decoded is answered by [`Connection::close`].
    fn frame(&self, conn: &Rc<Connection>, frame: FrameRef<'_>);

    /// The turn is over and [`ThreadContext::kick`] was called in it: append what was collected, render replies.
    fn turn_end(&self) {}

    /// Another thread called [`ThreadHandle::wake`](crate::ThreadHandle::wake) once or more since the last time.
    fn woken(&self) {}

    /// When [`expired`](Service::expired) wants to be called: the service's earliest deadline, by
    /// [`ThreadContext::now`]. Asked after every turn, so it must be cheap.
    fn deadline(&self) -> Option<Millis> {
        None
    }

    /// The deadline has passed; `now` is at or after it.
    fn expired(&self, now: Millis) {
        let _ = now;
    }

    /// A connection was accepted; nothing has been read from it.
    fn opened(&self, conn: &Rc<Connection>) {
        let _ = conn;
    }

    /// The connection is gone: forget it. What is appended to it from now on is dropped.
    fn closed(&self, conn: &Rc<Connection>) {
        let _ = conn;
    }

    /// The server stops: answer or give up whatever is held (a held pull, say). No frame comes after this.
    fn drain(&self) {}

    /// True when no reply is owed any more. A draining thread waits for it, up to the time the server was given.
    fn settled(&self) -> bool {
        true
    }
}
