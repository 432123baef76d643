//! Getting an encoded message to a broker: choosing a queue, trying again elsewhere.

use std::sync::Arc;
use std::time::Duration;

use ferromq_base::{Clock, QueueOffset, SystemClock};
use ferromq_rpc::broker::{Broker, SendAnswer};
use ferromq_rpc::{CallError, Retry};
use ferromq_wire::code::ResponseCode;
use ferromq_wire::message::id::UniqKeys;
use ferromq_wire::message::properties;
use ferromq_wire::message::topic::AUTO_CREATE_TOPIC_KEY_TOPIC;
use ferromq_wire::request::SendRequest;
use tokio::time::Instant;

use super::encode::{self, Encoded};
use super::fault::FaultTable;
use super::result::SendResult;
use super::select::RoundRobin;
use crate::error::{RouteError, SendError};
use crate::instance::route::TopicRoute;
use crate::instance::{Instance, Which};
use crate::message::Message;
use crate::queue::MessageQueue;

/// How messages are sent.
#[derive(Clone, Debug)]
pub(crate) struct SendSettings {
    /// Time for a send with all its attempts.
    pub(crate) timeout: Duration,
    /// Attempts after the first.
    pub(crate) retries: u32,
    /// Queues wanted for a topic that does not exist yet.
    pub(crate) default_topic_queues: u32,
}

impl Default for SendSettings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(3),
            retries: 2,
            default_topic_queues: 4,
        }
    }
}

/// What of a message is not in its encoded form.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extra {
    pub(crate) flag: i32,
    pub(crate) reconsume_times: u32,
    pub(crate) max_reconsume_times: Option<u32>,
}

/// Sends encoded messages on behalf of a group.
pub(crate) struct Sender {
    pub(crate) instance: Arc<Instance>,
    group: String,
    settings: SendSettings,
    turn: RoundRobin,
    faults: FaultTable,
    ids: UniqKeys,
}

impl Sender {
    pub(crate) fn new(instance: Arc<Instance>, group: &str, settings: SendSettings) -> Self {
        let ids = instance.id.unique_keys();
        let start = usize::try_from(SystemClock.now().0).unwrap_or(0);
        Self {
            instance,
            group: group.to_owned(),
            settings,
            turn: RoundRobin::starting_at(start),
            faults: FaultTable::default(),
            ids,
        }
    }

    /// A new message id.
    pub(super) fn next_id(&self) -> String {
        self.ids.next(SystemClock.now())
    }

    /// Sends to any queue of the topic, trying others if that helps.
    pub(super) async fn send_anywhere(
        &self,
        topic: &str,
        encoded: &Encoded,
        extra: Extra,
    ) -> Result<SendResult, SendError> {
        let deadline = Instant::now() + self.settings.timeout;
        let mut avoid: Option<Arc<str>> = None;
        let mut attempts = 0;
        loop {
            let queue = self.pick(topic, avoid.as_deref()).await?;
            attempts += 1;
            let failed = match self.attempt(&queue, encoded, extra, deadline).await {
                Ok(sent) => return Ok(sent),
                Err(error) => error,
            };
            let over = attempts > self.settings.retries || Instant::now() >= deadline;
            if over || !may_try_again(&failed) {
                return Err(with_attempts(failed, attempts));
            }
            tracing::debug!(%queue, attempts, error = %failed, "send failed, trying elsewhere");
            if matches!(&failed, SendError::Failed { cause, .. } if cause.retry() == Retry::Later) {
                tokio::time::sleep(BUSY_PAUSE).await;
            }
            avoid = Some(queue.broker);
        }
    }

    /// Sends a copy of a message that was received, with the id it has.
    pub(crate) async fn resend(&self, message: &Message, extra: Extra) -> Result<(), SendError> {
        let id = message
            .property(properties::UNIQ_KEY)
            .map(ToOwned::to_owned);
        let id = id.unwrap_or_else(|| self.next_id());
        let encoded = encode::single(message, id, encode::COMPRESS_OVER)?;
        let sent = self.send_anywhere(&message.topic, &encoded, extra).await;
        sent.map(drop)
    }

    /// Sends to exactly this queue, once.
    pub(super) async fn send_to(
        &self,
        queue: &MessageQueue,
        encoded: &Encoded,
        extra: Extra,
    ) -> Result<SendResult, SendError> {
        if self.instance.broker_of(queue, Which::Master).is_none() {
            self.route(&queue.topic).await?;
        }
        let deadline = Instant::now() + self.settings.timeout;
        self.attempt(queue, encoded, extra, deadline).await
    }

    /// Hands over without an answer, once.
    pub(super) async fn send_one_way(
        &self,
        topic: &str,
        encoded: &Encoded,
        extra: Extra,
    ) -> Result<(), SendError> {
        let queue = self.pick(topic, None).await?;
        let broker = self.master(&queue)?;
        let request = self.request(&queue, encoded, extra);
        let body = encoded.body.clone();
        let sent = broker
            .send_one_way(&request, body, self.settings.timeout)
            .await;
        sent.map_err(|cause| self.failure(queue, cause))
    }

