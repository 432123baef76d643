//! One channel per address: made when first needed, made anew when broken, with growing pauses while a server is away.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ferromq_wire::command::RemotingCommand;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::channel::{Channel, ChannelOptions};
use crate::error::CallError;

/// Pause after the first failed attempt to connect; doubles with each further one.
const PAUSE_FIRST: Duration = Duration::from_millis(50);
/// Longest pause between attempts to connect.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// A pool of channels by address. Cheap to clone; all clones share the connections.
#[derive(Clone)]
pub struct Channels {
    options: ChannelOptions,
    peers: Arc<Mutex<FxHashMap<String, Arc<Peer>>>>,
}

/// What is known of one address.
#[derive(Default)]
struct Peer {
    channel: Mutex<Option<Channel>>,
    /// Held while connecting, so that one attempt serves all who wait.
    attempts: tokio::sync::Mutex<Attempts>,
}

#[derive(Default)]
struct Attempts {
    pause: Duration,
    not_before: Option<Instant>,
}

impl Channels {
    /// An empty pool; every connection gets `options`.
    #[must_use]
    pub fn new(options: ChannelOptions) -> Self {
        Self {
            options,
            peers: Arc::default(),
        }
    }

    /// Sends a request to `addr` and waits for the answer, whatever its code. `timeout` covers connecting too.
    pub async fn call(
        &self,
        addr: &str,
        command: RemotingCommand,
        timeout: Duration,
    ) -> Result<RemotingCommand, CallError> {
        let deadline = Instant::now() + timeout;
        let channel = self.channel(addr, deadline).await?;
        let left = deadline.saturating_duration_since(Instant::now());
        channel.call(command, left).await
    }

    /// Sends a request that is not answered; returns when it is in the outgoing buffer.
    pub async fn one_way(
        &self,
        addr: &str,
        command: RemotingCommand,
        timeout: Duration,
    ) -> Result<(), CallError> {
        let deadline = Instant::now() + timeout;
        let code = command.code;
        let channel = self.channel(addr, deadline).await?;
        // A server that does not read must not hold the caller.
        match timeout_at(deadline, channel.one_way(command)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(CallError::TimedOut {
                addr: addr.to_owned(),
                code,
                after: timeout,
            }),
        }
    }

    /// The open channel to `addr`; connects if there is none. After failed attempts it waits out a pause first (which
    /// doubles up to 2 s), as far as the deadline allows.
    pub async fn channel(&self, addr: &str, deadline: Instant) -> Result<Channel, CallError> {
        let peer = self.peer(addr);
        if let Some(channel) = peer.open() {
            return Ok(channel);
        }
        match timeout_at(deadline, peer.connect(addr, &self.options)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(CallError::Connect {
                addr: addr.to_owned(),
                cause: "no connection in the time that the call has".to_owned(),
            }),
        }
    }

    /// The open channel to `addr`, if there is one.
    #[must_use]
    pub fn open(&self, addr: &str) -> Option<Channel> {
        self.peers.lock().get(addr).and_then(|peer| peer.open())
    }

    /// Ends the connection to `addr` and forgets the address.
    pub fn close(&self, addr: &str) {
        let peer = self.peers.lock().remove(addr);
        if let Some(channel) = peer.and_then(|peer| peer.channel.lock().take()) {
            channel.close();
        }
    }

    /// Ends all connections. The pool can still be used and connects anew.
    pub fn close_all(&self) {
        let peers = std::mem::take(&mut *self.peers.lock());
        for peer in peers.into_values() {
            if let Some(channel) = peer.channel.lock().take() {
                channel.close();
            }
        }
    }

    fn peer(&self, addr: &str) -> Arc<Peer> {
        let mut peers = self.peers.lock();
        if let Some(peer) = peers.get(addr) {
            return Arc::clone(peer);
        }
        Arc::clone(peers.entry(addr.to_owned()).or_default())
    }
}

impl Peer {
    fn open(&self) -> Option<Channel> {
        self.channel
            .lock()
            .as_ref()
            .filter(|channel| channel.is_open())
            .cloned()
    }

    async fn connect(&self, addr: &str, options: &ChannelOptions) -> Result<Channel, CallError> {
        let mut attempts = self.attempts.lock().await;
        if let Some(channel) = self.open() {
            return Ok(channel);
        }
        if let Some(not_before) = attempts.not_before {
            sleep_until(not_before).await;
        }
        attempts.failing();
        let channel = Channel::connect(addr, options.clone()).await?;
        *attempts = Attempts::default();
        *self.channel.lock() = Some(channel.clone());
        Ok(channel)
    }
}

impl Attempts {
    /// Counts an attempt as failed; a successful one resets the count afterwards. Noted before the attempt, so that one
    /// that is given up by its caller counts as well.
    fn failing(&mut self) {
        self.pause = (self.pause * 2).clamp(PAUSE_FIRST, PAUSE_MAX);
        self.not_before = Some(Instant::now() + self.pause);
    }
}

impl fmt::Debug for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channels")
            .field("addresses", &self.peers.lock().len())
            .finish_non_exhaustive()
    }
}
