//! Entries of a queue, from memory while they are there, else from the queue's files.

use ferromq_disk::DiskError;

use crate::error::ReadError;
use crate::queue::{ENTRY_BYTES, Entry, Queue, QueueFiles};

/// Reads the entries of one queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entries<'a> {
    pub queue: &'a Queue,
    pub files: &'a QueueFiles,
}

impl Entries<'_> {
    /// Copies entries from offset `from` on into `out` and returns how many; 0 if there are none at `from`.
    /// The caller keeps below what is visible.
    pub(crate) fn copy(&self, from: u64, out: &mut [Entry]) -> Result<usize, DiskError> {
        let first_in_memory = {
            let tail = self.queue.tail.lock();
            let count = tail.copy(from, out);
            if count != 0 || tail.next() <= from {
                return Ok(count);
            }
            tail.first()
        };
        // What is not in memory any more is in the files.
        let in_files = usize::try_from(first_in_memory - from).unwrap_or(usize::MAX);
        let room = out.len().min(in_files);
        self.files.read(self.queue, from, &mut out[..room])
    }

    /// The entry at `offset` is none, or points to where there is nothing.
    pub(crate) fn damaged(&self, offset: u64) -> ReadError {
        let per_file = self.files.entries_per_file();
        ReadError::Corrupt {
            path: self.files.path(self.queue, offset / per_file),
            at: offset % per_file * ENTRY_BYTES as u64,
            cause: "no entry of the log; stop the broker and remove the file, it is built anew"
                .to_owned(),
        }
    }

    /// The first offset in a range whose entry points at or after `log_offset`; the end if there is none.
    pub(crate) fn first_at_or_after(
        &self,
        (mut low, mut high): (u64, u64),
        log_offset: u64,
    ) -> Result<u64, DiskError> {
        while low < high {
            let middle = low.midpoint(high);
            let entry = self.one(middle)?;
            if entry.is_some_and(|e| log_offset <= e.log_offset) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Ok(low)
    }

    /// The entry at `at`, if there is one.
    pub(crate) fn one(&self, at: u64) -> Result<Option<Entry>, DiskError> {
        let mut out = [Entry::default()];
        let count = self.copy(at, &mut out)?;
        Ok(Some(out[0]).filter(|e| count == 1 && !e.is_blank()))
    }
}
