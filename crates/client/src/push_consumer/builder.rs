//! Settings of a push consumer.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ferromq_wire::body::ConsumeType;
use ferromq_wire::message::topic::retry_topic;
use tokio::sync::{Notify, Semaphore, mpsc, watch};

use super::listener::{ConsumeResult, Delivery, OrderlyResult, boxed};
use super::queues::PushOwner;
use super::shared::{Listeners, Phase, PushSettings, Shared, Work};
use super::{PushConsumer, concurrent, locks};
use crate::consumer::{
    CacheLimits, ConsumeFrom, GroupMember, LocalFile, MemberSettings, MessageModel, PullSettings,
    Store, Strategy, Subscriptions, TagFilter, check_group, check_range, rebalance,
};
use crate::error::StartError;
use crate::instance::Instance;
use crate::options::{ClientOptions, common_setters};
use crate::producer::sender::{SendSettings, Sender};

/// Builds a [`PushConsumer`]. The defaults are RocketMQ's.
#[must_use]
pub struct PushConsumerBuilder {
    group: String,
    options: ClientOptions,
    subscriptions: Subscriptions,
    model: MessageModel,
    from: ConsumeFrom,
    strategy: Strategy,
    settings: PushSettings,
    listeners: Option<Listeners>,
    offset_dir: Option<PathBuf>,
}

/// Group of the internal producer that sends copies to the retry topic; its name is RocketMQ's.
const INNER_PRODUCER: &str = "CLIENT_INNER_PRODUCER";
/// Instance name of a broadcasting consumer without one: its offset file is found again after a restart.
const BROADCASTING_INSTANCE: &str = "DEFAULT";

impl PushConsumerBuilder {
    pub(super) fn new(group: String) -> Self {
        Self {
            group,
            options: ClientOptions::default(),
            subscriptions: Subscriptions::default(),
            model: MessageModel::default(),
            from: ConsumeFrom::default(),
            strategy: Strategy::default(),
            settings: PushSettings {
                pull: PullSettings {
                    batch: 32,
                    suspend: Duration::from_secs(15),
                    timeout: Duration::from_secs(30),
                    lite: false,
                },
                limits: CacheLimits {
                    messages: 1000,
                    bytes: 100 * 1024 * 1024,
                    span: Some(2000),
                },
                concurrency: 20,
                deliver_max: 1,
                max_reconsume_times: None,
                consume_timeout: Duration::from_secs(15 * 60),
                shutdown_timeout: Duration::from_secs(10),
                persist_interval: Duration::from_secs(5),
                rebalance_interval: Duration::from_secs(20),
            },
            listeners: None,
            offset_dir: None,
        }
    }

    common_setters!(options);

    /// Takes the topic's messages that the tag expression selects: `*` for everything, `a || b` for the tags `a` and `b`.
    ///
    /// All members of a group must subscribe to the same topics with the same expressions: the brokers keep one
    /// subscription for each group, and members that differ lose messages.
    pub fn subscribe(mut self, topic: impl Into<String>, tags: impl Into<String>) -> Self {
        self.subscriptions.add(topic.into(), tags.into());
        self
    }

    /// Calls `listener` for messages in no order, for many at the same time ([`Self::concurrency`]). A panic counts as
    /// [`ConsumeResult::Later`].
    pub fn concurrent<F, Fut>(mut self, listener: F) -> Self
    where
        F: Fn(Delivery) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ConsumeResult> + Send + 'static,
    {
        self.listeners = Some(Listeners::Concurrent(boxed(listener)));
        self
    }

    /// Calls `listener` for the messages of each queue one after the other, in the order of the queue. No other member of the
    /// group consumes from the queue at the same time. A panic counts as [`OrderlyResult::Suspend`].
    pub fn orderly<F, Fut>(mut self, listener: F) -> Self
    where
        F: Fn(Delivery) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = OrderlyResult> + Send + 'static,
    {
        self.listeners = Some(Listeners::Orderly(boxed(listener)));
        self
    }

