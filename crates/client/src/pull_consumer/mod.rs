//! Consuming at the application's own pace.

mod builder;
mod queues;
mod stream;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ferromq_base::{Millis, QueueOffset};
use ferromq_wire::body::HeartbeatData;
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, timeout_at};

pub use self::builder::PullConsumerBuilder;
use self::queues::{Batch, Queues};
pub use self::stream::MessageStream;
use crate::consumer::GroupMember;
use crate::consumer::call_error;
use crate::error::ConsumeError;
use crate::instance::{Member, Which};
use crate::queue::MessageQueue;
use crate::view::MessageView;

/// Consumes when the application asks. Either it subscribes to topics and shares their queues with the other members of its
/// group, or the application assigns queues by hand. What fails is not repeated: there is no retry topic.
///
/// ```no_run
/// use std::time::Duration;
/// use ferromq_client::{ConsumeFrom, PullConsumer};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let consumer = PullConsumer::builder("audit")
///     .name_servers("127.0.0.1:9876")
///     .subscribe("orders", "paid || refunded")
///     .from(ConsumeFrom::First)
///     .start()
///     .await?;
/// for message in consumer.poll(Duration::from_secs(5)).await? {
///     println!("{} {:?}", message.queue_offset(), message.body());
/// }
/// consumer.commit().await;
/// consumer.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PullConsumer {
    shared: Arc<Shared>,
}

struct Shared {
    member: Arc<GroupMember>,
    queues: Arc<Queues>,
    inbox: tokio::sync::Mutex<mpsc::UnboundedReceiver<Batch>>,
    wake: Arc<Notify>,
    /// Interval of automatic commits and the time of the last one; none: only the application commits.
    auto_commit: Option<(Duration, Mutex<Instant>)>,
}

impl PullConsumer {
    /// Begins to build a consumer of `group`.
    pub fn builder(group: impl Into<String>) -> PullConsumerBuilder {
        PullConsumerBuilder::new(group.into())
    }

    /// The next messages, all of one queue; waits for some at most for `timeout`, then the answer is empty.
    ///
    /// With automatic commit (the default), what earlier calls returned counts as consumed and is committed by this call from
    /// time to time.
    pub async fn poll(&self, timeout: Duration) -> Result<Vec<MessageView>, ConsumeError> {
        let deadline = Instant::now() + timeout;
        self.commit_if_due().await;
        let mut inbox = self.shared.inbox.lock().await;
        loop {
            let stopped = self.shared.member.instance.stopped();
            let batch = tokio::select! {
                batch = timeout_at(deadline, inbox.recv()) => batch,
                () = stopped => return Err(ConsumeError::Stopped),
            };
            let Ok(Some(batch)) = batch else {
                return Ok(Vec::new());
            };
            let messages = self.accept(batch);
            if !messages.is_empty() {
                return Ok(messages);
            }
        }
    }

