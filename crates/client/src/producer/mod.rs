//! Sending messages.

mod builder;
mod check;
mod encode;
mod fault;
mod post;
mod result;
mod select;
pub(crate) mod sender;

use std::fmt;
use std::sync::Arc;

use ferromq_wire::body::{HeartbeatData, ProducerData};
use ferromq_wire::message::topic;

pub use self::builder::ProducerBuilder;
use self::encode::Encoded;
use self::post::Posting;
pub use self::post::{OnPostError, ProducerStats};
pub use self::result::{SendResult, SendStatus};
pub use self::select::by_key;
use self::sender::{Extra, Sender};
use crate::error::SendError;
use crate::instance::Member;
use crate::message::Message;
use crate::queue::MessageQueue;

/// Sends messages. Cheap to clone; all clones are one producer with one set of connections. Meant to live as long as the
/// program and to be used by many tasks at once.
///
/// ```no_run
/// use ferromq_client::{Message, Producer};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let producer = Producer::builder("order-service")
///     .name_servers("127.0.0.1:9876")
///     .start()
///     .await?;
/// let sent = producer
///     .send(Message::new("orders", "42 paid").with_tag("paid").with_key("order-42"))
///     .await?;
/// println!("{} is at {} of {}", sent.message_id, sent.queue_offset, sent.queue);
/// producer.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Producer {
    shared: Arc<Shared>,
}

struct Shared {
    group: String,
    sender: Sender,
    limits: BodyLimits,
    posting: Posting,
}

#[derive(Clone, Copy, Debug)]
struct BodyLimits {
    /// Largest body in bytes, before compression.
    body_bytes_max: usize,
    /// Bodies of at least this size are compressed.
    compress_over: usize,
}

impl Producer {
    /// Begins to build a producer of `group`. Producers that do the same share a group name.
    pub fn builder(group: impl Into<String>) -> ProducerBuilder {
        ProducerBuilder::new(group.into())
    }

    /// Sends a message and waits until the broker has stored it. If the broker fails, another one is tried.
    ///
    /// A failure does not always mean that the message is not stored: see [`SendError::may_be_stored`].
    pub async fn send(&self, message: Message) -> Result<SendResult, SendError> {
        let encoded = self.encode(&message)?;
        let extra = Extra::of(&message);
        let sender = &self.shared.sender;
        sender.send_anywhere(&message.topic, &encoded, extra).await
    }

    /// Sends a message to exactly this queue, once: no other queue is tried if its broker fails.
    pub async fn send_to(
        &self,
        message: Message,
        queue: &MessageQueue,
    ) -> Result<SendResult, SendError> {
        if *message.topic != *queue.topic {
            return Err(SendError::BadMessage {
                why: format!("its topic is not that of the queue {queue}"),
                topic: message.topic,
            });
        }
        let encoded = self.encode(&message)?;
        let sender = &self.shared.sender;
        sender.send_to(queue, &encoded, Extra::of(&message)).await
    }

    /// Sends a message to the queue that `select` chooses among all writable ones, which are sorted; once.
    pub async fn send_selected(
        &self,
        message: Message,
        select: impl FnOnce(&[MessageQueue]) -> Option<&MessageQueue>,
    ) -> Result<SendResult, SendError> {
        self.check(&message)?;
        let route = self.shared.sender.queues(&message.topic).await?;
        let Some(queue) = select(&route.writable).cloned() else {
            return Err(SendError::BadMessage {
                topic: message.topic,
                why: "the selector chose no queue".to_owned(),
            });
        };
        self.send_to(message, &queue).await
    }

    /// Sends a message so that all messages of its topic with the same `key` come into the same queue, in the order in which
    /// they were sent (one after the other). With an orderly consumer they are also consumed in that order.
    pub async fn send_in_order(
        &self,
        message: Message,
        key: &str,
    ) -> Result<SendResult, SendError> {
        self.send_selected(message, |queues| by_key(queues, key))
            .await
    }

    /// Hands a message to the network and waits for nothing: neither success nor failure on the broker is noticed.
    pub async fn send_one_way(&self, message: Message) -> Result<(), SendError> {
        let encoded = self.encode(&message)?;
        let extra = Extra::of(&message);
        let sender = &self.shared.sender;
        sender.send_one_way(&message.topic, &encoded, extra).await
    }

