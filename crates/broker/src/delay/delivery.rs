//! Delivering what is due: one pass over all levels, without sleeping.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use ferromq_base::{Clock, Millis, QueueId, QueueOffset};
use ferromq_storage::{
    AppendError, IndexKeys, Queue, ReadLimits, ReadOutcome, ReadStatus, Store, Turn,
};
use ferromq_wire::message::properties as key;
use ferromq_wire::message::{RecordDraft, RecordRef, topic};

use super::levels::DelayQueues;
use super::progress::Progress;
use crate::delivery::Announcements;
use crate::topics::Topics;

/// Messages read and stored again at a time.
const BATCH: ReadLimits = ReadLimits {
    count: 32,
    bytes: 1 << 20,
};
/// After a failed read the next attempt is made this much later.
const READ_RETRY: Duration = Duration::from_secs(10);

/// Moves due messages from the schedule topic to their real topics.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) queues: Arc<DelayQueues>,
    pub(super) progress: Progress,
    pub(super) topics: Arc<Topics>,
    pub(super) announcements: Arc<Announcements>,
    pub(super) store: Arc<Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) buffers: Buffers,
}

/// Memory used again for every batch.
#[derive(Debug)]
pub(super) struct Buffers {
    turn: Turn,
    records: Vec<u8>,
}

impl Buffers {
    pub(super) fn new(store: &Store) -> Self {
        Self {
            turn: store.turn(),
            records: Vec::new(),
        }
    }
}

/// A level's queue at one look.
enum Look {
    /// So many bytes of due records are in the buffer; the next look begins at the offset.
    Due(QueueOffset),
    /// Nothing to deliver here, but further on.
    Skip(QueueOffset),
    /// Nothing before this time.
    NotBefore(Millis),
    /// Nothing at all.
    Empty,
}

impl Delivery {
    /// Delivers everything due now; returns when the next message is due, if there is one.
    pub(super) fn turn(&mut self) -> Result<Option<Millis>, AppendError> {
        let queues = Arc::clone(&self.queues);
        let mut next: Option<Millis> = None;
        for ((delay, queue), level) in queues.all().iter().zip(1..) {
            if let Some(due) = self.level(level, *delay, queue)? {
                next = Some(next.map_or(due, |next| next.min(due)));
            }
        }
        Ok(next)
    }

    fn level(
        &mut self,
        level: u32,
        delay: Duration,
        queue: &Arc<Queue>,
    ) -> Result<Option<Millis>, AppendError> {
        loop {
            match self.look(level, delay, queue) {
                Look::Empty => return Ok(None),
                Look::NotBefore(due) => return Ok(Some(due)),
                Look::Skip(next) => self.progress.set(level, next),
                Look::Due(next) => {
                    self.deliver()?;
                    self.progress.set(level, next);
                }
            }
        }
    }

    fn look(&mut self, level: u32, delay: Duration, queue: &Queue) -> Look {
        let from = self.progress.next(level);
        let now = self.clock.now();
        // A time further away than the delay means that the clock went back or the level was made shorter: deliver now.
        let latest = now.after(delay);
        let not_before = Cell::new(None);
        let is_due = |due: i64| {
            let due = Millis(due);
            if not_before.get().is_none() && now < due && due <= latest {
                not_before.set(Some(due));
            }
            not_before.get().is_none()
        };
        self.buffers.records.clear();
        let outcome = self
            .store
            .read(queue, from, BATCH, &is_due, &mut self.buffers.records);
        match outcome {
            Ok(outcome) => seen(outcome, from, not_before.get(), &self.buffers.records),
            Err(error) => {
                tracing::error!(level, %from, %error, "cannot read a delayed message");
                Look::NotBefore(now.after(READ_RETRY))
            }
        }
    }

    /// Stores the records in the buffer under their real topics, all or none.
    fn deliver(&mut self) -> Result<(), AppendError> {
        let Buffers { turn, records } = &mut self.buffers;
        let mut rest = records.as_slice();
        turn.clear();
        while !rest.is_empty() {
            let Ok(record) = RecordRef::parse(rest) else {
                tracing::error!("a delayed message is damaged and is skipped");
                break;
            };
            rest = &rest[record.size()..];
            restore(&record, &self.topics, &self.store, turn);
        }
        if turn.is_empty() {
            return Ok(());
        }
        let end = self.store.append_wait(turn)?;
        self.announcements.stored(turn, end, false, None);
        Ok(())
    }
}

/// What a read means for the level.
fn seen(
    outcome: ReadOutcome,
    from: QueueOffset,
    not_before: Option<Millis>,
    records: &[u8],
) -> Look {
    match outcome.status {
        ReadStatus::Found => Look::Due(after_last(records).unwrap_or(from.plus(1))),
        ReadStatus::NoMatchedMessage => match not_before {
            Some(due) => Look::NotBefore(due),
            None => skip(from, outcome.next_begin),
        },
        ReadStatus::OffsetTooSmall => skip(from, outcome.min),
        ReadStatus::OffsetOverflowBadly => skip(from, outcome.max),
        ReadStatus::MessageWasRemoving | ReadStatus::OffsetFoundNull => {
            skip(from, outcome.next_begin)
        }
        ReadStatus::NoMessageInQueue | ReadStatus::OffsetOverflowOne => Look::Empty,
    }
}

/// A step that leads nowhere must not be repeated for ever.
fn skip(from: QueueOffset, to: QueueOffset) -> Look {
    if to == from {
        Look::Empty
    } else {
        Look::Skip(to)
    }
}

/// The queue offset after the last whole record.
fn after_last(mut records: &[u8]) -> Option<QueueOffset> {
    let mut next = None;
    while let Ok(record) = RecordRef::parse(records) {
        next = Some(record.queue_offset().plus(1));
        records = &records[record.size()..];
    }
    next
}

/// Puts a delayed record into the turn as the message it was before it was delayed.
fn restore(record: &RecordRef<'_>, topics: &Topics, store: &Store, turn: &mut Turn) {
    let properties = record.properties();
    let real = properties.get(key::REAL_TOPIC).zip(
        properties
            .get(key::REAL_QID)
            .and_then(|queue| queue.parse().ok()),
    );
    let Some((real_topic, queue_id)) = real else {
        tracing::warn!(offset = %record.queue_offset(), "a delayed message does not say where it belongs and is dropped");
        return;
    };
    if topics.find(real_topic).is_none() || real_topic == topic::TRANS_HALF_TOPIC {
        tracing::warn!(
            topic = real_topic,
            "a delayed message is dropped: its topic is gone"
        );
        return;
    }
    let draft = RecordDraft {
        topic: real_topic,
        queue_id: QueueId(queue_id),
        flag: record.flag(),
        sys_flag: record.sys_flag(),
        born_timestamp: record.born_timestamp(),
        born_host: record.born_host(),
        store_host: record.store_host(),
        reconsume_times: record.reconsume_times(),
        prepared_transaction_offset: 0,
        body: record.body(),
        properties: &[properties.as_bytes()],
    };
    let queue = store.queue(real_topic, QueueId(queue_id));
    let keys = IndexKeys::of(properties);
    if let Err(error) = turn.push(&queue, &draft, keys) {
        tracing::error!(topic = real_topic, %error, "a delayed message cannot be delivered and is dropped");
    }
}
