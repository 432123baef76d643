//! Consuming by a listener that the client calls for every message.

mod builder;
mod concurrent;
mod listener;
mod locks;
mod orderly;
mod queues;
mod send_back;
mod shared;

use std::fmt;
use std::sync::Arc;

pub use self::builder::PushConsumerBuilder;
pub use self::listener::{ConsumeResult, Delivery, OrderlyResult};
use self::shared::{Phase, Shared};
use crate::queue::MessageQueue;

/// Calls a listener for every message of the topics that it subscribes to. Members of a group share the messages
/// ([`MessageModel::Clustering`](crate::MessageModel)) or each get all of them (`Broadcasting`).
///
/// Dropping the last clone ends the consumer at once; [`Self::shutdown`] waits for running listeners and stores what was
/// consumed.
///
/// ```no_run
/// use ferromq_client::{ConsumeFrom, ConsumeResult, PushConsumer};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let consumer = PushConsumer::builder("billing")
///     .name_servers("127.0.0.1:9876")
///     .subscribe("orders", "paid")
///     .from(ConsumeFrom::First)
///     .concurrent(async |messages| {
///         for message in messages.iter() {
///             println!("{}: {:?}", message.message_id(), message.body());
///         }
///         ConsumeResult::Success
///     })
///     .start()
///     .await?;
/// # tokio::time::sleep(std::time::Duration::from_secs(60)).await;
/// consumer.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PushConsumer {
    shared: Arc<Shared>,
    _end: Arc<EndOnDrop>,
}

/// Held by the users of a consumer but not by its tasks.
struct EndOnDrop(Arc<Shared>);

impl PushConsumer {
    /// Begins to build a consumer of `group`.
    pub fn builder(group: impl Into<String>) -> PushConsumerBuilder {
        PushConsumerBuilder::new(group.into())
    }

    fn over(shared: Arc<Shared>) -> Self {
        Self {
            _end: Arc::new(EndOnDrop(Arc::clone(&shared))),
            shared,
        }
    }

    /// Stops pulling until [`Self::resume`]; what was pulled already is still consumed.
    pub fn suspend(&self) {
        self.shared.enter(Phase::Suspended);
    }

    /// Goes on after [`Self::suspend`].
    pub fn resume(&self) {
        self.shared.enter(Phase::Running);
    }

    /// The queues that it holds at present, sorted.
    #[must_use]
    pub fn assignment(&self) -> Vec<MessageQueue> {
        self.shared.held.lock().keys().cloned().collect()
    }

    /// What this consumer calls itself towards brokers.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.shared.member.instance.id.text
    }

    /// Waits for running listeners (up to the builder's `shutdown_timeout`), stores what was consumed, frees its queues, leaves
    /// the group and closes the connections.
    pub async fn shutdown(&self) {
        let shared = &self.shared;
        if shared.is_closing() {
            return shared.member.instance.stopped().await;
        }
        shared.enter(Phase::Closing);
        shared.wait_for_listeners().await;
        let member = &shared.member;
        member.persist().await;
        let queues = self.assignment();
        shared.drop_all();
        if locks::needed(shared) {
            locks::unlock(shared, &queues).await;
        }
        let group = &member.settings.group;
        member.instance.stop(None, Some(group)).await;
    }
}

impl Shared {
    /// Closing is for good.
    fn enter(&self, phase: Phase) {
        self.phase.send_if_modified(|present| {
            let change = *present != Phase::Closing && *present != phase;
            if change {
                *present = phase;
            }
            change
        });
    }

    async fn wait_for_listeners(&self) {
        let all = self.permits.acquire_many(self.settings.concurrency);
        if tokio::time::timeout(self.settings.shutdown_timeout, all)
            .await
            .is_err()
        {
            tracing::warn!("listeners still run, their messages will come again");
        }
    }

    fn drop_all(&self) {
        for held in std::mem::take(&mut *self.held.lock()).into_values() {
            held.cache.drop_queue();
        }
    }
}

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.enter(Phase::Closing);
        self.0.drop_all();
        self.0.member.instance.abandon();
    }
}

impl fmt::Debug for PushConsumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushConsumer")
            .field("group", &self.shared.member.settings.group)
            .field("client_id", &self.client_id())
            .finish_non_exhaustive()
    }
}