    /// Queues of the topic that can be written.
    pub(super) async fn queues(&self, topic: &str) -> Result<Arc<TopicRoute>, SendError> {
        let route = self.route(topic).await?;
        if route.writable.is_empty() {
            self.instance.doubt(topic);
            return Err(SendError::NoWritableQueue {
                topic: topic.to_owned(),
            });
        }
        Ok(route)
    }

    async fn pick(&self, topic: &str, avoid: Option<&str>) -> Result<MessageQueue, SendError> {
        let route = self.queues(topic).await?;
        let queue = self.turn.pick(&route.writable, avoid, &self.faults);
        Ok(queue.expect("the list was found not to be empty").clone())
    }

    /// The topic's route; for a topic that does not exist, the one that it will have when the broker makes it.
    async fn route(&self, topic: &str) -> Result<Arc<TopicRoute>, SendError> {
        let missing = match self.instance.route(topic).await {
            Ok(route) => return Ok(route),
            Err(error @ RouteError::NoRoute { .. }) => error,
            Err(error) => return Err(error.into()),
        };
        let wanted = self.settings.default_topic_queues;
        match self.instance.template_route(topic, wanted).await {
            Ok(route) => {
                // The real route is asked for until it is there.
                self.instance.watch(topic);
                self.instance.hurry();
                Ok(Arc::new(route))
            }
            Err(RouteError::NoRoute { .. }) => Err(missing.into()),
            Err(error) => Err(error.into()),
        }
    }

    async fn attempt(
        &self,
        queue: &MessageQueue,
        encoded: &Encoded,
        extra: Extra,
        deadline: Instant,
    ) -> Result<SendResult, SendError> {
        let start = Instant::now();
        let left = deadline.saturating_duration_since(start);
        if left.is_zero() {
            return Err(SendError::TimedOut {
                topic: queue.topic.to_string(),
                after: self.settings.timeout,
            });
        }
        let broker = self.master(queue)?;
        let request = self.request(queue, encoded, extra);
        match broker.send(&request, encoded.body.clone(), left).await {
            Ok(answer) => {
                self.faults.took(&queue.broker, start.elapsed());
                Ok(sent(queue, encoded, answer))
            }
            Err(cause) => Err(self.failure(queue.clone(), cause)),
        }
    }

    fn master(&self, queue: &MessageQueue) -> Result<Broker, SendError> {
        let broker = self.instance.broker_of(queue, Which::Master);
        broker.ok_or_else(|| SendError::NoBroker {
            broker: queue.broker.to_string(),
        })
    }

    /// Notes a failure so that the next send knows of it.
    fn failure(&self, queue: MessageQueue, cause: CallError) -> SendError {
        if cause.is_transport() || cause.retry() == Retry::Elsewhere {
            self.faults.failed(&queue.broker);
        }
        if cause.is_transport() {
            self.instance.suspect_routes();
        }
        if cause.is(ResponseCode::TOPIC_NOT_EXIST) || cause.is(ResponseCode::INVALID_PARAMETER) {
            self.instance.doubt(&queue.topic);
        }
        SendError::Failed {
            queue,
            attempts: 1,
            cause,
        }
    }

    fn request<'a>(
        &'a self,
        queue: &'a MessageQueue,
        encoded: &'a Encoded,
        extra: Extra,
    ) -> SendRequest<'a> {
        SendRequest {
            producer_group: &self.group,
            topic: &queue.topic,
            default_topic: AUTO_CREATE_TOPIC_KEY_TOPIC,
            default_topic_queue_nums: wire_number(self.settings.default_topic_queues),
            queue_id: wire_number(queue.id.0),
            sys_flag: encoded.sys_flag,
            born_timestamp: SystemClock.now().0,
            flag: extra.flag,
            properties: &encoded.properties,
            reconsume_times: wire_number(extra.reconsume_times),
            unit_mode: false,
            max_reconsume_times: extra.max_reconsume_times.map(wire_number),
            batch: encoded.batch,
            broker_name: Some(&queue.broker),
        }
    }
}

fn wire_number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Pause before a busy broker is tried again.
const BUSY_PAUSE: Duration = Duration::from_millis(20);

fn may_try_again(error: &SendError) -> bool {
    match error {
        SendError::Failed { cause, .. } => cause.retry() != Retry::Never,
        SendError::NoBroker { .. } => true,
        _ => false,
    }
}

fn with_attempts(error: SendError, count: u32) -> SendError {
    match error {
        SendError::Failed { queue, cause, .. } => SendError::Failed {
            queue,
            attempts: count,
            cause,
        },
        other => other,
    }
}

fn sent(queue: &MessageQueue, encoded: &Encoded, answer: SendAnswer) -> SendResult {
    // The broker chooses the queue of a message that asks for none; otherwise it repeats what it was told.
    let id = u32::try_from(answer.header.queue_id).unwrap_or(queue.id.0);
    SendResult {
        status: answer.code.into(),
        message_id: encoded.message_id.clone(),
        offset_message_id: answer.header.msg_id,
        queue: MessageQueue::new(Arc::clone(&queue.topic), Arc::clone(&queue.broker), id),
        queue_offset: QueueOffset(u64::try_from(answer.header.queue_offset).unwrap_or(0)),
        transaction_id: answer.header.transaction_id,
    }
}
