//! Makes queue and index entries from records, as the append made them.

use std::ops::Range;
use std::sync::Arc;

use ferromq_base::LogOffset;
use ferromq_disk::DiskError;
use ferromq_wire::message::{RecordRef, sysflag};
use rustc_hash::FxHashMap;

use crate::commit_log::{KeyEntry, Pending};
use crate::dispatch::EntryWriter;
use crate::index_keys::IndexKeys;
use crate::java_hash;
use crate::queue::{Entry, Queue, Queues};
use crate::turn::Rules;

/// Entries and keys collected before they are written.
const BATCH: usize = 512 << 10;
/// With many queues so many for each of them: a file is opened for every queue that the batch has entries of.
const BATCH_PER_QUEUE: usize = 64;
/// But never more: about 150 MB.
const BATCH_MAX: usize = 4 << 20;
/// Widest gap in a queue that is bridged. Offsets are assigned without gaps, so a wider one is a damaged number.
const GAP_MAX: u64 = 1 << 20;

/// Feeds records to the queues.
pub(crate) struct Replay<'a> {
    pub queues: &'a Queues,
    pub writer: &'a mut EntryWriter,
    pub rules: &'a Rules,
    /// What is not written yet; after the last record the rest of it, for the dispatcher.
    pub batch: Pending,
    /// Number of records.
    pub records: u64,
    /// The last gap that was bridged in a queue, by the queue's serial number.
    pub bridged: FxHashMap<u64, Range<u64>>,
}

impl Replay<'_> {
    /// Takes one record, which begins at log offset `at`.
    pub(crate) fn record(&mut self, record: RecordRef<'_>, at: u64) -> Result<(), DiskError> {
        let end = at + record.size() as u64;
        let keys = IndexKeys::of(record.properties());
        let queue = self.queues.queue(record.topic(), record.queue_id());
        self.records += 1;
        self.batch.stored = record.store_timestamp();
        self.batch.end = end;
        let transaction = sysflag::transaction(record.sys_flag());
        if self.rules.index_keys && transaction != sysflag::TRANSACTION_ROLLBACK {
            let prefix = queue.key_prefix();
            let before = self.batch.keys.len();
            self.batch.keys.extend(keys.iter().map(|key| KeyEntry {
                hash: java_hash::key_hash(prefix, key),
                log_offset: at,
                stored: record.store_timestamp(),
            }));
            self.batch.count += self.batch.keys.len() - before;
        }
        if !sysflag::is_outside_queue(record.sys_flag()) {
            let entry = self.rules.entry(&queue, &record, at);
            self.enqueue(&queue, record.queue_offset().0, entry)?;
        }
        let batch = (self.batch.queues.len() * BATCH_PER_QUEUE).clamp(BATCH, BATCH_MAX);
        if batch <= self.batch.count {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what has been collected.
    fn flush(&mut self) -> Result<(), DiskError> {
        let mut more = Vec::new();
        self.batch.count = 0;
        self.writer.write(&mut self.batch, &mut more)
    }

    fn enqueue(&mut self, queue: &Arc<Queue>, offset: u64, entry: Entry) -> Result<(), DiskError> {
        let (next, log_end) = {
            let tail = queue.tail.lock();
            (tail.next(), tail.log_end())
        };
        if entry.end() <= log_end {
            return Ok(());
        }
        let is_empty = queue.min().0 == next;
        if offset < next && is_empty && offset != 0 {
            // Made anew: only the next offset was known, and the log still has messages before it.
            queue.load(offset, offset, log_end);
        } else if offset == 0 && 0 < next {
            // The topic was deleted and made anew: what came later counts.
            self.flush()?;
            queue.load(0, 0, log_end);
        } else if offset < next && self.is_bridged(queue, offset) {
            // The gap came from a record with a damaged offset: what belongs there goes there.
            self.flush()?;
            queue.load(offset.min(queue.min().0), offset, log_end);
        } else if next == 0 && 0 < offset {
            // What came before is gone with old files of the log.
            queue.load(offset, offset, log_end);
        } else if offset < next || GAP_MAX < offset - next {
            tracing::error!(
                topic = queue.topic(),
                queue = %queue.id(),
                at = %LogOffset(entry.log_offset),
                offset,
                next,
                "the record has an impossible queue offset and is left out"
            );
            return Ok(());
        }
        // Not in the head of the loop: the lock would be held all the way through it.
        let first_missing = queue.tail.lock().next();
        if first_missing < offset {
            self.bridged.insert(queue.serial(), first_missing..offset);
        }
        for _ in first_missing..offset {
            self.push(queue, Entry::PRE_BLANK);
        }
        self.push(queue, entry);
        Ok(())
    }

    /// Whether a gap was bridged in a queue where `offset` is.
    fn is_bridged(&self, queue: &Queue, offset: u64) -> bool {
        let gap = self.bridged.get(&queue.serial());
        gap.is_some_and(|gap| gap.contains(&offset))
    }

    fn push(&mut self, queue: &Arc<Queue>, entry: Entry) {
        self.batch.count += 1;
        if queue.recover(entry) {
            self.batch.queues.push(Arc::clone(queue));
        }
    }
}
