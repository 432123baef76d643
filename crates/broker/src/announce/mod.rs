//! Telling the name servers that this broker is there and which topics it has: all of them in parallel, each over one
//! connection of its own. That one or all of them are away never disturbs the broker.

mod address;
mod name_server;
mod registration;
mod told;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ferromq_base::Mark;
use ferromq_config::{BrokerConfig, name_servers};
use ferromq_rpc::{ChannelOptions, Channels};
use ferromq_wire::{Language, Version};
use parking_lot::{Condvar, Mutex};
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::address::Addresses;
use self::name_server::NameServer;
use self::registration::Registration;
use self::told::Told;
use crate::live::Live;
use crate::topics::Topics;

/// Longest wait of [`Announcer::withdraw`].
const WITHDRAW_TIME: Duration = Duration::from_secs(2);

/// Keeps the broker registered with its name servers.
#[derive(Debug)]
pub struct Announcer {
    config: Arc<Live<BrokerConfig>>,
    topics: Arc<Topics>,
    listening: watch::Sender<Option<SocketAddr>>,
    registered: Arc<Mark>,
    told: Arc<Told>,
    stop: watch::Sender<bool>,
    ended: Mutex<bool>,
    end: Condvar,
}

impl Announcer {
    /// Announces nothing yet.
    #[must_use]
    pub fn new(config: Arc<Live<BrokerConfig>>, topics: Arc<Topics>) -> Self {
        Self {
            config,
            topics,
            listening: watch::Sender::new(None),
            registered: Arc::default(),
            told: Arc::default(),
            stop: watch::Sender::new(false),
            ended: Mutex::new(false),
            end: Condvar::new(),
        }
    }

    /// The broker can be reached from now on: `bound` is what its socket is bound to, with the real port. Returns the
    /// address that message ids are to begin with, if it is one.
    pub fn listening(&self, bound: SocketAddr) -> Option<SocketAddr> {
        self.listening.send_replace(Some(bound));
        self.addresses(bound).own()
    }

    /// Blocks until some name server knows the broker; false if `timeout` passed first.
    pub fn wait_registered(&self, timeout: Duration) -> bool {
        self.registered.wait(1, timeout)
    }

    /// Registers from when the broker is reachable until it is withdrawn.
    pub async fn run(&self) {
        let mut servers = JoinSet::new();
        let mut stop = self.stop.subscribe();
        let mut listening = self.listening.subscribe();
        tokio::select! {
            // Errors mean that the senders are gone, which `self` holds.
            bound = listening.wait_for(Option::is_some) => {
                if let Some(bound) = bound.ok().and_then(|bound| *bound) {
                    self.start(bound, &mut servers);
                }
            }
            _ = stop.wait_for(|stop| *stop) => {}
        }
        let all_ended = async { while servers.join_next().await.is_some() {} };
        tokio::select! {
            () = all_ended => {}
            never = self.told.expire() => never,
        }
        *self.ended.lock() = true;
        self.end.notify_all();
    }

    /// Runs `then` when all name servers that are there know the topics as they are now, after a second at most.
    pub(crate) fn when_told(&self, then: impl FnOnce() + Send + 'static) {
        self.told.when(self.topics.generation(), Box::new(then));
    }

    /// Takes the broker out of all name servers; returns when they have answered or two seconds have passed. Blocks: not
    /// for the thread that [`Announcer::run`] runs on. Must not be called if it never ran.
    pub fn withdraw(&self) {
        self.stop.send_replace(true);
        let deadline = Instant::now() + WITHDRAW_TIME;
        let mut ended = self.ended.lock();
        while !*ended {
            if self.end.wait_until(&mut ended, deadline).timed_out() {
                return;
            }
        }
    }

    fn addresses(&self, bound: SocketAddr) -> Addresses {
        Addresses::of_host(self.config.load().broker_ip1.as_deref(), bound)
    }

    fn start(&self, bound: SocketAddr, servers: &mut JoinSet<()>) {
        let registration = Arc::new(Registration {
            config: Arc::clone(&self.config),
            topics: Arc::clone(&self.topics),
            addresses: self.addresses(bound),
            port: bound.port(),
        });
        let list = self.config.load().namesrv_addr.clone().unwrap_or_default();
        let addrs = match name_servers(&list) {
            Ok(addrs) => addrs,
            Err(error) => {
                tracing::error!(%error, "not registered with any name server");
                return;
            }
        };
        for addr in addrs {
            let server = NameServer {
                addr,
                channels: Channels::new(options()),
                registration: Arc::clone(&registration),
                changes: self.topics.follow(),
                registered: Arc::clone(&self.registered),
                told: Arc::clone(&self.told),
                number: self.told.enter(),
                is_lost: false,
            };
            servers.spawn(server.run(self.stop.subscribe()));
        }
    }
}

/// Name servers choose the form of a registration's body by the version.
fn options() -> ChannelOptions {
    ChannelOptions {
        language: Language::Java,
        version: Version::CURRENT,
        ..ChannelOptions::default()
    }
}
