//! The store as its users see it.

use std::sync::Arc;

use ferromq_base::{Clock, LogOffset, Mark, Millis, QueueId, QueueOffset};
use ferromq_disk::Disk;

use crate::config::StoreConfig;
use crate::error::{AppendError, CloseError, Fatal, NotWritable, OpenError, ReadError};
use crate::queue::Queue;
use crate::read::{Boundary, ReadLimits, ReadOutcome};
use crate::turn::{Rules, Turn};

/// A message store. Shared as `Arc<Store>`.
#[derive(Debug)]
pub struct Store {
    rules: Arc<Rules>,
    ackable: Arc<Mark>,
}

impl Store {
    /// Locks the folder, recovers what is there and starts the worker threads.
    pub fn open(
        _disk: Arc<dyn Disk>,
        config: StoreConfig,
        _clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, OpenError> {
        Ok(Arc::new(Self {
            rules: Arc::new(Rules {
                record_bytes_max: config.record_bytes_max,
                group_bytes_max: usize::try_from(config.segment_bytes - 8).unwrap_or(usize::MAX),
                delay_levels: config.delay_levels,
                index_keys: config.index.is_some(),
            }),
            ackable: Arc::default(),
        }))
    }

    /// Flushes everything, saves the checkpoint and stops the workers. Appends are refused from now on. A store that
    /// is dropped without this is recovered at the next start as after a crash.
    pub fn close(&self) -> Result<(), CloseError> {
        Ok(())
    }

    /// A turn to fill and append, for one thread to keep.
    #[must_use]
    pub fn turn(&self) -> Turn {
        Turn::new(Arc::clone(&self.rules))
    }

    /// The handle of a queue. A queue that does not exist yet gets a handle too; it takes no file before its first
    /// message. Handles stay in memory: ask only for queues of topics that exist.
    #[must_use]
    pub fn queue(&self, topic: &str, queue: QueueId) -> Arc<Queue> {
        Arc::new(Queue::new(topic.into(), queue, Arc::clone(&self.ackable)))
    }

    /// The handle of a queue that has one already, because it holds messages or was asked for by [`Store::queue`].
    #[must_use]
    pub fn find_queue(&self, _topic: &str, _queue: QueueId) -> Option<Arc<Queue>> {
        None
    }

    /// Appends all records of the turn, in order, and returns the end of the last. They may be acknowledged once
    /// [`Store::ackable`] is at least that. After an error nothing of the turn is stored and no offset is used up.
    pub fn append(&self, _turn: &mut Turn) -> Result<LogOffset, AppendError> {
        Err(NotWritable::Closed.into())
    }

    /// [`Store::append`], then blocks until the turn may be acknowledged. For background threads only.
    pub fn append_wait(&self, turn: &mut Turn) -> Result<LogOffset, AppendError> {
        self.append(turn)
    }

    /// End of what may be acknowledged: appended or synced, as the flush mode says. Also the end of what consumers see.
    #[must_use]
    pub fn ackable(&self) -> &Mark {
        &self.ackable
    }

    /// Whether an append has a chance, and the cause if not.
    pub fn writable(&self) -> Result<(), NotWritable> {
        Ok(())
    }

    /// Calls `hook` once if the store fails for good, on the thread that found it. Called at once if it has already.
    pub fn on_fatal(&self, _hook: Box<dyn Fn(&Fatal) + Send + Sync>) {}

    /// Appends stored records of `queue` from offset `from` on to `out`, those whose tag code passes `filter`.
    pub fn read(
        &self,
        _queue: &Queue,
        from: QueueOffset,
        _limits: ReadLimits,
        _filter: &dyn Fn(i64) -> bool,
        _out: &mut Vec<u8>,
    ) -> ReadOutcome {
        ReadOutcome {
            status: crate::ReadStatus::NoMessageInQueue,
            next_begin: from,
            min: from,
            max: from,
            count: 0,
            far_behind: false,
        }
    }

    /// Appends the one record that begins at `at` to `out`.
    pub fn record_at(&self, at: LogOffset, _out: &mut Vec<u8>) -> Result<(), ReadError> {
        Err(ReadError::NotFound(at))
    }

    /// The offset in `queue` that belongs to the time `at`.
    pub fn offset_by_time(
        &self,
        _queue: &Queue,
        _at: Millis,
        _boundary: Boundary,
    ) -> Result<QueueOffset, ReadError> {
        Ok(QueueOffset(0))
    }

    /// Store timestamp of the oldest message in `queue`; `None` if there is none.
    pub fn earliest_time(&self, _queue: &Queue) -> Result<Option<Millis>, ReadError> {
        Ok(None)
    }

    /// Log offsets of messages of `topic` with `key` (or unique key), stored from `begin` to `end`, oldest first, at
    /// most `count_max` of the newest. Only hashes are compared: some may have another key, to be sorted out by the caller.
    pub fn query_keys(
        &self,
        _topic: &str,
        _key: &str,
        _count_max: usize,
        _begin: Millis,
        _end: Millis,
    ) -> Result<Vec<LogOffset>, ReadError> {
        Ok(Vec::new())
    }

    /// Forgets all queues of a topic and removes their files. Its messages stay in the log until that is cleaned.
    pub fn destroy_queues(&self, _topic: &str) -> Result<(), ReadError> {
        Ok(())
    }

    /// Start of the oldest record that is kept and end of the newest.
    #[must_use]
    pub fn log_range(&self) -> (LogOffset, LogOffset) {
        (LogOffset(0), LogOffset(self.ackable.value()))
    }
}
