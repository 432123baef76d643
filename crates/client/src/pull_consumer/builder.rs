//! Settings of a pull consumer.

use std::sync::Arc;
use std::time::Duration;

use ferromq_wire::body::ConsumeType;
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::queues::Queues;
use super::{PullConsumer, Shared};
use crate::consumer::{
    CacheLimits, ConsumeFrom, GroupMember, MemberSettings, MessageModel, PullSettings, Store,
    Strategy, Subscriptions, rebalance,
};
use crate::error::StartError;
use crate::instance::Instance;
use crate::options::{ClientOptions, common_setters};

/// Builds a [`PullConsumer`].
#[must_use]
pub struct PullConsumerBuilder {
    group: String,
    options: ClientOptions,
    subscriptions: Subscriptions,
    from: ConsumeFrom,
    strategy: Strategy,
    by_hand: bool,
    auto_commit: Option<Duration>,
    pull: PullSettings,
    limits: CacheLimits,
    rebalance_interval: Duration,
}

impl PullConsumerBuilder {
    pub(super) fn new(group: String) -> Self {
        Self {
            group,
            options: ClientOptions::default(),
            subscriptions: Subscriptions::default(),
            from: ConsumeFrom::default(),
            strategy: Strategy::default(),
            by_hand: false,
            auto_commit: Some(Duration::from_secs(5)),
            pull: PullSettings {
                batch: 32,
                suspend: Duration::from_secs(20),
                timeout: Duration::from_secs(30),
                lite: true,
            },
            limits: CacheLimits {
                messages: 1000,
                bytes: 100 * 1024 * 1024,
                span: None,
            },
            rebalance_interval: Duration::from_secs(20),
        }
    }

    common_setters!(options);

    /// Shares the topic's queues with the other members of the group and takes what the tag expression selects: `*` for
    /// everything, `a || b` for the tags `a` and `b`. Without any subscription queues are assigned by hand.
    pub fn subscribe(mut self, topic: impl Into<String>, tags: impl Into<String>) -> Self {
        self.subscriptions.add(topic.into(), tags.into());
        self
    }

    /// Queues are assigned by hand although there are subscriptions; these only select messages by their tags.
    pub fn assign_by_hand(mut self) -> Self {
        self.by_hand = true;
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

    /// How often [`PullConsumer::poll`] commits what it returned before; every 5 s. `None`: only
    /// [`PullConsumer::commit`] commits.
    pub fn auto_commit(mut self, interval: Option<Duration>) -> Self {
        self.auto_commit = interval;
        self
    }

    /// Most messages that one poll returns, 1 to 1024; 32, which is also the most that brokers usually send.
    pub fn batch_max(mut self, messages: u32) -> Self {
        self.pull.batch = messages;
        self
    }

    /// Messages of one queue that are pulled ahead; 1000.
    pub fn cache_messages_max(mut self, messages: usize) -> Self {
        self.limits.messages = messages;
        self
    }

    /// Body bytes of one queue that are pulled ahead; 100 MiB.
    pub fn cache_bytes_max(mut self, bytes: usize) -> Self {
        self.limits.bytes = bytes;
        self
    }

    /// How often the queues are divided anew if nothing happens; 20 s. Changes in the group are noticed at once.
    pub fn rebalance_interval(mut self, interval: Duration) -> Self {
        self.rebalance_interval = interval;
        self
    }

    /// Starts the consumer. Fails if no name server answers; a topic that does not exist yet is waited for.
    pub async fn start(self) -> Result<PullConsumer, StartError> {
        crate::consumer::check_group(&self.group)?;
        crate::consumer::check_range("batch_max", self.pull.batch, 1, 1024)?;
        let filters = self.subscriptions.parse()?;
        let wake = Arc::new(Notify::new());
        let incoming = rebalance::waking(&wake);
        let instance = Instance::new(self.options, Some(incoming))?;
        let settings = MemberSettings {
            group: self.group,
            model: MessageModel::Clustering,
            from: self.from,
            strategy: self.strategy,
            consume_type: ConsumeType::Actively,
            subscribes: !self.by_hand && !filters.is_empty(),
        };
        let member = Arc::new(GroupMember::new(instance, settings, Store::Brokers));
        for (topic, filter) in filters {
            member.subscribe(&topic, filter);
        }
        let (sender, inbox) = mpsc::unbounded_channel();
        let queues = Queues::new(Arc::clone(&member), self.pull, self.limits, sender);
        let shared = Arc::new(Shared {
            member,
            queues: Arc::new(queues),
            inbox: tokio::sync::Mutex::new(inbox),
            wake,
            auto_commit: self
                .auto_commit
                .map(|interval| (interval, Mutex::new(Instant::now()))),
        });
        begin(&shared, self.rebalance_interval).await?;
        Ok(PullConsumer { shared })
    }
}

async fn begin(shared: &Arc<Shared>, interval: Duration) -> Result<(), StartError> {
    let (member, queues) = (Arc::clone(&shared.member), Arc::clone(&shared.queues));
    let weak: std::sync::Weak<Shared> = Arc::downgrade(shared);
    member.begin(weak).await?;
    if shared.member.settings.subscribes {
        let wake = Arc::clone(&shared.wake);
        tokio::spawn(rebalance::run(member, queues, wake, interval));
    }
    Ok(())
}
