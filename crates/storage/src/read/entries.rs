//! Entries of a queue, from memory while they are there, else from the queue's files.

use std::ops::Range;

use ferromq_disk::DiskError;

use super::types::Reach;
use crate::error::ReadError;
use crate::queue::{Entry, Queue, QueueFiles};

/// Entries that are looked at before the result of a search: more than a sector of 4 KiB holds.
const LOOKED_BACK: usize = 256;

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

    /// Like [`Entries::copy`], but goes only as far as `reach`, and says besides whether the entries come from a file, in which
    /// anything may stand.
    pub(crate) fn copy_within(
        &self,
        reach: Reach,
        from: u64,
        out: &mut [Entry],
    ) -> Result<(usize, bool), ReadError> {
        let count = match self.copy_from_memory(from, out) {
            InMemory::All(count) => return Ok((count, false)),
            InMemory::NotFirst(room) if reach == Reach::Disk => {
                self.files.read(self.queue, from, &mut out[..room])?
            }
            InMemory::NotFirst(room) => {
                let read = self.files.read_cached(self.queue, from, &mut out[..room]);
                read.ok_or(ReadError::Cold)?
            }
        };
        Ok((count, true))
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
        let (path, at) = self.files.place(self.queue, offset);
        ReadError::NoEntry { path, at }
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

    /// The first offset in a range whose message is kept, in a log that begins at `log_start`; the end if there is none.
    ///
    /// A damaged entry that the search meets may lead it past messages that are still there. So the entries before its
    /// result are looked at, and it goes on before the first that is kept. The result may be too low, never too high by
    /// the damage of one sector.
    pub(crate) fn first_kept(
        &self,
        (low, mut high): (u64, u64),
        log_start: u64,
    ) -> Result<u64, DiskError> {
        loop {
            let first = self.first_at_or_after((low, high), log_start)?;
            let from = low.max(first.saturating_sub(LOOKED_BACK as u64));
            match self.find(from..first, |e| log_start <= e.log_offset)? {
                Some(kept) => high = kept,
                None => return Ok(first),
            }
        }
    }

    /// The first offset in a range whose entry is `wanted`.
    fn find(
        &self,
        range: Range<u64>,
        wanted: impl Fn(&Entry) -> bool,
    ) -> Result<Option<u64>, DiskError> {
        let mut entries = [Entry::default(); LOOKED_BACK];
        let mut at = range.start;
        while at < range.end {
            let room = usize::try_from(range.end - at).unwrap_or(LOOKED_BACK);
            // What is read at once ends with a file.
            let count = self.copy(at, &mut entries[..room.min(LOOKED_BACK)])?;
            let found = entries[..count]
                .iter()
                .position(|e| !e.is_blank() && wanted(e));
            if let Some(found) = found {
                return Ok(Some(at + found as u64));
            }
            // None: files that are gone.
            at += count.max(1) as u64;
        }
        Ok(None)
    }

    /// The entry at `at`, if there is one.
    pub(crate) fn one(&self, at: u64) -> Result<Option<Entry>, DiskError> {
        let mut out = [Entry::default()];
        let count = self.copy(at, &mut out)?;
        Ok(Some(out[0]).filter(|e| count == 1 && !e.is_blank()))
    }
}
