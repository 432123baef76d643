//! One connection with many calls at once. Answers find their calls by opaque number, in any order; the server's own
//! requests go to a callback. When the connection breaks, every waiting call fails at once and says why.

mod incoming;
mod outbox;
mod pending;
mod run;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ferromq_wire::command::{EncodeError, RemotingCommand};
use ferromq_wire::frame::SerializeType;
use ferromq_wire::header::FLAG_ONEWAY;
use ferromq_wire::language::Language;
use ferromq_wire::version::Version;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout_at};

pub use self::incoming::{Incoming, IncomingRequest};
use self::outbox::Outbox;
use self::pending::Pending;
use crate::error::CallError;

/// How a channel presents itself and what it allows.
#[derive(Clone)]
pub struct ChannelOptions {
    /// Language in every header that is sent.
    pub language: Language,
    /// Version ordinal in every header that is sent; servers choose reply forms by it.
    pub version: Version,
    /// Header form of what is sent; both forms are always understood.
    pub serialize: SerializeType,
    /// Longest time for making a connection.
    pub connect_timeout: Duration,
    /// Calls that may wait for answers at the same time; further ones queue.
    pub in_flight_max: usize,
    /// Takes the server's requests; without it they are answered with "not supported".
    pub incoming: Option<Incoming>,
}

impl Default for ChannelOptions {
    fn default() -> Self {
        Self {
            language: Language::Rust,
            version: VERSION,
            serialize: SerializeType::Json,
            connect_timeout: Duration::from_secs(3),
            in_flight_max: 65_535,
            incoming: None,
        }
    }
}

impl fmt::Debug for ChannelOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelOptions")
            .field("language", &self.language)
            .field("version", &self.version)
            .field("serialize", &self.serialize)
            .field("connect_timeout", &self.connect_timeout)
            .field("in_flight_max", &self.in_flight_max)
            .finish_non_exhaustive()
    }
}

/// Version ordinal of 5.3.1: the newest to which servers do not send the "go away" answer, which asks the client to open a
/// second connection while the first drains.
pub const VERSION: Version = Version::V5_3_1;

/// What the tasks of a connection and its users share.
pub(crate) struct Shared {
    addr: String,
    local: Option<SocketAddr>,
    options: ChannelOptions,
    outbox: Outbox,
    pending: Pending,
    in_flight: Semaphore,
    closed: watch::Sender<bool>,
}

/// A connection to one server. Cheap to clone; the connection closes when the last clone is dropped.
#[derive(Clone)]
pub struct Channel {
    shared: Arc<Shared>,
    _hold: Arc<CloseOnDrop>,
}

/// Held by the users of a channel but not by its tasks.
struct CloseOnDrop(Arc<Shared>);