    /// Sends several messages of one topic in one request; they are stored together, one after the other, in one queue.
    ///
    /// Together they may not be larger than a single message may be; delayed messages cannot be in a batch.
    pub async fn send_batch(&self, messages: Vec<Message>) -> Result<SendResult, SendError> {
        let topic = self.check_batch(&messages)?;
        let ids: Vec<String> = messages
            .iter()
            .map(|_| self.shared.sender.next_id())
            .collect();
        let encoded = encode::batch(&messages, &ids)?;
        let limit = self.shared.limits.body_bytes_max;
        if encoded.body.len() > limit {
            let bytes = encoded.body.len();
            return Err(SendError::BadMessage {
                topic,
                why: format!("the batch has {bytes} bytes, the limit is {limit}; send it in parts"),
            });
        }
        let sender = &self.shared.sender;
        sender
            .send_anywhere(&topic, &encoded, Extra::default())
            .await
    }

    /// Sends a message in the background. Returns when there is room among the messages in flight (see
    /// [`ProducerBuilder::in_flight_max`]); whether it was stored is told to [`ProducerBuilder::on_post_error`] and counted in
    /// [`Self::stats`]. The order among posted messages is not kept.
    pub async fn post(&self, message: Message) -> Result<(), SendError> {
        self.check(&message)?;
        self.stopped()?;
        let room = self.shared.posting.enter(message.body.len()).await;
        let producer = self.clone();
        tokio::spawn(async move {
            let for_error = message.clone();
            let outcome = producer.send(message).await;
            producer.shared.posting.done(&for_error, outcome);
            drop(room);
        });
        Ok(())
    }

    /// Waits until no posted message is in flight.
    pub async fn flush(&self) {
        self.shared.posting.empty().await;
    }

    /// Counters of posted messages.
    #[must_use]
    pub fn stats(&self) -> ProducerStats {
        self.shared.posting.stats()
    }

    /// The topic's queues that can be written, sorted.
    pub async fn queues(&self, topic: &str) -> Result<Vec<MessageQueue>, SendError> {
        let route = self.shared.sender.queues(topic).await?;
        Ok(route.writable.clone())
    }

    /// What this producer calls itself towards brokers.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.shared.sender.instance.id.text
    }

    /// Waits for posted messages, says goodbye to the brokers and closes the connections. Later sends fail.
    pub async fn shutdown(&self) {
        self.flush().await;
        let instance = &self.shared.sender.instance;
        instance.stop(Some(&self.shared.group), None).await;
    }

    fn encode(&self, message: &Message) -> Result<Encoded, SendError> {
        self.stopped()?;
        self.check(message)?;
        let id = self.shared.sender.next_id();
        encode::single(message, id, self.shared.limits.compress_over)
    }

    fn check(&self, message: &Message) -> Result<(), SendError> {
        check::check(message, self.shared.limits.body_bytes_max)
    }

    fn check_batch(&self, messages: &[Message]) -> Result<String, SendError> {
        self.stopped()?;
        let topic = messages
            .first()
            .map(|first| first.topic.clone())
            .unwrap_or_default();
        let bad = |why: &str| {
            Err(SendError::BadMessage {
                topic: topic.clone(),
                why: why.to_owned(),
            })
        };
        if messages.is_empty() {
            return bad("the batch is empty");
        }
        if topic::is_retry(&topic) {
            return bad("retry topics take no batches");
        }
        for message in messages {
            self.check(message)?;
            if message.topic != topic {
                return bad("all messages of a batch must have the same topic");
            }
            if message
                .property(ferromq_wire::message::properties::DELAY)
                .is_some()
            {
                return bad("a message of a batch cannot be delayed");
            }
        }
        Ok(topic)
    }

    fn stopped(&self) -> Result<(), SendError> {
        if self.shared.sender.instance.is_stopped() {
            return Err(SendError::Stopped);
        }
        Ok(())
    }
}

impl Extra {
    fn of(message: &Message) -> Self {
        Self {
            flag: message.flag,
            ..Self::default()
        }
    }
}

impl Member for Shared {
    fn heartbeat(&self) -> HeartbeatData {
        HeartbeatData {
            producer_data_set: vec![ProducerData {
                group_name: self.group.clone(),
            }],
            ..HeartbeatData::default()
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.sender.instance.abandon();
    }
}

impl fmt::Debug for Producer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer")
            .field("group", &self.shared.group)
            .field("client_id", &self.client_id())
            .finish_non_exhaustive()
    }
}
