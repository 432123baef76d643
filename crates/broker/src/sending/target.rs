//! Where a send goes: the checks of topic and queue, in RocketMQ's order.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use ferromq_base::QueueId;
use ferromq_wire::code::ResponseCode;
use ferromq_wire::message::topic;
use ferromq_wire::request::SendRequest;

use super::{CachedTopic, Stamp, TopicCache};
use crate::error::Refusal;
use crate::topics::{CreateOnSend, Permission, Topics};

/// Bit of a topic's system flags: its producers are in unit mode.
const UNIT_FLAG: u32 = 1;

/// The topic and queue of a send.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The topic.
    pub topic: Rc<CachedTopic>,
    /// The queue asked for, or picked.
    pub queue: QueueId,
}

/// Finds targets.
#[derive(Debug)]
pub(crate) struct Targets {
    cache: Rc<TopicCache>,
    topics: Arc<Topics>,
    dice: Cell<u64>,
}

impl Targets {
    /// Targets among `topics`; `seed` makes threads pick different queues.
    pub(crate) fn new(cache: Rc<TopicCache>, topics: Arc<Topics>, seed: u64) -> Self {
        Self {
            cache,
            topics,
            dice: Cell::new(seed | 1),
        }
    }

    /// Checks topic and queue of a send; creates the topic if it may be created.
    pub(crate) fn find(
        &self,
        request: &SendRequest<'_>,
        stamp: &Stamp,
        peer: SocketAddr,
    ) -> Result<Target, Refusal> {
        let cached = self.cache.find(request.topic);
        if let Some(topic) = &cached {
            check_order(topic, stamp)?;
        }
        let topic = match cached {
            Some(topic) if !topic.is_send_forbidden() => topic,
            _ => self.create(request, stamp)?,
        };
        let queue = self.queue(request.queue_id, &topic, peer)?;
        Ok(Target { topic, queue })
    }

    /// A random number below `bound`; 0 if there is none.
    pub(crate) fn roll(&self, bound: u32) -> u32 {
        let mut x = self.dice.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.dice.set(x);
        u32::try_from(x % u64::from(bound.max(1))).unwrap_or(0)
    }

    fn create(&self, request: &SendRequest<'_>, stamp: &Stamp) -> Result<Rc<CachedTopic>, Refusal> {
        topic::validate_topic(request.topic)?;
        if topic::is_send_forbidden(request.topic) {
            let remark = format!("Sending message to topic[{}] is forbidden.", request.topic);
            return Err(Refusal::new(ResponseCode::NO_PERMISSION, remark));
        }
        self.topics.create_on_send(CreateOnSend {
            topic: request.topic,
            template: request.default_topic,
            queues: request.default_topic_queue_nums,
            sys_flag: if request.unit_mode { UNIT_FLAG } else { 0 },
            auto_create: stamp.config().auto_create_topic_enable,
        })?;
        let gone = || Refusal::no_topic(request.topic);
        self.cache.find(request.topic).ok_or_else(gone)
    }

    fn queue(&self, asked: i32, topic: &CachedTopic, peer: SocketAddr) -> Result<QueueId, Refusal> {
        let config = topic.config();
        let queue = match u32::try_from(asked) {
            Ok(queue) => queue,
            Err(_) => self.roll(config.write_queues),
        };
        if config.queues() <= queue {
            let remark = format!(
                "request queueId[{asked}] is illegal, topic {} has {} write queues and {} read queues. Producer: {peer}",
                config.name, config.write_queues, config.read_queues
            );
            return Err(Refusal::new(ResponseCode::INVALID_PARAMETER, remark));
        }
        Ok(QueueId(queue))
    }
}

/// A broker that must not be written to still takes sends to topics without an order configuration: producers learn
/// from the routes to choose another broker.
fn check_order(topic: &CachedTopic, stamp: &Stamp) -> Result<(), Refusal> {
    let permission = Permission::from_bits(stamp.config().broker_permission);
    if permission.is_writable() || !topic.config().order {
        return Ok(());
    }
    Err(broker_not_writable(stamp))
}

/// The refusal of a broker that must not be written to.
pub(crate) fn broker_not_writable(stamp: &Stamp) -> Refusal {
    let remark = format!(
        "the broker[{}] sending message is forbidden",
        stamp.config().broker_name
    );
    Refusal::new(ResponseCode::NO_PERMISSION, remark)
}
