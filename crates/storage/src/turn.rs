//! A turn: the records that one thread wants to append at once, encoded back to back.
//!
//! Owned by one thread and used again and again: in steady state nothing is allocated. All that can be computed
//! without knowing the places (checksum, tag hash, key hashes) is computed by [`Turn::push`], outside any lock.

use std::sync::Arc;
use std::time::Duration;

use ferromq_base::{LogOffset, Millis, QueueOffset};
use ferromq_wire::message::properties::{self, Properties};
use ferromq_wire::message::record::BLANK_BYTES;
use ferromq_wire::message::{RecordDraft, RecordRef, record, sysflag};
use rustc_hash::FxHashMap;

use crate::config::StoreConfig;
use crate::error::PushError;
use crate::index_keys::IndexKeys;
use crate::java_hash;
use crate::queue::{Entry, Queue};

/// Buffers above this size are given back when a turn is cleared, so that one large message does not stay in memory.
const KEPT_BYTES: usize = 1 << 20;

/// Records of one append.
#[derive(Debug)]
pub struct Turn {
    pub(crate) bytes: Vec<u8>,
    pub(crate) records: Vec<TurnRecord>,
    pub(crate) key_hashes: Vec<u32>,
    pub(crate) queues: Vec<Arc<Queue>>,
    pub(crate) stored: Millis,
    pub(crate) end: LogOffset,
    /// Start in `bytes` of the newest records that must stay together.
    group_start: usize,
    lookup: FxHashMap<usize, u32>,
    rules: Arc<Rules>,
}

/// What a turn needs to know of the store's configuration.
#[derive(Debug)]
pub(crate) struct Rules {
    pub record_bytes_max: usize,
    pub group_bytes_max: usize,
    pub delay_levels: Vec<Duration>,
    pub index_keys: bool,
}

/// One record of a turn.
#[derive(Debug)]
pub(crate) struct TurnRecord {
    /// Start in [`Turn::bytes`].
    pub start: usize,
    /// Size in bytes.
    pub size: u32,
    /// Index into [`Turn::queues`].
    pub queue: u32,
    /// Must lie in the same segment as the record before it.
    pub with_previous: bool,
    /// Whether it takes an offset of its queue. Prepared and rolled-back records of old versions do not.
    pub in_queue: bool,
    /// Filter code, or a delay.
    pub tag_code: i64,
    /// Whether `tag_code` is a delay in milliseconds, to be counted from the store timestamp.
    pub delayed: bool,
    /// How many of [`Turn::key_hashes`] belong to it.
    pub keys: u32,
    /// Assigned by the append.
    pub queue_offset: u64,
    /// Assigned by the append.
    pub log_offset: u64,
}

/// Where a record of a turn went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Place in its queue.
    pub queue_offset: QueueOffset,
    /// Start in the commit log.
    pub log_offset: LogOffset,
    /// Size of the record in bytes.
    pub size: u32,
    /// The store timestamp.
    pub stored: Millis,
}

impl Turn {
    pub(crate) fn new(rules: Arc<Rules>) -> Self {
        Self {
            bytes: Vec::new(),
            records: Vec::new(),
            key_hashes: Vec::new(),
            queues: Vec::new(),
            stored: Millis(0),
            end: LogOffset(0),
            group_start: 0,
            lookup: FxHashMap::default(),
            rules,
        }
    }

    /// Encodes a record for `queue` and returns its number in the turn. The draft's topic and queue id must be the queue's.
    pub fn push(
        &mut self,
        queue: &Arc<Queue>,
        draft: &RecordDraft<'_>,
        keys: IndexKeys<'_>,
    ) -> Result<usize, PushError> {
        self.push_record(queue, draft, keys, false)
    }

    /// Like [`Turn::push`], for the second and later messages of a client's batch: such records stay together in
    /// one file of the commit log.
    pub fn push_with_previous(
        &mut self,
        queue: &Arc<Queue>,
        draft: &RecordDraft<'_>,
        keys: IndexKeys<'_>,
    ) -> Result<usize, PushError> {
        let with_previous = !self.records.is_empty();
        self.push_record(queue, draft, keys, with_previous)
    }