    /// Whether the members of the group share the messages (the default) or each get all of them.
    ///
    /// A broadcasting consumer keeps its offsets in a local file (see [`Self::offset_dir`]), under its client id. Several of
    /// one group on one machine need different instance names, the same ones after a restart.
    pub fn model(mut self, model: MessageModel) -> Self {
        self.model = model;
        self
    }

    /// Where to begin in a queue for which the group has stored no offset; at the end.
    pub fn from(mut self, from: ConsumeFrom) -> Self {
        self.from = from;
        self
    }

    /// How queues are divided among the members; averagely.
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Listeners that may run at the same time, 1 to 1000; 20.
    pub fn concurrency(mut self, listeners: u32) -> Self {
        self.settings.concurrency = listeners;
        self
    }

    /// Most messages that a listener is given at once, 1 to 1024; 1.
    pub fn deliver_max(mut self, messages: usize) -> Self {
        self.settings.deliver_max = messages;
        self
    }

    /// Deliveries after the first, before a message goes to the dead-letter queue. Default: 16 for a concurrent consumer, no
    /// limit for an orderly one.
    pub fn max_reconsume_times(mut self, times: u32) -> Self {
        self.settings.max_reconsume_times = Some(times);
        self
    }

    /// Time after which a concurrent listener is given up (its future is dropped) and its messages come again; 15 min.
    pub fn consume_timeout(mut self, timeout: Duration) -> Self {
        self.settings.consume_timeout = timeout;
        self
    }

    /// How long [`PushConsumer::shutdown`] waits for running listeners; 10 s.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.settings.shutdown_timeout = timeout;
        self
    }

    /// Most messages asked for in one pull, 1 to 1024; 32, which is also the most that brokers usually send.
    pub fn pull_batch(mut self, messages: u32) -> Self {
        self.settings.pull.batch = messages;
        self
    }

    /// Messages of one queue that may wait here, 1 to 65535; 1000.
    pub fn cache_messages_max(mut self, messages: usize) -> Self {
        self.settings.limits.messages = messages;
        self
    }

    /// Body bytes of one queue that may wait here; 100 MiB.
    pub fn cache_bytes_max(mut self, bytes: usize) -> Self {
        self.settings.limits.bytes = bytes;
        self
    }

    /// How often offsets are stored; 5 s. They also travel with every pull.
    pub fn persist_interval(mut self, interval: Duration) -> Self {
        self.settings.persist_interval = interval;
        self
    }

    /// How often the queues are divided anew if nothing happens; 20 s. Changes in the group are noticed at once.
    pub fn rebalance_interval(mut self, interval: Duration) -> Self {
        self.settings.rebalance_interval = interval;
        self
    }

    /// Folder for the offsets of broadcasting consumers: `<dir>/<client id>/<group>/offsets.json`. Default:
    /// `.ferromq/offsets` in the home directory, or in the current directory if there is none.
    pub fn offset_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.offset_dir = Some(dir.into());
        self
    }

    /// Starts the consumer. Fails if no name server answers; a topic that does not exist yet is waited for.
    pub async fn start(mut self) -> Result<PushConsumer, StartError> {
        self.check()?;
        let filters = self.subscriptions.parse()?;
        if self.model == MessageModel::Broadcasting {
            let name = &mut self.options.instance_name;
            name.get_or_insert_with(|| BROADCASTING_INSTANCE.to_owned());
        }
        let listeners = self.listeners.take().ok_or(StartError::Missing(
            "a push consumer needs a listener: call concurrent or orderly",
        ))?;
        if let Listeners::Orderly(_) = listeners {
            // One slow message holds back its whole queue anyway.
            self.settings.limits.span = None;
        }
        let wake = Arc::new(Notify::new());
        let incoming = rebalance::waking(&wake);
        let instance = Instance::new(self.options.clone(), Some(incoming))?;
        let member = self.member(&instance)?;
        for (topic, filter) in filters {
            member.subscribe(&topic, filter);
        }
        if self.model == MessageModel::Clustering {
            member.subscribe(&retry_topic(&self.group), TagFilter::all());
        }
        let (sender, work) = mpsc::unbounded_channel();
        let settings = self.settings;
        let shared = Arc::new(Shared {
            member: Arc::new(member),
            settings,
            listeners,
            resend: Sender::new(instance, INNER_PRODUCER, SendSettings::default()),
            held: parking_lot::Mutex::default(),
            leaving: parking_lot::Mutex::default(),
            work: sender,
            permits: Arc::new(Semaphore::new(settings.concurrency as usize)),
            wake,
            idle: Arc::new(Notify::new()),
            phase: watch::Sender::new(Phase::Running),
        });
        begin(shared, work).await
    }

    fn member(&self, instance: &Arc<Instance>) -> Result<GroupMember, StartError> {
        let settings = MemberSettings {
            group: self.group.clone(),
            model: self.model,
            from: self.from,
            strategy: self.strategy,
            consume_type: ConsumeType::Passively,
            subscribes: true,
        };
        let store = match self.model {
            MessageModel::Clustering => Store::Brokers,
            MessageModel::Broadcasting => {
                let dir = self.offset_dir.clone().unwrap_or_else(default_offset_dir);
                Store::Local(LocalFile::below(&dir, &instance.id.text, &self.group))
            }
        };
        let member = GroupMember::new(Arc::clone(instance), settings, store);
        member.load_local()?;
        Ok(member)
    }

    fn check(&self) -> Result<(), StartError> {
        check_group(&self.group)?;
        if self.subscriptions.is_empty() {
            return Err(StartError::Missing(
                "a push consumer needs at least one subscription: call subscribe",
            ));
        }
        let settings = &self.settings;
        check_range("concurrency", settings.concurrency, 1, 1000)?;
        check_range("deliver_max", settings.deliver_max, 1, 1024)?;
        check_range("pull_batch", settings.pull.batch, 1, 1024)?;
        check_range("cache_messages_max", settings.limits.messages, 1, 65_535)
    }
}

