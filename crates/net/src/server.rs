//! Starting and stopping: listeners, roles and network threads put together.

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use crate::{Limits, Role};

/// A running server: network threads with the connections of all its listeners.
#[derive(Debug)]
pub struct Server {
    addresses: Vec<SocketAddr>,
}

impl Server {
    /// Where a server begins.
    #[must_use]
    pub fn builder() -> ServerBuilder {
        ServerBuilder {
            threads: NonZero::<usize>::MIN,
            limits: Limits::default(),
            listeners: Vec::new(),
        }
    }

    /// Addresses bound, in the order of [`ServerBuilder::listen`]; a port given as 0 is here the real one.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Stops in order: accepts no more, reads no more, lets the services drain, writes what is owed, closes and
    /// joins the threads. What is not done after `limit` is cut off.
    pub fn stop(self, limit: Duration) {
        let _ = limit;
    }
}

/// What a [`Server`] is made of.
pub struct ServerBuilder {
    threads: NonZero<usize>,
    limits: Limits,
    listeners: Vec<(SocketAddr, Arc<dyn Role>)>,
}

impl ServerBuilder {
    /// Number of network threads (default 1, at most
    /// [`NETWORK_THREADS_MAX`](ferromq_base::limits::NETWORK_THREADS_MAX)).
    #[must_use]
    pub fn threads(mut self, threads: NonZero<usize>) -> Self {
        self.threads = threads;
        self
    }

    /// Limits other than the defaults.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Serves `role` on `address`; port 0 takes a free one. The same role (the same `Arc`) on several addresses has
    /// one service per thread; [`Connection::local`](crate::Connection::local) tells them apart.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr, role: Arc<dyn Role>) -> Self {
        self.listeners.push((address, role));
        self
    }

    /// Binds all addresses, starts the threads and makes their services.
    ///
    /// # Errors
    /// An address cannot be bound, or the operating system refuses a thread.
    pub fn start(self) -> Result<Server, StartError> {
        Ok(Server {
            addresses: self.listeners.iter().map(|(address, _)| *address).collect(),
        })
    }
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBuilder")
            .field("threads", &self.threads)
            .field("listeners", &self.listeners.len())
            .finish_non_exhaustive()
    }
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken, not ours, or not allowed.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// No network thread could be started.
    #[error("cannot start network thread {index}: {source}")]
    Thread {
        /// Number of the thread, from 0.
        index: usize,
        /// What the operating system said.
        source: std::io::Error,
    },
}
