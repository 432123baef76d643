//! The entries around a wrong one that are not known to be right, and the part of the log that their messages lie in.

use std::ops::Range;
use std::sync::Arc;

use ferromq_disk::DiskError;

use crate::commit_log::LogReader;
use crate::core::Core;
use crate::error::ReadError;
use crate::queue::{Entry, Queue};
use crate::read::{Entries, Reach, fits};

/// Most entries that are repaired at once: bounds the memory. Readers will ask for the others.
const ENTRIES_MAX: u64 = 1 << 18;

/// Entries to look for.
#[derive(Clone, Debug)]
pub(super) struct Region {
    pub queue: Arc<Queue>,
    pub offsets: Range<u64>,
    /// All of their messages that are left begin and end here.
    pub log: Range<u64>,
    /// Whether the entry before the first is right, so that no message of a deleted topic of the same name can be taken for
    /// one of these.
    pub is_anchored: bool,
}

impl Region {
    /// The region around `offset`; `None` if the entry there is right after all, or not in a file.
    pub(super) fn around(
        core: &Core,
        queue: Arc<Queue>,
        offset: u64,
    ) -> Result<Option<Self>, DiskError> {
        let min = queue.min().0;
        let (in_files, next) = {
            let tail = queue.tail.lock();
            (tail.written(), tail.next())
        };
        let known = Known {
            core,
            queue: &queue,
        };
        if !(min..in_files).contains(&offset) || known.right(offset)?.is_some() {
            return Ok(None);
        }
        let (first, before) = known.before(offset, min)?;
        let (end, after) = known.after(offset, next)?;
        let offsets =
            first.max(offset.saturating_sub(ENTRIES_MAX / 2))..end.min(offset + ENTRIES_MAX / 2);
        Ok(Some(Self {
            offsets: offsets.start..offsets.end.min(in_files),
            log: before.map_or(core.log.segments.start(), |e| e.end())
                ..after.map_or(core.marks.visible.value(), |e| e.log_offset),
            is_anchored: before.is_some(),
            queue,
        }))
    }
}

/// Looks for entries that are right: their message is where they say.
struct Known<'a> {
    core: &'a Core,
    queue: &'a Queue,
}

impl Known<'_> {
    /// The entry at `offset`, if it is right.
    fn right(&self, offset: u64) -> Result<Option<Entry>, DiskError> {
        let core = self.core;
        let entries = Entries {
            queue: self.queue,
            files: &core.files,
        };
        let Some(entry) = entries.one(offset)? else {
            return Ok(None);
        };
        let size_max = core.config.record_bytes_max;
        let is_in_log = core.log.segments.start() <= entry.log_offset
            && entry.end() <= core.marks.visible.value()
            && entry.size as usize <= size_max;
        if !is_in_log {
            return Ok(None);
        }
        let mut reader = LogReader::new(&core.log, Reach::Disk);
        let place = (entry.log_offset, entry.size as usize);
        let mut next = offset;
        let fits = fits(self.queue, &mut next);
        match reader.read(place, false, &mut Vec::new(), fits) {
            Ok(()) => Ok(Some(entry)),
            Err(ReadError::Disk(error)) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// The first offset after an entry that is right and before `offset`, with that entry; `min` if there is none.
    fn before(&self, offset: u64, min: u64) -> Result<(u64, Option<Entry>), DiskError> {
        let (mut at, mut step) = (offset, 1);
        while min < at {
            at = at.saturating_sub(step).max(min);
            step *= 2;
            if let Some(entry) = self.right(at)? {
                return Ok((at + 1, Some(entry)));
            }
        }
        Ok((min, None))
    }

    /// The offset of an entry that is right and after `offset`, with that entry; `next` if there is none.
    fn after(&self, offset: u64, next: u64) -> Result<(u64, Option<Entry>), DiskError> {
        let (mut at, mut step) = (offset, 1);
        while at + 1 < next {
            at = (at + step).min(next - 1);
            step *= 2;
            if let Some(entry) = self.right(at)? {
                return Ok((at, Some(entry)));
            }
        }
        Ok((next, None))
    }
}