/// Joins the group and starts the consumer's tasks.
async fn begin(
    shared: Arc<Shared>,
    work: mpsc::UnboundedReceiver<Work>,
) -> Result<PushConsumer, StartError> {
    let consumer = PushConsumer::over(Arc::clone(&shared));
    let weak = Arc::downgrade(&shared);
    let member = Arc::clone(&shared.member);
    member.begin(Arc::downgrade(&shared) as _).await?;
    tokio::spawn(concurrent::dispatch(weak.clone(), work));
    if locks::needed(&shared) {
        tokio::spawn(locks::renew(weak));
    }
    let settings = shared.settings;
    let idle = Arc::clone(&shared.idle);
    tokio::spawn(persist(
        Arc::clone(&member),
        idle,
        settings.persist_interval,
    ));
    let (owner, wake) = (PushOwner(Arc::clone(&shared)), Arc::clone(&shared.wake));
    let interval = settings.rebalance_interval;
    tokio::spawn(rebalance::run(member, Arc::new(owner), wake, interval));
    Ok(consumer)
}

/// Pause before positions are stored because a queue has been consumed to its end.
const IDLE_PAUSE: Duration = Duration::from_millis(500);

/// Stores positions from time to time, and soon after a queue was consumed to its end (its next pull, which would carry the
/// position, is held by the broker then), until the consumer ends.
async fn persist(member: Arc<GroupMember>, idle: Arc<Notify>, interval: Duration) {
    let often = async {
        loop {
            // Either way it is time.
            let _ = tokio::time::timeout(interval, idle.notified()).await;
            tokio::time::sleep(IDLE_PAUSE.min(interval)).await;
            member.persist().await;
        }
    };
    tokio::select! {
        () = often => {}
        () = member.instance.stopped() => {}
    }
}

fn default_offset_dir() -> PathBuf {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    home.unwrap_or_default().join(".ferromq").join("offsets")
}
