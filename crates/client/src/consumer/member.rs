//! One consumer's part in its group: what it subscribes to, which queues are its own, where it stands in them.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use ferromq_base::{Clock, QueueOffset, SystemClock};
use ferromq_rpc::CallError;
use ferromq_rpc::broker::Broker;
use ferromq_wire::body::{ConsumeType, ConsumerData, HeartbeatData, SubscriptionData};
use ferromq_wire::message::topic::is_retry;
use parking_lot::Mutex;

use super::offsets::Offsets;
use super::{ConsumeFrom, LocalFile, MessageModel, Strategy, TagFilter};
use crate::error::{ConsumeError, RouteError, StartError};
use crate::instance::{Instance, Member, Which};
use crate::queue::MessageQueue;

/// What a consumer wants of one topic.
#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    pub(crate) filter: Arc<TagFilter>,
    /// Grows with every change of the subscription or of the queues; the broker keeps the newest.
    pub(crate) version: i64,
}

/// Where offsets are kept for good.
#[derive(Debug)]
pub(crate) enum Store {
    Brokers,
    Local(LocalFile),
}

/// What does not change while the consumer runs.
#[derive(Clone, Debug)]
pub(crate) struct MemberSettings {
    pub(crate) group: String,
    pub(crate) model: MessageModel,
    pub(crate) from: ConsumeFrom,
    pub(crate) strategy: Strategy,
    pub(crate) consume_type: ConsumeType,
    /// Shares queues with the group. Otherwise subscriptions only select messages of queues assigned by hand, and nobody is
    /// told of them.
    pub(crate) subscribes: bool,
}

/// One consumer in its group.
pub(crate) struct GroupMember {
    pub(crate) instance: Arc<Instance>,
    pub(crate) settings: MemberSettings,
    pub(crate) offsets: Offsets,
    store: Store,
    subscriptions: Mutex<BTreeMap<Arc<str>, Subscription>>,
}

impl GroupMember {
    pub(crate) fn new(instance: Arc<Instance>, settings: MemberSettings, store: Store) -> Self {
        Self {
            instance,
            settings,
            offsets: Offsets::default(),
            store,
            subscriptions: Mutex::default(),
        }
    }

    /// Reads the offsets of the local file, if they are kept in one.
    pub(crate) fn load_local(&self) -> Result<(), StartError> {
        let Store::Local(file) = &self.store else {
            return Ok(());
        };
        let stored = file.read().map_err(|cause| StartError::OffsetFile {
            path: file.path().display().to_string(),
            cause,
        })?;
        for (queue, offset) in stored {
            self.offsets.loaded(&queue, offset);
        }
        Ok(())
    }

    /// Adds or replaces the subscription of a topic.
    pub(crate) fn subscribe(&self, topic: &str, filter: TagFilter) {
        let subscription = Subscription {
            filter: Arc::new(filter),
            version: SystemClock.now().0,
        };
        let topic = Arc::from(topic);
        self.subscriptions.lock().insert(topic, subscription);
    }

    pub(crate) fn topics(&self) -> Vec<Arc<str>> {
        self.subscriptions.lock().keys().cloned().collect()
    }

    /// What the consumer wants of the topic: everything if it does not subscribe to it (queues assigned by hand).
    pub(crate) fn subscription(&self, topic: &str) -> Subscription {
        let known = self.subscriptions.lock().get(topic).cloned();
        known.unwrap_or_else(|| Subscription {
            filter: Arc::default(),
            version: 0,
        })
    }

