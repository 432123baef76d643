//! SEND_MESSAGE, both forms of its header: one message into one queue.
//!
//! Phase 1 runs on arrival: checks, then the record goes into the thread's turn. Phase 2 is the turn's: it is stored,
//! and when it may be acknowledged the reply is written.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use ferromq_base::{Clock, Millis, QueueId};
use ferromq_storage::Queue;
use ferromq_wire::code::ResponseCode;
use ferromq_wire::message::id::UniqKeys;
use ferromq_wire::message::{Properties, RecordDraft, properties as key, sysflag, topic};
use ferromq_wire::request::SendRequest;
use ferromq_wire::text::push_u64;

use crate::call::Call;
use crate::delay::DelayQueues;
use crate::delivery::retry;
use crate::error::Refusal;
use crate::groups::{Groups, QueueLocks};
use crate::host::plain;
use crate::sending::{Pending, Receipt, Stamp, Target, Targets, TopicCache, Traits, Turns};
use crate::topics::Topics;

/// What takes sends on one thread.
pub(crate) struct Send {
    /// Finds and checks topics and queues.
    pub targets: Rc<Targets>,
    /// Knows topics met before.
    pub cache: Rc<TopicCache>,
    /// Collects records.
    pub turns: Rc<Turns>,
    /// Where delayed messages wait.
    pub delays: Arc<DelayQueues>,
    /// Creates dead-letter topics.
    pub topics: Arc<Topics>,
    /// Knows retry limits.
    pub groups: Arc<Groups>,
    /// Tells orderly groups.
    pub locks: Arc<QueueLocks>,
    /// Makes the keys that producers left out.
    pub uniq_keys: Arc<UniqKeys>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Memory used again for every message.
    pub buffers: RefCell<Buffers>,
}

/// Parts of the property string that must be built.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    kept: Vec<u8>,
    added: Vec<u8>,
}

/// Properties that a delayed message does not keep as sent: times of its own lose against the level, and the level is
/// written as it counts, which is the last one if the producer asked for one beyond it.
const LEVEL_AND_TIMES: [&str; 4] = [
    key::DELAY,
    key::TIMER_DELAY_SEC,
    key::TIMER_DELAY_MS,
    key::TIMER_DELIVER_MS,
];

impl Send {
    /// Takes a single message.
    pub(crate) fn handle(
        &self,
        call: &Call<'_>,
        request: &SendRequest<'_>,
        stamp: &Stamp,
        host: SocketAddr,
    ) -> Result<(), Refusal> {
        if call.body.is_empty() {
            return Err(Refusal::unusable("the message has no body"));
        }
        let mut target = self.targets.find(request, stamp, call.conn.peer())?;
        let shown = target.queue;
        let mut traits = Traits::of(Properties::new(request.properties.as_bytes()));
        let is_dead = self.goes_to_dead_letters(call, request)?;
        if is_dead {
            traits.delay = None;
            target = self.dead_letters(request)?;
        }
        check_kind(&target, request, &traits)?;
        check_size(call.body, stamp)?;
        let message = Message {
            call,
            request,
            stamp,
            host,
            traits,
            is_dead,
        };
        let (place, uniq_key) = self.push(&message, &target)?;
        let receipt = Receipt::Send {
            host,
            queue_id: shown,
            uniq_key,
        };
        let from = target.topic.safe_from();
        self.turns
            .request_done(pending(call, from, place..place + 1, receipt));
        Ok(())
    }

    /// Puts the message into the turn; returns its place and that of its unique key.
    fn push(
        &self,
        message: &Message<'_>,
        target: &Target,
    ) -> Result<(usize, Range<usize>), Refusal> {
        let Buffers { kept, added } = &mut *self.buffers.borrow_mut();
        added.clear();
        let made_key = self.uniq_key(&message.traits, added);
        let real = target.topic.queue(target.queue);
        let delayed = self.delayed(&message.traits)?;
        if let Some(delayed) = delayed {
            // The queues of the schedule topic are counted from 0, the levels from 1.
            push_level(added, u64::from(delayed.id().0) + 1);
            push_real(added, &real);
            self.turns.note_delayed();
        }
        let properties = Properties::new(message.request.properties.as_bytes());
        let left_out = message.left_out(delayed.is_some());
        let parts = [
            message.traits.kept(properties, left_out, kept),
            message.stamp.properties(),
            added,
        ];
        let mut keys = message.traits.index;
        if let Some(made) = made_key {
            keys.unique_key = std::str::from_utf8(&added[made]).unwrap_or_default();
        }
        let key = |text: &mut Vec<u8>| text.extend_from_slice(keys.unique_key.as_bytes());
        let key = self.turns.keep_key(key);
        let queue = delayed.unwrap_or(&real);
        let pushed = self.turns.push(queue, &message.draft(queue, &parts), keys);
        let place =
            pushed.map_err(|error| Refusal::not_pushed(message.stamp.body_bytes_max(), &error))?;
        Ok((place, key))
    }

    /// Appends a unique key property if the producer left it out; returns where the key is.
    fn uniq_key(&self, traits: &Traits<'_>, added: &mut Vec<u8>) -> Option<Range<usize>> {
        if !traits.index.unique_key.is_empty() {
            return None;
        }
        added.extend_from_slice(key::UNIQ_KEY.as_bytes());
        added.push(key::NAME_VALUE_SEPARATOR);
        let start = added.len();
        self.uniq_keys.write(self.clock.now(), added);
        let end = added.len();
        added.push(key::PROPERTY_SEPARATOR);
        Some(start..end)
    }