    /// Takes the last records back until `len` are left: for a batch of which one message cannot be pushed.
    pub fn truncate(&mut self, len: usize) {
        while len < self.records.len() {
            let Some(last) = self.records.pop() else {
                break;
            };
            self.bytes.truncate(last.start);
            let keys = self.key_hashes.len() - last.keys as usize;
            self.key_hashes.truncate(keys);
        }
        let group = self.records.iter().rev().find(|r| !r.with_previous);
        self.group_start = group.map_or(0, |first| first.start);
    }

    /// Number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Size of all records in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Where record `i` went. Meaningful only after a successful append.
    ///
    /// # Panics
    /// If there is no record `i`.
    #[must_use]
    pub fn placed(&self, i: usize) -> Placed {
        let r = &self.records[i];
        Placed {
            queue_offset: QueueOffset(r.queue_offset),
            log_offset: LogOffset(r.log_offset),
            size: r.size,
            stored: self.stored,
        }
    }

    /// End of the turn in the log: it may be acknowledged once the store's `ackable` mark is at least this.
    /// Meaningful only after a successful append.
    #[must_use]
    pub fn end(&self) -> LogOffset {
        self.end
    }

    /// The queues of the records, each once: whose held pulls to look at after an append.
    #[must_use]
    pub fn touched(&self) -> &[Arc<Queue>] {
        &self.queues
    }

    /// Forgets all records and keeps the memory for the next ones.
    pub fn clear(&mut self) {
        self.bytes.clear();
        if KEPT_BYTES < self.bytes.capacity() {
            self.bytes.shrink_to(KEPT_BYTES);
        }
        self.records.clear();
        self.key_hashes.clear();
        self.queues.clear();
        self.group_start = 0;
        self.lookup.clear();
    }

    /// The records from `first` on that must stay together: the end of their numbers, and their size in bytes.
    pub(crate) fn group(&self, first: usize) -> (usize, u64) {
        let mut bytes = u64::from(self.records[first].size);
        let mut i = first + 1;
        while let Some(record) = self.records.get(i)
            && record.with_previous
        {
            bytes += u64::from(record.size);
            i += 1;
        }
        (i, bytes)
    }

    fn push_record(
        &mut self,
        queue: &Arc<Queue>,
        draft: &RecordDraft<'_>,
        keys: IndexKeys<'_>,
        with_previous: bool,
    ) -> Result<usize, PushError> {
        if queue.topic() != draft.topic || queue.id() != draft.queue_id {
            return Err(PushError::OtherQueue);
        }
        if !queue.is_storable() {
            return Err(PushError::TopicName);
        }
        let start = self.bytes.len();
        let size = draft.encode(&mut self.bytes)?;
        let group_start = if with_previous {
            self.group_start
        } else {
            start
        };
        if let Err(error) = self.check_size(size, group_start) {
            self.bytes.truncate(start);
            return Err(error);
        }
        self.group_start = group_start;
        let transaction = sysflag::transaction(draft.sys_flag);
        let indexed = self.rules.index_keys && transaction != sysflag::TRANSACTION_ROLLBACK;
        let keys_before = self.key_hashes.len();
        if indexed {
            let prefix = queue.key_prefix();
            let hashes = keys.iter().map(|key| java_hash::key_hash(prefix, key));
            self.key_hashes.extend(hashes);
        }
        let (tag_code, delayed) = self.tag_code(queue, draft, keys);
        let record = TurnRecord {
            start,
            size: u32::try_from(size).expect("a record is no larger than its 32-bit size field"),
            queue: self.queue_number(queue),
            with_previous,
            in_queue: !sysflag::is_outside_queue(draft.sys_flag),
            tag_code,
            delayed,
            keys: u32::try_from(self.key_hashes.len() - keys_before)
                .expect("a record has fewer keys than bytes"),
            queue_offset: 0,
            log_offset: 0,
        };
        self.records.push(record);
        Ok(self.records.len() - 1)
    }

