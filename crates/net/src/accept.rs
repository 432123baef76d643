//! Listening sockets, and the task that takes connections from them.
//!
//! One task per listener accepts and gives each connection to the thread with the fewest. Listeners shared by
//! `SO_REUSEPORT` would save the hand-over, but they spread by hash: of eight producers all eight may land on one
//! thread, and that for as long as they live.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpStream;

use crate::thread::{Census, Letter, Shared};

/// Longest wait for a free file descriptor: another part of the process may have closed one.
const DESCRIPTOR_WAIT: Duration = Duration::from_secs(1);

/// Settings of a listening socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketOptions {
    /// Connections the kernel holds until they are accepted (RocketMQ: 1024).
    pub backlog: u32,
    /// Send buffer of each connection in bytes; `None` leaves it to the kernel.
    pub send_buffer_bytes: Option<usize>,
    /// Receive buffer of each connection in bytes; `None` leaves it to the kernel.
    pub receive_buffer_bytes: Option<usize>,
}

impl Default for SocketOptions {
    fn default() -> Self {
        Self {
            backlog: 1024,
            send_buffer_bytes: None,
            receive_buffer_bytes: None,
        }
    }
}

/// Binds `address`. Accepted connections inherit the buffer sizes.
pub(crate) fn bind(address: SocketAddr, options: &SocketOptions) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    if let Some(bytes) = options.send_buffer_bytes {
        socket.set_send_buffer_size(bytes)?;
    }
    if let Some(bytes) = options.receive_buffer_bytes {
        socket.set_recv_buffer_size(bytes)?;
    }
    socket.bind(&address.into())?;
    socket.listen(i32::try_from(options.backlog).unwrap_or(i32::MAX))?;
    Ok(socket.into())
}

/// Accepts the connections of one listener.
pub(crate) struct Acceptor {
    pub(crate) listener: TcpListener,
    /// Number of the role's service on every thread.
    pub(crate) seat: usize,
    pub(crate) threads: Arc<[Arc<Shared>]>,
    pub(crate) census: Arc<Census>,
}

impl Acceptor {
    /// The task; to be called and run on a network thread.
    pub(crate) fn run(self) -> io::Result<impl Future<Output = ()>> {
        let Self {
            listener,
            seat,
            threads,
            census,
        } = self;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let mut door = Door {
            seat,
            threads,
            census,
            complained: false,
        };
        Ok(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, peer)) => door.admit(stream, peer),
                    Err(error) => door.failed(&error).await,
                }
            }
        })
    }
}

/// Where accepted connections go.
struct Door {
    seat: usize,
    threads: Arc<[Arc<Shared>]>,
    census: Arc<Census>,
    /// True while the reason why nobody gets in has been logged.
    complained: bool,
}

impl Door {
    fn admit(&mut self, stream: TcpStream, peer: SocketAddr) {
        let Some(thread) = self.threads.iter().min_by_key(|thread| thread.load()) else {
            return;
        };
        let max = thread.limits().connections_max;
        if self.census.connections.load(Ordering::Relaxed) >= max {
            if !std::mem::replace(&mut self.complained, true) {
                tracing::warn!(%peer, max, "refusing connections: limit reached, close some clients or raise the limit");
            }
            return;
        }
        self.complained = false;
        // Away from this thread's poll: the thread that serves it registers it anew.
        match stream.set_nodelay(true).and_then(|()| stream.into_std()) {
            Ok(stream) => {
                thread.count_in();
                thread.send(Letter::Accepted(stream, self.seat));
            }
            Err(error) => tracing::debug!(%peer, %error, "accepted connection is gone already"),
        }
    }

    /// Nothing could be accepted. Waits if trying again at once would only fail again.
    async fn failed(&mut self, error: &io::Error) {
        if matches!(
            error.kind(),
            io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted
        ) {
            return;
        }
        let freed = self.census.freed.notified();
        if !std::mem::replace(&mut self.complained, true) {
            tracing::error!(%error, "cannot accept connections: raise the limit of open files (ulimit -n)");
        }
        // Either way accepting is tried again.
        let _ = tokio::time::timeout(DESCRIPTOR_WAIT, freed).await;
    }
}