impl Channel {
    /// Connects to `addr` (`host:port`, names are resolved) and starts the connection's two tasks.
    pub async fn connect(addr: &str, options: ChannelOptions) -> Result<Self, CallError> {
        let failed = |cause: String| CallError::Connect {
            addr: addr.to_owned(),
            cause,
        };
        let connecting = tokio::time::timeout(options.connect_timeout, TcpStream::connect(addr));
        let stream = match connecting.await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(failed(error.to_string())),
            Err(_) => {
                let millis = options.connect_timeout.as_millis();
                return Err(failed(format!("no connection within {millis} ms")));
            }
        };
        stream
            .set_nodelay(true)
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self::over(stream, addr, options))
    }

    /// Uses a connection that exists already.
    fn over(stream: TcpStream, addr: &str, options: ChannelOptions) -> Self {
        let shared = Arc::new(Shared {
            addr: addr.to_owned(),
            local: stream.local_addr().ok(),
            in_flight: Semaphore::new(options.in_flight_max.clamp(1, Semaphore::MAX_PERMITS)),
            options,
            outbox: Outbox::default(),
            pending: Pending::default(),
            closed: watch::Sender::new(false),
        });
        run::start(stream, &shared);
        Self {
            _hold: Arc::new(CloseOnDrop(Arc::clone(&shared))),
            shared,
        }
    }

    /// Address as it was given.
    #[must_use]
    pub fn addr(&self) -> &str {
        &self.shared.addr
    }

    /// Our end of the connection, if the system tells.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.shared.local
    }

    /// Whether the connection still stands, as far as is known.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !*self.shared.closed.borrow()
    }

    /// Returns when the connection has ended.
    pub async fn closed(&self) {
        let mut closed = self.shared.closed.subscribe();
        // An error would mean that the sender is gone, which `self` holds.
        let _ = closed.wait_for(|closed| *closed).await;
    }

    /// Ends the connection; waiting calls fail.
    pub fn close(&self) {
        self.shared.close("closed by this side");
    }

    /// Sends a request and waits for its answer, whatever the answer's code; `command`'s opaque number, language and
    /// version are set here.
    pub async fn call(
        &self,
        command: RemotingCommand,
        timeout: Duration,
    ) -> Result<RemotingCommand, CallError> {
        let code = command.code;
        let deadline = Instant::now() + timeout;
        match timeout_at(deadline, self.shared.call(command)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(CallError::TimedOut {
                addr: self.shared.addr.clone(),
                code,
                after: timeout,
            }),
        }
    }

    /// Sends a request that is not answered; returns when it is in the outgoing buffer.
    pub async fn one_way(&self, mut command: RemotingCommand) -> Result<(), CallError> {
        command.opaque = self.shared.pending.spare_opaque();
        command.flag |= FLAG_ONEWAY;
        self.shared.send(command).await
    }
}

impl Shared {
    async fn call(&self, mut command: RemotingCommand) -> Result<RemotingCommand, CallError> {
        let _permit = self.in_flight.acquire().await;
        let mut place = self.pending.enter().map_err(|cause| self.broken(&cause))?;
        command.opaque = place.opaque;
        self.send(command).await?;
        match (&mut place.answer).await {
            Ok(response) => Ok(response),
            Err(_) => Err(self.broken(self.pending.closed().as_deref().unwrap_or("ended"))),
        }
    }

    /// Puts the frame into the outgoing buffer.
    async fn send(&self, mut command: RemotingCommand) -> Result<(), CallError> {
        self.stamp(&mut command);
        let mut result = Ok(());
        let sent = self
            .outbox
            .push(|out| result = self.encode(&command, out))
            .await;
        if !sent {
            let cause = self.pending.closed();
            return Err(self.broken(cause.as_deref().unwrap_or("ended")));
        }
        result
    }

    /// Appends the frame.
    fn encode(&self, command: &RemotingCommand, out: &mut Vec<u8>) -> Result<(), CallError> {
        let encoded = command.encode(self.options.serialize, out);
        encoded.map_err(|error: EncodeError| CallError::Unsendable {
            code: command.code,
            error,
        })
    }

    /// Appends an answer; one that is too large is not sent, and the server's call runs out of time.
    fn encode_answer(&self, response: &RemotingCommand, out: &mut Vec<u8>) {
        if let Err(error) = self.encode(response, out) {
            tracing::warn!(addr = self.addr, %error, "answer to the server not sent");
        }
    }

    fn stamp(&self, command: &mut RemotingCommand) {
        command.language = self.options.language;
        command.version = self.options.version;
    }

    fn broken(&self, cause: &str) -> CallError {
        CallError::Broken {
            addr: self.addr.clone(),
            cause: cause.to_owned(),
        }
    }

    /// Ends the connection for the first time; later causes are ignored.
    fn close(&self, cause: &str) {
        self.pending.close(cause);
        self.outbox.close();
        self.closed.send_replace(true);
    }
}

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.close("no longer used");
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("addr", &self.addr())
            .field("open", &self.is_open())
            .finish_non_exhaustive()
    }
}