    /// Refuses a record of `size` bytes that has made itself too large, or the group that begins at `group_start`.
    fn check_size(&self, size: usize, group_start: usize) -> Result<(), PushError> {
        let Rules {
            record_bytes_max,
            group_bytes_max,
            ..
        } = *self.rules;
        let group = self.bytes.len() - group_start;
        for (bytes, bytes_max) in [(size, record_bytes_max), (group, group_bytes_max)] {
            if bytes_max < bytes {
                return Err(PushError::TooLarge { bytes, bytes_max });
            }
        }
        Ok(())
    }

    fn queue_number(&mut self, queue: &Arc<Queue>) -> u32 {
        let queues = &mut self.queues;
        // The messages of a client's batch are all for one queue.
        if let Some(last) = self.records.last()
            && Arc::ptr_eq(&queues[last.queue as usize], queue)
        {
            return last.queue;
        }
        *self
            .lookup
            .entry(Arc::as_ptr(queue).addr())
            .or_insert_with(|| {
                queues.push(Arc::clone(queue));
                u32::try_from(queues.len() - 1).expect("fewer queues than bytes in a turn")
            })
    }

    fn tag_code(&self, queue: &Queue, draft: &RecordDraft<'_>, keys: IndexKeys<'_>) -> (i64, bool) {
        if queue.is_schedule() {
            let level = draft
                .properties
                .iter()
                .rev()
                .find_map(|part| Properties::new(part).get(properties::DELAY));
            if let Some(delay) = self.rules.delay_millis(level) {
                return (delay, true);
            }
        }
        (i64::from(java_hash::continued(0, keys.tags)), false)
    }
}

impl Rules {
    pub(crate) fn of(config: &StoreConfig) -> Self {
        let group_bytes_max = config.segment_bytes - BLANK_BYTES as u64;
        Self {
            record_bytes_max: config.record_bytes_max,
            group_bytes_max: usize::try_from(group_bytes_max).unwrap_or(usize::MAX),
            delay_levels: config.delay_levels.clone(),
            index_keys: config.index.is_some(),
        }
    }

    /// Delay of a level given as text, in milliseconds; `None` if it is not a level. Levels above the highest count
    /// as the highest.
    pub(crate) fn delay_millis(&self, level: Option<&str>) -> Option<i64> {
        let level: u32 = level?.parse().ok()?;
        let index = usize::try_from(level.checked_sub(1)?).ok()?;
        let last = self.delay_levels.len().checked_sub(1);
        let delay = last.map(|last| self.delay_levels[index.min(last)]);
        // What RocketMQ does with a level it has no delay for.
        let delay = delay.unwrap_or(Duration::from_secs(1));
        Some(i64::try_from(delay.as_millis()).unwrap_or(i64::MAX))
    }

    /// The queue entry of a record that lies at log offset `at`, as the append made it.
    pub(crate) fn entry(&self, queue: &Queue, record: &RecordRef<'_>, at: u64) -> Entry {
        let properties = record.properties();
        let stored = record.store_timestamp().0;
        let delay = if queue.is_schedule() {
            self.delay_millis(properties.get(properties::DELAY))
        } else {
            None
        };
        let tags = IndexKeys::of(properties).tags;
        let tag_code = match delay {
            Some(delay) => stored.saturating_add(delay),
            None => i64::from(java_hash::continued(0, tags)),
        };
        Entry {
            log_offset: at,
            size: u32::try_from(record.size()).unwrap_or(u32::MAX),
            tag_code,
        }
    }
}

impl TurnRecord {
    /// The queue entry, once the place is known.
    pub(crate) fn entry(&self, stored: Millis) -> Entry {
        let from = if self.delayed { stored.0 } else { 0 };
        Entry {
            log_offset: self.log_offset,
            size: self.size,
            tag_code: self.tag_code.saturating_add(from),
        }
    }

    /// Writes the assigned place into the record's bytes.
    pub(crate) fn patch(&self, bytes: &mut [u8], stored: Millis) {
        let end = self.start + self.size as usize;
        record::place(
            &mut bytes[self.start..end],
            QueueOffset(self.queue_offset),
            LogOffset(self.log_offset),
            stored,
        );
    }
}