    /// The schedule queue of the message's delay level, if it has one.
    fn delayed(&self, traits: &Traits<'_>) -> Result<Option<&Arc<Queue>>, Refusal> {
        let Some(text) = traits.delay else {
            return Ok(None);
        };
        let Ok(level) = text.parse::<i32>() else {
            let remark = format!("property DELAY is {text:?}, expected a delay level such as 3");
            return Err(Refusal::new(ResponseCode::MESSAGE_ILLEGAL, remark));
        };
        Ok(self.delays.of_level(i64::from(level)))
    }

    /// Whether a consumer sent this to its retry topic for the last time. Orderly consumers, who hold locks, do so only
    /// when they have given up.
    fn goes_to_dead_letters(
        &self,
        call: &Call<'_>,
        request: &SendRequest<'_>,
    ) -> Result<bool, Refusal> {
        let Some(group) = topic::group_of_retry(request.topic) else {
            return Ok(false);
        };
        let settings = self.groups.find_or_create(group);
        let settings = settings.ok_or_else(|| Refusal::no_group(group))?;
        let limit = retry::limit(request.max_reconsume_times, call.header.version, &settings);
        Ok(retry::resent_is_dead(request.reconsume_times, limit) || self.locks.is_any_held(group))
    }

    fn dead_letters(&self, request: &SendRequest<'_>) -> Result<Target, Refusal> {
        let group = topic::group_of_retry(request.topic).unwrap_or_default();
        let config = self.topics.dead_letter_topic(group)?;
        let gone = || Refusal::no_topic(&config.name);
        Ok(Target {
            topic: self.cache.find(&config.name).ok_or_else(gone)?,
            queue: QueueId(0),
        })
    }
}

/// A message that passed the checks.
struct Message<'a> {
    call: &'a Call<'a>,
    request: &'a SendRequest<'a>,
    stamp: &'a Stamp,
    host: SocketAddr,
    traits: Traits<'a>,
    is_dead: bool,
}

impl Message<'_> {
    /// Properties that must not be stored.
    fn left_out(&self, is_delayed: bool) -> &'static [&'static str] {
        if self.is_dead {
            return &[key::DELAY];
        }
        if is_delayed {
            return &LEVEL_AND_TIMES;
        }
        &[]
    }

    fn draft<'b>(&'b self, queue: &'b Queue, properties: &'b [&'b [u8]]) -> RecordDraft<'b> {
        RecordDraft {
            topic: queue.topic(),
            queue_id: queue.id(),
            flag: self.request.flag,
            sys_flag: self.request.sys_flag,
            born_timestamp: Millis(self.request.born_timestamp),
            born_host: plain(self.call.conn.peer()),
            store_host: self.host,
            reconsume_times: self.request.reconsume_times,
            prepared_transaction_offset: 0,
            body: self.call.body,
            properties,
        }
    }
}

/// What waits for the turn, and for the topic to be safe; nothing does for a one-way request.
pub(super) fn pending(
    call: &Call<'_>,
    topic_from: u64,
    records: Range<usize>,
    receipt: Receipt,
) -> Option<Pending> {
    if call.header.is_oneway() {
        return None;
    }
    Some(Pending {
        conn: Rc::clone(call.conn),
        opaque: call.header.opaque,
        topic_from,
        records,
        receipt,
    })
}

/// Appends a delay level.
pub(super) fn push_level(out: &mut Vec<u8>, level: u64) {
    out.extend_from_slice(key::DELAY.as_bytes());
    out.push(key::NAME_VALUE_SEPARATOR);
    push_u64(out, level);
    out.push(key::PROPERTY_SEPARATOR);
}

/// Appends where a delayed message really belongs.
pub(super) fn push_real(out: &mut Vec<u8>, real: &Queue) {
    key::push(out, key::REAL_TOPIC, real.topic());
    out.extend_from_slice(key::REAL_QID.as_bytes());
    out.push(key::NAME_VALUE_SEPARATOR);
    push_u64(out, u64::from(real.id().0));
    out.push(key::PROPERTY_SEPARATOR);
}

/// Refuses kinds of messages that must not be stored as if they were ordinary.
fn check_kind(
    target: &Target,
    request: &SendRequest<'_>,
    traits: &Traits<'_>,
) -> Result<(), Refusal> {
    let attributes = &target.topic.config().attributes;
    if !attributes.is_empty()
        && attributes
            .get("cleanup.policy")
            .is_some_and(|policy| policy == "COMPACTION")
        && traits.index.keys.trim().is_empty()
    {
        let remark = "Required message key is missing";
        return Err(Refusal::new(ResponseCode::MESSAGE_ILLEGAL, remark));
    }
    if traits.is_half || sysflag::transaction(request.sys_flag) != 0 {
        return Err(Refusal::unsupported("transactional messages"));
    }
    if traits.is_inner_batch
        || request.sys_flag & (sysflag::INNER_BATCH | sysflag::NEED_UNWRAP) != 0
    {
        let remark = "a message that is an inner batch may only be sent to a topic of type BatchCQ";
        return Err(Refusal::new(ResponseCode::MESSAGE_ILLEGAL, remark));
    }
    let has_level = traits
        .delay
        .is_some_and(|level| !level.starts_with('-') && level != "0");
    if traits.is_timed && !has_level {
        return Err(Refusal::unsupported(
            "messages for a time of their own (TIMER_ properties); delay levels (DELAY) do work",
        ));
    }
    Ok(())
}

/// Refuses a body beyond `maxMessageSize`.
pub(super) fn check_size(body: &[u8], stamp: &Stamp) -> Result<(), Refusal> {
    let limit = stamp.body_bytes_max();
    if limit < body.len() {
        let why = format!("a body of {} bytes", body.len());
        return Err(Refusal::illegal_message(limit, why));
    }
    Ok(())
}
