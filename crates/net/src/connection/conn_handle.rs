//! A connection as seen from other threads.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use super::ConnId;
use crate::thread::{Letter, Shared};

/// Names a connection and sends to it, from any thread. A handle does not keep its connection open; what is sent to
/// a closed connection is dropped.
#[derive(Clone)]
pub struct ConnHandle {
    id: ConnId,
    peer: SocketAddr,
    thread: Arc<Shared>,
}

impl ConnHandle {
    pub(crate) fn new(id: ConnId, peer: SocketAddr, thread: &Arc<Shared>) -> Self {
        let thread = Arc::clone(thread);
        Self { id, peer, thread }
    }

    /// Number of the connection.
    #[must_use]
    pub fn id(&self) -> ConnId {
        self.id
    }

    /// Address of the client.
    #[must_use]
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Sends one or more whole frames.
    pub fn post(&self, frames: Vec<u8>) {
        self.thread.send(Letter::Post(self.id, frames));
    }

    /// Closes the connection once what was posted to it before has been written.
    pub fn close(&self) {
        self.thread.send(Letter::Close(self.id));
    }
}

impl PartialEq for ConnHandle {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for ConnHandle {}

impl fmt::Debug for ConnHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnHandle")
            .field("id", &self.id.0)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}
