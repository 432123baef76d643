//! Starting and stopping: listeners, roles and network threads put together.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZero;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ferromq_base::limits::NETWORK_THREADS_MAX;

use crate::accept::{self, Acceptor, SocketOptions};
use crate::thread::{self, Census, Letter, Plan, Shared};
use crate::{Limits, Role};

/// A running server: network threads with the connections of all its listeners. Dropping it cuts everything off.
pub struct Server {
    addresses: Vec<SocketAddr>,
    threads: Vec<(Arc<Shared>, JoinHandle<()>)>,
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
    pub fn stop(mut self, limit: Duration) {
        self.end(limit);
    }

    fn end(&mut self, limit: Duration) {
        let limit = Instant::now() + limit;
        for (shared, _) in &self.threads {
            shared.send(Letter::Stop(limit));
        }
        for (shared, thread) in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!(index = shared.index(), "network thread ended by a panic");
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end(Duration::ZERO);
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("addresses", &self.addresses)
            .field("threads", &self.threads.len())
            .finish()
    }
}

/// A bound listening socket that does not accept yet: for roles that must know their port before they start.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds `address`; port 0 takes a free one. Connections queue up until a [`Server`] takes over.
    ///
    /// # Errors
    /// The address is taken, not one of this machine, or not allowed.
    pub fn bind(address: SocketAddr) -> Result<Self, StartError> {
        Self::bind_with(address, &SocketOptions::default())
    }

    /// [`Listener::bind`] with other socket settings than the usual ones.
    ///
    /// # Errors
    /// As of [`Listener::bind`].
    pub fn bind_with(address: SocketAddr, options: &SocketOptions) -> Result<Self, StartError> {
        let bind = || {
            let socket = accept::bind(address, options)?;
            let address = socket.local_addr()?;
            Ok(Self { socket, address })
        };
        bind().map_err(|source| StartError::Bind { address, source })
    }

    /// The address bound, with the real port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

enum Place {
    Address(SocketAddr),
    Bound(Listener),
}

/// What a [`Server`] is made of.
pub struct ServerBuilder {
    threads: NonZero<usize>,
    limits: Limits,
    listeners: Vec<(Place, Arc<dyn Role>)>,
}

impl ServerBuilder {
    /// Number of network threads (default 1, at most [`NETWORK_THREADS_MAX`]).
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
        self.listeners.push((Place::Address(address), role));
        self
    }

    /// Serves `role` on a socket bound before.
    #[must_use]
    pub fn listen_on(mut self, listener: Listener, role: Arc<dyn Role>) -> Self {
        self.listeners.push((Place::Bound(listener), role));
        self
    }

    /// Binds all addresses, starts the threads and makes their services.
    ///
    /// # Errors
    /// An address cannot be bound, or the operating system refuses a thread.
    pub fn start(self) -> Result<Server, StartError> {
        let mut roles: Vec<Arc<dyn Role>> = Vec::new();
        let mut listeners = Vec::new();
        for (place, role) in self.listeners {
            let listener = match place {
                Place::Address(address) => Listener::bind(address)?,
                Place::Bound(listener) => listener,
            };
            let seat = roles
                .iter()
                .position(|known| Arc::ptr_eq(known, &role))
                .unwrap_or_else(|| {
                    roles.push(role);
                    roles.len() - 1
                });
            listeners.push((listener, seat));
        }
        let addresses = listeners
            .iter()
            .map(|(listener, _)| listener.address)
            .collect();
        let count = self.threads.get().min(NETWORK_THREADS_MAX);
        let threads = Vec::with_capacity(count);
        // From here on dropping it ends the threads that have started.
        let mut server = Server { addresses, threads };
        for plan in plans(count, &self.limits, roles.into(), listeners) {
            let index = plan.shared.index();
            let started =
                start_thread(plan).map_err(|source| StartError::Thread { index, source })?;
            server.threads.push(started);
        }
        Ok(server)
    }
}

/// What each thread is started with. The last one accepts, so that by then all the others are there.
fn plans(
    count: usize,
    limits: &Limits,
    roles: Arc<[Arc<dyn Role>]>,
    listeners: Vec<(Listener, usize)>,
) -> Vec<Plan> {
    let census = Arc::new(Census::new());
    let shared = |index| {
        Arc::new(Shared::new(
            index,
            count,
            limits.clone(),
            Arc::clone(&census),
        ))
    };
    let threads: Arc<[_]> = (0..count).map(shared).collect();
    let acceptor = |(listener, seat): (Listener, usize)| Acceptor {
        listener: listener.socket,
        seat,
        threads: Arc::clone(&threads),
        census: Arc::clone(&census),
    };
    let mut acceptors: Vec<_> = listeners.into_iter().map(acceptor).collect();
    let plan = |shared: &Arc<Shared>| Plan {
        shared: Arc::clone(shared),
        roles: Arc::clone(&roles),
        acceptors: if shared.index() + 1 == count {
            std::mem::take(&mut acceptors)
        } else {
            Vec::new()
        },
    };
    threads.iter().map(plan).collect()
}

/// Starts a network thread and waits until it has made its services.
fn start_thread(plan: Plan) -> io::Result<(Arc<Shared>, JoinHandle<()>)> {
    let shared = Arc::clone(&plan.shared);
    let (ready, is_ready) = mpsc::channel();
    let name = format!("net-{}", shared.index());
    let thread = std::thread::Builder::new().name(name).spawn(move || {
        thread::run(plan, |result| {
            // The receiver waits for exactly this.
            let _ = ready.send(result);
        });
    })?;
    match is_ready.recv() {
        Ok(result) => result.map(|()| (shared, thread)),
        Err(_) => Err(io::Error::other(
            "a role panicked while it made its service",
        )),
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
        source: io::Error,
    },
    /// A network thread could not be started.
    #[error("cannot start network thread {index}: {source}")]
    Thread {
        /// Number of the thread, from 0.
        index: usize,
        /// What the operating system said.
        source: io::Error,
    },
}