    /// Learns the routes of all topics, starts heartbeats on behalf of `consumer` and sends the first one. A topic without
    /// route is waited for.
    pub(crate) async fn begin(&self, consumer: Weak<dyn Member>) -> Result<(), StartError> {
        for topic in self.topics() {
            match self.instance.route(&topic).await {
                Ok(_) => {}
                Err(RouteError::NoRoute { .. }) => {
                    // The retry topic is made by the first heartbeat.
                    if !is_retry(&topic) {
                        tracing::warn!(%topic, "topic has no route yet, waiting for it");
                    }
                    self.instance.watch(&topic);
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.instance.start(consumer);
        self.instance.heartbeat().await;
        self.instance.hurry();
        Ok(())
    }

    /// What brokers are told in heartbeats.
    pub(crate) fn heartbeat(&self) -> HeartbeatData {
        let subscriptions = self.subscriptions.lock();
        let told = subscriptions.iter().filter(|_| self.settings.subscribes);
        let subscription_data_set = told
            .map(|(topic, subscription)| subscription_data(topic, subscription))
            .collect();
        HeartbeatData {
            consumer_data_set: vec![ConsumerData {
                group_name: self.settings.group.clone(),
                consume_type: self.settings.consume_type,
                message_model: match self.settings.model {
                    MessageModel::Clustering => ferromq_wire::body::MessageModel::Clustering,
                    MessageModel::Broadcasting => ferromq_wire::body::MessageModel::Broadcasting,
                },
                consume_from_where: self.settings.from.wire(),
                subscription_data_set,
                unit_mode: false,
            }],
            ..HeartbeatData::default()
        }
    }

    /// The topic's queues that are this member's; none if that cannot be told at present, and everything stays as it is.
    pub(crate) async fn my_queues(&self, topic: &str) -> Option<Vec<MessageQueue>> {
        let route = self.instance.known_route(topic)?;
        if self.settings.model == MessageModel::Broadcasting {
            return Some(route.readable.clone());
        }
        let members = self.group_members(route.brokers.keys()).await?;
        let me = &self.instance.id.text;
        let strategy = self.settings.strategy;
        Some(strategy.divide(route.readable.clone(), members, me))
    }

    /// The group's members, from the first of these brokers that knows any.
    async fn group_members(&self, brokers: impl Iterator<Item = &Arc<str>>) -> Option<Vec<String>> {
        for name in brokers {
            let Some((_, broker)) = self.instance.broker(name, Which::MasterFirst) else {
                continue;
            };
            match broker.consumer_ids(&self.settings.group).await {
                Ok(members) if members.is_empty() => {}
                Ok(members) => return Some(members),
                Err(error) => tracing::debug!(broker = %name, %error, "group members not known"),
            }
        }
        None
    }

    /// Where to begin with a queue that this member has just got: the stored offset, else by the setting.
    pub(crate) async fn start_offset(
        &self,
        queue: &MessageQueue,
    ) -> Result<QueueOffset, ConsumeError> {
        if let Some(stored) = self.stored_offset(queue).await? {
            self.offsets.loaded(queue, stored);
            return Ok(stored);
        }
        let retry = is_retry(&queue.topic);
        let offset = match self.settings.from {
            ConsumeFrom::First => Ok(QueueOffset(0)),
            ConsumeFrom::Last if retry => Ok(QueueOffset(0)),
            ConsumeFrom::Time(at) if !retry => {
                let broker = self.broker(queue, Which::MasterFirst)?;
                broker.offset_by_time(&queue.topic, queue.id, at).await
            }
            ConsumeFrom::Last | ConsumeFrom::Time(_) => {
                let broker = self.broker(queue, Which::MasterFirst)?;
                broker.max_offset(&queue.topic, queue.id).await
            }
        };
        offset.map_err(|cause| call_error(queue, cause))
    }

    /// The offset that is stored for good; none if none is.
    pub(crate) async fn stored_offset(
        &self,
        queue: &MessageQueue,
    ) -> Result<Option<QueueOffset>, ConsumeError> {
        if let Store::Local(_) = self.store {
            // The file was read at the start; what it says is in memory.
            return Ok(self.offsets.position(queue));
        }
        let broker = self.broker(queue, Which::MasterFirst)?;
        let group = &self.settings.group;
        // With "last" the broker's habit of answering 0 for a young queue would replay what was sent before.
        let stored = broker.query_consumer_offset(group, &queue.topic, queue.id, true);
        stored.await.map_err(|cause| call_error(queue, cause))
    }

    /// Forgets the position of a queue that is not held any more, so that it is read anew if the queue comes back. A local
    /// file keeps what it has.
    pub(crate) fn forget(&self, queue: &MessageQueue) {
        if let Store::Brokers = self.store {
            self.offsets.forget(queue);
        }
    }

    /// Stores all positions that are not stored yet. What fails is tried again the next time.
    pub(crate) async fn persist(&self) {
        let unstored = self.offsets.unstored();
        if unstored.is_empty() {
            return;
        }
        match &self.store {
            Store::Brokers => {
                for (queue, offset) in unstored {
                    self.persist_to_broker(&queue, offset).await;
                }
            }
            Store::Local(file) => self.persist_to_file(file, &unstored),
        }
    }

    /// Stores the position of one queue.
    pub(crate) async fn persist_queue(&self, queue: &MessageQueue) {
        match (&self.store, self.offsets.position(queue)) {
            (_, None) => {}
            (Store::Brokers, Some(offset)) => self.persist_to_broker(queue, offset).await,
            (Store::Local(_), Some(_)) => self.persist().await,
        }
    }

    /// Stores an offset at the broker.
    pub(crate) async fn store_offset(
        &self,
        queue: &MessageQueue,
        offset: QueueOffset,
    ) -> Result<(), ConsumeError> {
        let broker = self.broker(queue, Which::MasterFirst)?;
        let group = &self.settings.group;
        broker
            .update_consumer_offset(group, &queue.topic, queue.id, offset)
            .await
            .map_err(|cause| call_error(queue, cause))?;
        self.offsets.stored(queue, offset);
        Ok(())
    }

    async fn persist_to_broker(&self, queue: &MessageQueue, offset: QueueOffset) {
        if let Err(error) = self.store_offset(queue, offset).await {
            tracing::warn!(%queue, %offset, %error, "offset not stored");
        }
    }

    fn persist_to_file(&self, file: &LocalFile, unstored: &[(MessageQueue, QueueOffset)]) {
        if let Err(error) = file.write(&self.offsets.all()) {
            let path = file.path().display();
            tracing::warn!(%path, %error, "offsets not stored");
            return;
        }
        for (queue, offset) in unstored {
            self.offsets.stored(queue, *offset);
        }
    }

    /// Calls to a broker that holds the queue.
    pub(crate) fn broker(
        &self,
        queue: &MessageQueue,
        which: Which,
    ) -> Result<Broker, ConsumeError> {
        let broker = self.instance.broker_of(queue, which);
        broker.ok_or_else(|| ConsumeError::NoBroker {
            queue: queue.clone(),
        })
    }
}

/// A broker's failure to answer about a queue.
pub(crate) fn call_error(queue: &MessageQueue, cause: CallError) -> ConsumeError {
    ConsumeError::Call {
        queue: queue.clone(),
        cause,
    }
}

fn subscription_data(topic: &str, subscription: &Subscription) -> SubscriptionData {
    let expression = subscription.filter.expression();
    SubscriptionData::parse(
        topic,
        SubscriptionData::TAG,
        expression,
        subscription.version,
    )
    .expect("the expression was parsed before")
}
