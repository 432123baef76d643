//! CONSUMER_SEND_MSG_BACK: a message that could not be consumed, to be tried again later.
//!
//! The consumer names the message by its place in the log; the broker stores a copy in the group's retry topic, behind
//! the delay of its number of failures, or in the dead-letter topic when it failed too often.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use ferromq_base::{LogOffset, QueueId};
use ferromq_net::Connection;
use ferromq_storage::{IndexKeys, Queue, Reach, ReadError, Store};
use ferromq_wire::code::ResponseCode;
use ferromq_wire::message::id::OffsetMsgId;
use ferromq_wire::message::{Properties, RecordDraft, RecordRef, properties as key};
use ferromq_wire::request::ConsumerSendMsgBackRequest;
use ferromq_wire::response;
use ferromq_wire::version::Version;

use super::send::{push_level, push_real};
use crate::call::Call;
use crate::delay::DelayQueues;
use crate::delivery::ColdReads;
use crate::delivery::retry::{self, Fate};
use crate::error::Refusal;
use crate::groups::{GroupConfig, Groups};
use crate::sending::{Pending, Receipt, Stamp, Stamps, Targets, Turns, broker_not_writable};
use crate::topics::{Permission, TopicConfig, Topics};

/// Properties of the copy that the broker sets anew.
const RENEWED: [&str; 6] = [
    key::DELAY,
    key::REAL_TOPIC,
    key::REAL_QID,
    key::WAIT,
    key::RETRY_TOPIC,
    key::ORIGIN_MESSAGE_ID,
];

/// What takes failed messages on one thread.
pub(crate) struct SendBack {
    /// Picks queues.
    pub targets: Rc<Targets>,
    /// Collects records.
    pub turns: Rc<Turns>,
    /// Where retries wait.
    pub delays: Arc<DelayQueues>,
    /// Creates retry and dead-letter topics.
    pub topics: Arc<Topics>,
    /// Knows retry limits.
    pub groups: Arc<Groups>,
    /// Has the message.
    pub store: Arc<Store>,
    /// Reads it if it is on the disk only.
    pub cold: Rc<ColdReads>,
    /// What the broker is set to when the message has been read.
    pub stamps: Rc<Stamps>,
    /// Memory used again for every message.
    pub buffers: RefCell<Buffers>,
}

/// The message and its new properties.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    record: Vec<u8>,
    properties: Vec<u8>,
}

/// A message that comes back: the request, and whom to answer.
struct Returned {
    conn: Rc<Connection>,
    opaque: i32,
    is_oneway: bool,
    version: Version,
    host: SocketAddr,
    request: ConsumerSendMsgBackRequest,
}

impl SendBack {
    /// Takes a message back.
    pub(crate) fn handle(
        self: &Rc<Self>,
        call: &Call<'_>,
        stamp: &Stamp,
        host: SocketAddr,
    ) -> Result<(), Refusal> {
        let returned = Returned {
            conn: Rc::clone(call.conn),
            opaque: call.header.opaque,
            is_oneway: call.header.is_oneway(),
            version: call.header.version,
            host,
            request: call.parse()?,
        };
        // Nothing begins below zero, nor at the end of all numbers.
        let at = LogOffset(u64::try_from(returned.request.offset).unwrap_or(u64::MAX));
        let mut record = std::mem::take(&mut self.buffers.borrow_mut().record);
        record.clear();
        let read = self.store.record_within(Reach::Memory, at, &mut record);
        let taken = match read {
            Err(ReadError::Cold) => self.wait_for(returned, at),
            read => self.take(&returned, read.is_ok().then_some(&record), stamp),
        };
        self.buffers.borrow_mut().record = record;
        taken
    }

    /// Has the message read, and takes it back then.
    fn wait_for(self: &Rc<Self>, returned: Returned, at: LogOffset) -> Result<(), Refusal> {
        let this = Rc::clone(self);
        let conn = Rc::clone(&returned.conn);
        let with = move |record: Option<Vec<u8>>| {
            let taken = this.take(&returned, record.as_ref(), &this.stamps.now());
            if let Err(refusal) = taken {
                returned.answer(refusal.code, Some(&refusal.remark));
            }
        };
        if self.cold.record(&conn, at, Box::new(with)) {
            return Ok(());
        }
        let remark = "too many requests wait for the disk: ask again later";
        Err(Refusal::new(ResponseCode::SYSTEM_BUSY, remark))
    }

