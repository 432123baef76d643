//! Which message of a queue belongs to a moment: a binary search over store timestamps.

use ferromq_base::{Millis, QueueOffset};

use super::damage::Damage;
use super::entries::Entries;
use super::types::{Boundary, Reach};
use crate::commit_log::CommitLog;
use crate::error::ReadError;
use crate::queue::Entry;
use crate::repair::Wanted;

/// Bytes of a record up to the end of its store timestamp, whatever the kind of host before it.
const HEAD_BYTES: usize = 76;
/// Place of the low byte of the system flags, in which the bit for an IPv6 born host is.
const SYS_FLAG_LOW_AT: usize = 39;

/// Places of a record's offsets in its queue and in the log.
const QUEUE_OFFSET_AT: usize = 20;
const LOG_OFFSET_AT: usize = 28;

/// A search by time in one queue.
pub(crate) struct TimeSearch<'a> {
    pub log: &'a CommitLog,
    pub damage: &'a Damage,
    pub wanted: &'a Wanted,
    pub entries: Entries<'a>,
    /// Lowest and highest offset (exclusive) of the queue.
    pub range: (u64, u64),
}

impl TimeSearch<'_> {
    /// The offset for `at`, by RocketMQ's rules. One file decides: for the lower boundary the first whose newest message is
    /// not older, else the last one; for the upper boundary the last whose first message is not newer, and 0 if there is
    /// none. Before its first message the lower boundary is the first offset of the file, whether its message is deleted
    /// or not, and the upper one is 0; after its last one they are the next offset and the last message.
    pub(crate) fn run(&self, at: Millis, boundary: Boundary) -> Result<QueueOffset, ReadError> {
        let (min, max) = self.range;
        if max <= min {
            // All messages are deleted, and what is deleted counts as older.
            return Ok(QueueOffset(match boundary {
                Boundary::Lower => max,
                Boundary::Upper => max.saturating_sub(1),
            }));
        }
        let Some((file_first, end)) = self.file(at, boundary)? else {
            return Ok(QueueOffset(0));
        };
        let (first, last) = (file_first.max(min), end - 1);
        // The first message that is not older, and the first that is newer.
        let not_older = self.partition(first, end, |time| time < at)?;
        if not_older == end {
            return Ok(QueueOffset(match boundary {
                Boundary::Lower => last + 1,
                Boundary::Upper => last,
            }));
        }
        let newer = self.partition(not_older, end, |time| time <= at)?;
        Ok(QueueOffset(match boundary {
            Boundary::Lower if newer == first => file_first,
            Boundary::Lower => not_older,
            Boundary::Upper if newer == first => 0,
            Boundary::Upper => newer - 1,
        }))
    }

    /// Store timestamp of the message at `offset`, or of the next one if that is lost; the beginning of time if it is gone.
    pub(crate) fn time_of(&self, offset: u64) -> Result<Millis, ReadError> {
        let mut at = offset;
        loop {
            match self.time_at(at) {
                Err(ReadError::Unreadable { .. }) if at + 1 < self.range.1 => at += 1,
                other => return other,
            }
        }
    }

    fn time_at(&self, offset: u64) -> Result<Millis, ReadError> {
        let gone = Millis(i64::MIN);
        if self.damage.is_lost(self.entries.queue, offset) && offset + 1 < self.range.1 {
            return self.time_at(offset + 1);
        }
        let Some(entry) = self.entries.one(offset)? else {
            return Ok(gone);
        };
        if entry.log_offset < self.log.segments.start() {
            return Ok(gone);
        }
        let mut head = Vec::with_capacity(HEAD_BYTES);
        let read = self
            .log
            .peek(Reach::Disk, entry.log_offset, &mut head, HEAD_BYTES);
        match read {
            Ok(()) if self.is_of(&head, offset, entry) => Ok(time_in(&head)),
            Err(ReadError::NotFound(_)) if entry.log_offset < self.log.segments.start() => Ok(gone),
            Ok(()) | Err(ReadError::NotFound(_)) => {
                self.wanted.ask(self.entries.queue, offset);
                Err(self.entries.damaged(offset))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether a record that begins with `head` is the one that `entry`, at `offset`, should lead to.
    fn is_of(&self, head: &[u8], offset: u64, entry: Entry) -> bool {
        let number = |at: usize| {
            let bytes = head.get(at..).and_then(<[u8]>::first_chunk);
            bytes.copied().map(u64::from_be_bytes)
        };
        number(QUEUE_OFFSET_AT) == Some(offset) && number(LOG_OFFSET_AT) == Some(entry.log_offset)
    }

    /// The range of offsets of the file that decides; `None` if there is none.
    fn file(&self, at: Millis, boundary: Boundary) -> Result<Option<(u64, u64)>, ReadError> {
        let (min, max) = self.range;
        let per_file = self.entries.files.entries_per_file();
        let mut number = min / per_file;
        let last = (max - 1) / per_file;
        let range = |number| (number * per_file, max.min((number + 1) * per_file));
        let mut end = last;
        if boundary == Boundary::Upper {
            // The first file whose first message is newer follows the one that decides.
            end += 1;
            while number < end {
                let middle = number.midpoint(end);
                if self.time_of(middle * per_file)? <= at {
                    number = middle + 1;
                } else {
                    end = middle;
                }
            }
            let before = number
                .checked_sub(1)
                .filter(|before| min / per_file <= *before);
            return Ok(before.map(range));
        }
        while number < end {
            let middle = number.midpoint(end);
            if self.time_of((middle + 1) * per_file - 1)? < at {
                number = middle + 1;
            } else {
                end = middle;
            }
        }
        Ok(Some(range(number)))
    }

    /// The first offset in `from..to` whose time is not `before`, or `to`.
    fn partition(
        &self,
        mut from: u64,
        mut to: u64,
        before: impl Fn(Millis) -> bool,
    ) -> Result<u64, ReadError> {
        while from < to {
            let middle = from.midpoint(to);
            if before(self.time_of(middle)?) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        Ok(from)
    }
}

/// The store timestamp in the first [`HEAD_BYTES`] of a record.
fn time_in(head: &[u8]) -> Millis {
    let is_v6 = head[SYS_FLAG_LOW_AT] & 0x10 != 0;
    let at = if is_v6 { 68 } else { 56 };
    let time = head[at..].first_chunk().copied().unwrap_or_default();
    Millis(i64::from_be_bytes(time))
}
