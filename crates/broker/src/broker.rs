//! The parts of a broker and how they come together; no business logic.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ferromq_base::{Clock, Millis, SteadyClock};
use ferromq_config::BrokerConfig;
use ferromq_disk::{Disk, DiskError};
use ferromq_net::{Role, Service, ThreadContext};
use ferromq_storage::{CloseError, Store};
use ferromq_wire::message::id::UniqKeys;

use crate::announce::Announcer;
use crate::background::{Background, Task};
use crate::client_calls::ClientCalls;
use crate::delay::{DelayBell, DelayParts, DelayQueues, DelayStartError, DelayWorker};
use crate::delivery::{Announcements, Arrivals};
use crate::groups::{Groups, Members, QueueLocks};
use crate::host::Host;
use crate::live::Live;
use crate::offsets::Offsets;
use crate::service::BrokerService;
use crate::settings_file::{LoadError, SettingsFile};
use crate::topics::{Topics, own_topics};

/// Pause between a change of topics or groups and its save, if nobody waits for it.
const SAVE_PAUSE: Duration = Duration::from_secs(1);

/// What a broker is made of.
pub struct BrokerSetup {
    /// Its keys.
    pub config: BrokerConfig,
    /// Its messages; opened, and closed by [`Broker::close`].
    pub store: Arc<Store>,
    /// Where its settings files are.
    pub disk: Arc<dyn Disk>,
    /// Folder of the settings files; it exists.
    pub settings_dir: PathBuf,
    /// Longest wait for the disk before a producer is told (`syncFlushTimeout`).
    pub ack_timeout: Duration,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// Everything the handlers share. Handlers receive the single parts they use, never the whole.
pub struct Parts {
    /// The keys, as they are now.
    pub config: Arc<Live<BrokerConfig>>,
    /// Topic settings of this broker.
    pub topics: Arc<Topics>,
    /// Settings of the consumer groups.
    pub groups: Arc<Groups>,
    /// Live clients: producers and consumers with their connections and subscriptions.
    pub members: Arc<Members>,
    /// Committed consumer offsets.
    pub offsets: Arc<Offsets>,
    /// Queue locks of orderly consumers.
    pub locks: Arc<QueueLocks>,
    /// The messages.
    pub store: Arc<Store>,
    /// The broker's own address.
    pub host: Arc<Host>,
    /// Keeps the broker registered.
    pub(crate) announcer: Arc<Announcer>,
    /// Word of new messages.
    pub(crate) arrivals: Arc<Arrivals>,
    /// Gives that word when they may be seen.
    pub(crate) announcements: Arc<Announcements>,
    /// Requests to clients that wait for answers.
    pub(crate) calls: Arc<ClientCalls>,
    /// Queues of the delay levels.
    pub(crate) delays: Arc<DelayQueues>,
    /// Word of new delayed messages.
    pub(crate) delay_bell: Arc<DelayBell>,
    /// Makes unique keys that producers left out.
    pub(crate) uniq_keys: Arc<UniqKeys>,
    /// Longest wait for the disk before a producer is told.
    pub ack_timeout: Duration,
    /// When the broker started.
    pub started: Millis,
    /// The clock of the whole broker.
    pub clock: Arc<dyn Clock>,
}

/// A running broker: the role of the listeners that serve it.
#[derive(Debug)]
pub struct Broker {
    parts: Arc<Parts>,
    delay: DelayWorker,
    background: Background,
}

/// Why a broker did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A settings file cannot be read: without it the broker would forget what it holds.
    #[error("settings cannot be read: {0}")]
    Settings(#[from] LoadError),
    /// Delayed messages could not be delivered.
    #[error(transparent)]
    Delay(#[from] DelayStartError),
    /// The system gives no thread.
    #[error("cannot start the broker's background thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// Why a broker did not stop cleanly. Everything else was still tried.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// A settings file could not be written.
    #[error("settings cannot be saved: {0}")]
    Settings(#[from] DiskError),
    /// The store could not be closed.
    #[error(transparent)]
    Store(#[from] CloseError),
}

impl Broker {
    /// Loads the settings and starts the background work. Nobody is served before the broker listens: see
    /// [`ferromq_net::ServerBuilder::listen`].
    ///
    /// # Errors
    /// A settings file is unreadable, or the system gives no thread.
    pub fn start(setup: BrokerSetup) -> Result<Arc<Self>, StartError> {
        let delay_file = setup.file("delayOffset.json");
        let save_pause = setup.config.flush_delay_offset_interval;
        let parts = Arc::new(Parts::open(setup)?);
        let delay = DelayWorker::start(DelayParts {
            queues: Arc::clone(&parts.delays),
            bell: Arc::clone(&parts.delay_bell),
            topics: Arc::clone(&parts.topics),
            announcements: Arc::clone(&parts.announcements),
            store: Arc::clone(&parts.store),
            clock: Arc::clone(&parts.clock),
            file: delay_file,
            save_pause,
        })?;
        let background = Background::start(parts.tasks())?;
        Ok(Arc::new(Self {
            parts,
            delay,
            background,
        }))
    }

    /// The shared parts.
    #[must_use]
    pub fn parts(&self) -> &Arc<Parts> {
        &self.parts
    }

    /// Registers with the name servers from now on, in the background: the broker is reachable at `bound`, the address its
    /// main socket is bound to, with the real port. Returns the address that message ids begin with from now on; `None` if
    /// `brokerIP1` is a host name.
    pub fn announce(&self, bound: SocketAddr) -> Option<SocketAddr> {
        let own = self.parts.announcer.listening(bound)?;
        self.parts.host.set_registered(own);
        Some(own)
    }

    /// Blocks until some name server knows the broker, so that clients can find it; false if `timeout` passed first.
    #[must_use]
    pub fn wait_registered(&self, timeout: Duration) -> bool {
        self.parts.announcer.wait_registered(timeout)
    }

    /// Takes the broker out of the name servers, so that clients turn to others before it stops serving. Returns when the
    /// name servers have answered, after two seconds at most.
    pub fn withdraw(&self) {
        self.parts.announcer.withdraw();
    }

    /// Stops the background work, saves all settings and closes the store. Call it after the server has stopped.
    ///
    /// # Errors
    /// Something could not be saved; the next start recovers.
    pub fn close(&self) -> Result<(), StopError> {
        self.withdraw();
        self.delay.stop();
        self.background.stop();
        let saved = self.parts.save();
        self.parts.store.close()?;
        Ok(saved?)
    }
}

impl Role for Broker {
    fn on_thread(&self, thread: ThreadContext) -> Rc<dyn Service> {
        Rc::new(BrokerService::new(&self.parts, thread))
    }
}

impl BrokerSetup {
    fn file(&self, name: &str) -> SettingsFile {
        SettingsFile::new(Arc::clone(&self.disk), self.settings_dir.join(name))
    }
}

impl Parts {
    fn open(setup: BrokerSetup) -> Result<Self, LoadError> {
        let clock = || Arc::clone(&setup.clock);
        let config = &setup.config;
        let topics = Topics::open(own_topics(config), setup.file("topics.json"), clock())?;
        let auto_create = config.auto_create_subscription_group;
        let groups = Groups::open(auto_create, setup.file("subscriptionGroup.json"), clock())?;
        let offsets = Offsets::open(setup.file("consumerOffset.json"), clock())?;
        let host = Host::new(config.broker_ip1.as_deref());
        let delays = DelayQueues::open(&config.message_delay_level, &setup.store);
        let topics = Arc::new(topics);
        let config = Arc::new(Live::new(setup.config.clone()));
        let announcer = Announcer::new(Arc::clone(&config), Arc::clone(&topics));
        let arrivals: Arc<Arrivals> = Arc::default();
        let delay_bell: Arc<DelayBell> = Arc::default();
        let bell = Arc::clone(&delay_bell);
        let announcements =
            Announcements::new(Arc::clone(&setup.store), Arc::clone(&arrivals), bell);
        let steady: Arc<dyn Clock> = Arc::new(SteadyClock::starting_at(setup.clock.now()));
        Ok(Self {
            members: Arc::new(Members::new(
                setup.config.channel_expired_timeout,
                Arc::clone(&steady),
            )),
            locks: Arc::new(QueueLocks::new(
                setup.config.rebalance_lock_max_live_time,
                steady,
            )),
            uniq_keys: Arc::new(uniq_keys(&host, &*setup.clock)),
            announcer: Arc::new(announcer),
            topics,
            groups: Arc::new(groups),
            offsets: Arc::new(offsets),
            host: Arc::new(host),
            arrivals,
            announcements,
            calls: Arc::default(),
            delays: Arc::new(delays),
            delay_bell,
            ack_timeout: setup.ack_timeout,
            started: setup.clock.now(),
            clock: clock(),
            config,
            store: setup.store,
        })
    }

    /// What runs in the background as long as the broker does.
    fn tasks(&self) -> Vec<Task> {
        let offsets_pause = self.config.load().flush_consumer_offset_interval;
        // A crash makes groups see messages again: fewer than RocketMQ's five seconds of them.
        let offsets_pause = offsets_pause.min(SAVE_PAUSE);
        let announcer = Arc::clone(&self.announcer);
        let (topics, groups) = (Arc::clone(&self.topics), Arc::clone(&self.groups));
        let (offsets, members) = (Arc::clone(&self.offsets), Arc::clone(&self.members));
        vec![
            Box::pin(async move { topics.keep_saved(SAVE_PAUSE).await }),
            Box::pin(async move { groups.keep_saved(SAVE_PAUSE).await }),
            Box::pin(async move { offsets.keep_saved(offsets_pause).await }),
            Box::pin(async move { members.run().await }),
            Box::pin(async move { announcer.run().await }),
        ]
    }

    /// Saves all tables, each even if another fails.
    fn save(&self) -> Result<(), DiskError> {
        let saved = [self.topics.save(), self.groups.save(), self.offsets.save()];
        saved.into_iter().collect()
    }
}

fn uniq_keys(host: &Host, clock: &dyn Clock) -> UniqKeys {
    // Only has to differ between brokers that run at the same time: the address and the moment of the start do.
    let salt = u32::try_from(clock.now().0 & 0xFFFF_FFFF).unwrap_or_default();
    UniqKeys::new(host.ip(), std::process::id(), salt)
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}