    /// Takes back the message in `record`, if there is one.
    fn take(
        &self,
        returned: &Returned,
        record: Option<&Vec<u8>>,
        stamp: &Stamp,
    ) -> Result<(), Refusal> {
        let request = &returned.request;
        let group = self.groups.find_or_create(&request.group);
        let group = group.ok_or_else(|| Refusal::no_group(&request.group))?;
        if !Permission::from_bits(stamp.config().broker_permission).is_writable() {
            return Err(broker_not_writable(stamp));
        }
        if group.retry_queues == 0 {
            // The group's settings say that failed messages are dropped.
            returned.answer(ResponseCode::SUCCESS, None);
            return Ok(());
        }
        let retry_topic = self.retry_topic(&group)?;
        let properties = &mut self.buffers.borrow_mut().properties;
        let message = record.and_then(|record| RecordRef::parse(record).ok());
        let message = message.ok_or_else(|| not_found(request.offset))?;
        let limit = retry::limit(request.max_reconsume_times, returned.version, &group);
        let fate = retry::sent_back(message.reconsume_times(), limit, request.delay_level);
        let queue = self.place(&fate, &group, &retry_topic, (&message, properties))?;
        let draft = copy(&message, &queue, returned.host);
        let keys = IndexKeys::of(Properties::new(properties));
        let parts = [properties.as_slice()];
        let draft = RecordDraft {
            properties: &parts,
            ..draft
        };
        // The topic the copy goes to in the end, also if it waits in another first.
        let from = match fate {
            Fate::Retry { .. } => self.topics.safe_from(&retry_topic.name),
            _ => self.topics.safe_from(queue.topic()),
        };
        let place = self
            .turns
            .push(&queue, &draft, keys)
            .map_err(|error| Refusal::not_pushed(stamp.body_bytes_max(), &error))?;
        if matches!(fate, Fate::Retry { .. }) {
            self.turns.note_delayed();
        }
        self.turns
            .request_done(returned.pending(from, place..place + 1));
        Ok(())
    }

    fn retry_topic(&self, group: &GroupConfig) -> Result<Arc<TopicConfig>, Refusal> {
        let topic = self.topics.retry_topic(&group.name, group.retry_queues)?;
        if topic.perm.is_writable() {
            return Ok(topic);
        }
        let remark = format!("the topic[{}] sending message is forbidden", topic.name);
        Err(Refusal::new(ResponseCode::NO_PERMISSION, remark))
    }

    /// Writes the properties of the copy; returns the queue it is stored in.
    fn place(
        &self,
        fate: &Fate,
        group: &GroupConfig,
        retry_topic: &TopicConfig,
        (message, properties): (&RecordRef<'_>, &mut Vec<u8>),
    ) -> Result<Arc<Queue>, Refusal> {
        properties.clear();
        key::push_without(properties, message.properties(), &RENEWED);
        push_origin(message, properties);
        let Fate::Retry { level } = *fate else {
            let dead = self.topics.dead_letter_topic(&group.name)?;
            return Ok(self.store.queue(&dead.name, QueueId(0)));
        };
        let number = QueueId(self.targets.roll(retry_topic.write_queues));
        let real = self.store.queue(&retry_topic.name, number);
        let Some(delayed) = self.delays.of_level(i64::from(level)) else {
            return Ok(real);
        };
        push_level(properties, u64::from(level.unsigned_abs()));
        push_real(properties, &real);
        Ok(Arc::clone(delayed))
    }
}

/// Appends where the message came from first, and that nobody waits for the copy.
fn push_origin(message: &RecordRef<'_>, out: &mut Vec<u8>) {
    let properties = message.properties();
    let topic = properties.get(key::RETRY_TOPIC).unwrap_or(message.topic());
    key::push(out, key::RETRY_TOPIC, topic);
    match properties.get(key::ORIGIN_MESSAGE_ID) {
        Some(id) => key::push(out, key::ORIGIN_MESSAGE_ID, id),
        None => {
            let id = OffsetMsgId {
                host: message.store_host(),
                offset: message.physical_offset(),
            };
            key::push(out, key::ORIGIN_MESSAGE_ID, &id.to_string());
        }
    }
    key::push(out, key::WAIT, "false");
}

/// The copy of a message, without its properties.
fn copy<'b>(message: &RecordRef<'b>, queue: &'b Queue, host: SocketAddr) -> RecordDraft<'b> {
    RecordDraft {
        topic: queue.topic(),
        queue_id: queue.id(),
        flag: message.flag(),
        sys_flag: message.sys_flag(),
        born_timestamp: message.born_timestamp(),
        born_host: message.born_host(),
        store_host: host,
        reconsume_times: message.reconsume_times().saturating_add(1),
        prepared_transaction_offset: 0,
        body: message.body(),
        properties: &[],
    }
}

fn not_found(offset: i64) -> Refusal {
    Refusal::unusable(format!("look message by offset failed, {offset}"))
}

impl Returned {
    /// Answers at once.
    fn answer(&self, code: ResponseCode, remark: Option<&str>) {
        if !self.is_oneway {
            response::write_status(&mut self.conn.out(), self.opaque, code, remark);
        }
    }

    /// What waits for the turn; nothing does for a one-way request.
    fn pending(&self, topic_from: u64, records: Range<usize>) -> Option<Pending> {
        if self.is_oneway {
            return None;
        }
        Some(Pending {
            conn: Rc::clone(&self.conn),
            opaque: self.opaque,
            topic_from,
            records,
            receipt: Receipt::Done,
        })
    }
}
