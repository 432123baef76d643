//! Writes a batch of entries: for each queue one run, then the keys.

use std::sync::Arc;

use ferromq_disk::DiskError;
use parking_lot::{Mutex, MutexGuard};

use crate::commit_log::Pending;
use crate::index::KeyIndex;
use crate::queue::{ENTRY_BYTES, Queue, QueueFiles};

/// Writes batches to the queue files and the key index.
#[derive(Debug)]
pub(crate) struct EntryWriter {
    files: Arc<QueueFiles>,
    index: Option<Arc<Mutex<KeyIndex>>>,
    buf: Vec<u8>,
}

impl EntryWriter {
    pub(crate) fn new(files: Arc<QueueFiles>, index: Option<Arc<Mutex<KeyIndex>>>) -> Self {
        Self {
            files,
            index,
            buf: Vec::new(),
        }
    }

    /// Writes the batch and empties it; queues that have newer entries than the batch are put into `more`. After an
    /// error the batch holds what is left, to be tried again.
    pub(crate) fn write(
        &mut self,
        batch: &mut Pending,
        more: &mut Vec<Arc<Queue>>,
    ) -> Result<(), DiskError> {
        let count = batch.queues.len();
        while let Some(queue) = batch.queues.last() {
            let has_more = self.write_queue(queue, batch.end, count)?;
            if let Some(queue) = batch.queues.pop()
                && has_more
            {
                more.push(queue);
            }
        }
        match &self.index {
            Some(index) => index.lock().add(&mut batch.keys),
            None => {
                batch.keys.clear();
                Ok(())
            }
        }
    }

    /// The key index.
    pub(crate) fn index(&self) -> Option<MutexGuard<'_, KeyIndex>> {
        self.index.as_ref().map(|index| index.lock())
    }

    /// Writes the entries of one queue, of so many, whose records begin before `log_end`; whether it has more.
    fn write_queue(
        &mut self,
        queue: &Queue,
        log_end: u64,
        queues: usize,
    ) -> Result<bool, DiskError> {
        self.buf.clear();
        let first = queue.tail.lock().unwritten(log_end, &mut self.buf);
        if !queue.is_destroyed() {
            self.files.write(queue, first, &self.buf)?;
        }
        let count = (self.buf.len() / ENTRY_BYTES) as u64;
        Ok(queue.tail.lock().set_written(first + count, queues))
    }

    /// Whether a sync has failed, after which nothing written can be relied on.
    pub(crate) fn sync_failed(&self) -> bool {
        self.files.sync_failed() || self.index().is_some_and(|index| index.sync_failed())
    }

    /// Makes everything written survive a power cut.
    pub(crate) fn sync(&mut self) -> Result<(), DiskError> {
        self.files.sync()?;
        match self.index() {
            Some(mut index) => index.sync(),
            None => Ok(()),
        }
    }
}