    /// All messages from now on, one after the other, instead of [`Self::poll`].
    ///
    /// ```no_run
    /// # async fn example(consumer: ferromq_client::PullConsumer) -> Result<(), ferromq_client::ConsumeError> {
    /// let mut messages = consumer.messages();
    /// while let Some(message) = messages.next().await {
    ///     println!("{:?}", message?.body());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn messages(&self) -> MessageStream {
        MessageStream::new(self.clone())
    }

    /// Commits the position of every queue: all that [`Self::poll`] has returned counts as consumed. What a broker does not
    /// take is committed the next time.
    pub async fn commit(&self) {
        self.shared.member.persist().await;
    }

    /// Commits `offset` as the position of one queue, whatever was polled.
    pub async fn commit_offset(
        &self,
        queue: &MessageQueue,
        offset: QueueOffset,
    ) -> Result<(), ConsumeError> {
        self.assigned(queue)?;
        let member = &self.shared.member;
        member.offsets.set(queue, offset);
        member.store_offset(queue, offset).await
    }

    /// The group's committed offset of a queue; none if it has none.
    pub async fn committed(
        &self,
        queue: &MessageQueue,
    ) -> Result<Option<QueueOffset>, ConsumeError> {
        self.know(queue).await?;
        self.shared.member.stored_offset(queue).await
    }

    /// Replaces the queues of a consumer that does not subscribe. Queues that it holds already go on where they are.
    pub async fn assign(&self, queues: Vec<MessageQueue>) -> Result<(), ConsumeError> {
        if self.shared.member.settings.subscribes {
            return Err(ConsumeError::Subscribed);
        }
        for queue in &queues {
            self.know(queue).await?;
        }
        self.shared.queues.assign(queues).await
    }

    /// The queues that it holds at present.
    #[must_use]
    pub fn assignment(&self) -> Vec<MessageQueue> {
        self.shared.queues.all()
    }

    /// Goes on at `offset` with a queue that it holds; what was pulled already is dropped.
    pub async fn seek(
        &self,
        queue: &MessageQueue,
        offset: QueueOffset,
    ) -> Result<(), ConsumeError> {
        self.assigned(queue)?;
        let (min, max) = (self.min_offset(queue).await?, self.max_offset(queue).await?);
        if offset < min || max < offset {
            return Err(ConsumeError::OutOfRange {
                queue: queue.clone(),
                offset: offset.0,
                min: min.0,
                max: max.0,
            });
        }
        self.shared.queues.restart(queue, offset);
        Ok(())
    }

    /// Goes on at the first message of a queue that it holds.
    pub async fn seek_to_begin(&self, queue: &MessageQueue) -> Result<(), ConsumeError> {
        let offset = self.min_offset(queue).await?;
        self.seek(queue, offset).await
    }

    /// Goes on at the end of a queue that it holds: only with messages that are sent from now on.
    pub async fn seek_to_end(&self, queue: &MessageQueue) -> Result<(), ConsumeError> {
        let offset = self.max_offset(queue).await?;
        self.seek(queue, offset).await
    }

    /// Stops pulling from queues that it holds; what was pulled already still comes.
    pub fn pause(&self, queues: &[MessageQueue]) {
        self.shared.queues.pause(queues, true);
    }

    /// Goes on with paused queues.
    pub fn resume(&self, queues: &[MessageQueue]) {
        self.shared.queues.pause(queues, false);
    }

    /// Where it stands in a queue that it holds: after all that [`Self::poll`] returned, and after what was passed over because
    /// nobody wants it.
    #[must_use]
    pub fn position(&self, queue: &MessageQueue) -> Option<QueueOffset> {
        self.shared.member.offsets.position(queue)
    }

    /// The topic's queues that can be read, sorted.
    pub async fn queues(&self, topic: &str) -> Result<Vec<MessageQueue>, ConsumeError> {
        let route = self.shared.member.instance.route(topic).await?;
        Ok(route.readable.clone())
    }

    /// First offset of a queue.
    pub async fn min_offset(&self, queue: &MessageQueue) -> Result<QueueOffset, ConsumeError> {
        self.know(queue).await?;
        let broker = self.shared.member.broker(queue, Which::MasterFirst)?;
        let offset = broker.min_offset(&queue.topic, queue.id).await;
        offset.map_err(|cause| call_error(queue, cause))
    }

    /// One past the last offset of a queue.
    pub async fn max_offset(&self, queue: &MessageQueue) -> Result<QueueOffset, ConsumeError> {
        self.know(queue).await?;
        let broker = self.shared.member.broker(queue, Which::MasterFirst)?;
        let offset = broker.max_offset(&queue.topic, queue.id).await;
        offset.map_err(|cause| call_error(queue, cause))
    }

    /// Offset of the first message that was stored at `at` or later; the queue's end if there is none.
    pub async fn offset_by_time(
        &self,
        queue: &MessageQueue,
        at: Millis,
    ) -> Result<QueueOffset, ConsumeError> {
        self.know(queue).await?;
        let broker = self.shared.member.broker(queue, Which::MasterFirst)?;
        let offset = broker.offset_by_time(&queue.topic, queue.id, at).await;
        offset.map_err(|cause| call_error(queue, cause))
    }

    /// What this consumer calls itself towards brokers.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.shared.member.instance.id.text
    }

    /// Commits (if it commits automatically), leaves the group and closes the connections.
    pub async fn shutdown(&self) {
        let member = &self.shared.member;
        if member.instance.is_stopped() {
            return;
        }
        if self.shared.auto_commit.is_some() {
            member.persist().await;
        }
        self.shared.queues.drop_all();
        let group = &member.settings.group;
        member.instance.stop(None, Some(group)).await;
    }

    /// Takes a batch out of its queue's cache and moves the position on; empty if the queue is not held any more.
    fn accept(&self, batch: Batch) -> Vec<MessageView> {
        if batch.from.is_dropped() {
            return Vec::new();
        }
        batch.from.remove(&batch.messages);
        let offsets = &self.shared.member.offsets;
        offsets.set(&batch.from.queue, batch.next);
        batch.messages
    }

    async fn commit_if_due(&self) {
        let Some((interval, last)) = &self.shared.auto_commit else {
            return;
        };
        {
            let mut last = last.lock();
            if last.elapsed() < *interval {
                return;
            }
            *last = Instant::now();
        }
        self.commit().await;
    }

    fn assigned(&self, queue: &MessageQueue) -> Result<(), ConsumeError> {
        if self.shared.queues.holds(queue) {
            return Ok(());
        }
        Err(ConsumeError::NotAssigned {
            queue: queue.clone(),
        })
    }

    /// Makes sure that the addresses of the queue's broker are known.
    async fn know(&self, queue: &MessageQueue) -> Result<(), ConsumeError> {
        self.shared.member.instance.route(&queue.topic).await?;
        Ok(())
    }
}

impl Member for Shared {
    fn heartbeat(&self) -> HeartbeatData {
        self.member.heartbeat()
    }

    fn route_changed(&self) {
        self.wake.notify_one();
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.queues.drop_all();
        self.member.instance.abandon();
    }
}

impl fmt::Debug for PullConsumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PullConsumer")
            .field("group", &self.shared.member.settings.group)
            .field("client_id", &self.client_id())
            .finish_non_exhaustive()
    }
}
