//! Entries of a queue, from memory while they are there, else from the queue's files.

use ferromq_disk::DiskError;

use super::types::Reach;
use crate::error::ReadError;
use crate::queue::{ENTRY_BYTES, Entry, Queue, QueueFiles};

/// Reads the entries of one queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entries<'a> {
    pub queue: &'a Queue,
    pub files: &'a QueueFiles,
}

/// What the tail of a queue has of the entries asked for.
enum InMemory {
    /// So many of the first, or there are none.
    All(usize),
    /// The first is not there; so many are in the files.
    NotFirst(usize),
}

impl Entries<'_> {
    /// Copies entries from offset `from` on into `out` and returns how many; 0 if there are none at `from`.
    /// The caller keeps below what is visible. May wait for the disk.
    pub(crate) fn copy(&self, from: u64, out: &mut [Entry]) -> Result<usize, DiskError> {
        match self.copy_from_memory(from, out) {
            InMemory::All(count) => Ok(count),
            InMemory::NotFirst(room) => self.files.read(self.queue, from, &mut out[..room]),
        }
    }

    /// Like [`Entries::copy`], but goes only as far as `reach`.
    pub(crate) fn copy_within(
        &self,
        reach: Reach,
        from: u64,
        out: &mut [Entry],
    ) -> Result<usize, ReadError> {
        match self.copy_from_memory(from, out) {
            InMemory::All(count) => Ok(count),
            InMemory::NotFirst(room) => {
                let out = &mut out[..room];
                if reach == Reach::Disk {
                    return Ok(self.files.read(self.queue, from, out)?);
                }
                let read = self.files.read_cached(self.queue, from, out)?;
                read.ok_or(ReadError::Cold)
            }
        }
    }

    fn copy_from_memory(&self, from: u64, out: &mut [Entry]) -> InMemory {
        let tail = self.queue.tail.lock();
        let count = tail.copy(from, out);
        if count != 0 || tail.next() <= from {
            return InMemory::All(count);
        }
        // What is not in memory any more is in the files.
        let in_files = usize::try_from(tail.first() - from).unwrap_or(usize::MAX);
        InMemory::NotFirst(out.len().min(in_files))
    }

    /// The entry at `offset` is none, or points to where there is nothing.
    pub(crate) fn damaged(&self, offset: u64) -> ReadError {
        let per_file = self.files.entries_per_file();
        ReadError::NoEntry {
            path: self.files.path(self.queue, offset / per_file),
            at: offset % per_file * ENTRY_BYTES as u64,
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
