//! The messages of a queue from an offset on, as stored, one after the other.

use ferromq_base::QueueOffset;
use ferromq_wire::message::RecordRef;

use super::damage::Damage;
use super::entries::Entries;
use super::types::{Reach, ReadLimits, ReadOutcome, ReadStatus};
use crate::commit_log::LogReader;
use crate::config::TransferLimits;
use crate::error::ReadError;
use crate::queue::{Entry, Queue};
use crate::repair::Wanted;

/// Entries looked at at once.
const ENTRIES: usize = 64;

/// One read of a queue.
pub(crate) struct Pull<'a> {
    pub log: LogReader<'a>,
    pub damage: &'a Damage,
    pub wanted: &'a Wanted,
    pub entries: Entries<'a>,
    pub reach: Reach,
    pub transfer: TransferLimits,
    pub limits: ReadLimits,
}

/// What has been collected.
#[derive(Debug, Default)]
struct Progress {
    count: u32,
    bytes: usize,
    /// Offset after the last entry that was dealt with.
    next: u64,
    /// Offset after the last entry to look at.
    end: u64,
    /// Records that are counted but not copied yet.
    span: Span,
    /// Whether every record is copied by itself.
    single: bool,
    /// Whether entries come from a file: then records are looked at before they are served.
    from_file: bool,
    /// End of what may be seen.
    visible: u64,
    far_behind: bool,
    removed: bool,
}

/// Records that lie one after the other in the log and can be copied at once.
#[derive(Debug, Default)]
struct Span {
    at: u64,
    bytes: usize,
    count: u32,
    /// Queue offset of the first.
    first: u64,
}

/// Whether to go on after an entry.
enum Then {
    GoOn,
    Stop,
}

impl Pull<'_> {
    /// Reads; see [`crate::Store::read`].
    pub(crate) fn run(
        &mut self,
        from: QueueOffset,
        filter: &dyn Fn(i64) -> bool,
        out: &mut Vec<u8>,
    ) -> Result<ReadOutcome, ReadError> {
        let (max, visible) = self.entries.queue.visible();
        let min = self.entries.queue.min().0.min(max);
        let outcome = |status, next| ReadOutcome {
            status,
            next_begin: QueueOffset(next),
            min: QueueOffset(min),
            max: QueueOffset(max),
            count: 0,
            far_behind: false,
        };
        let out_of_range = match from.0 {
            _ if max == 0 => Some((ReadStatus::NoMessageInQueue, 0)),
            from if from < min => Some((ReadStatus::OffsetTooSmall, min)),
            from if from == max => Some((ReadStatus::OffsetOverflowOne, from)),
            from if max < from => Some((ReadStatus::OffsetOverflowBadly, max)),
            _ => None,
        };
        if let Some((status, next)) = out_of_range {
            return Ok(outcome(status, next));
        }
        let wanted = u64::from(self.transfer.scan_count.max(self.limits.count));
        let mut progress = Progress {
            next: from.0,
            end: max.min(from.0.saturating_add(wanted)),
            visible,
            ..Progress::default()
        };
        self.collect_good(&mut progress, filter, out)?;
        let status = match progress {
            Progress { count: 1.., .. } => ReadStatus::Found,
            Progress { removed: true, .. } => ReadStatus::MessageWasRemoving,
            Progress { next, .. } if next == from.0 => ReadStatus::OffsetFoundNull,
            _ => ReadStatus::NoMatchedMessage,
        };
        let mut outcome = outcome(status, progress.next);
        outcome.count = progress.count;
        outcome.far_behind = progress.far_behind;
        Ok(outcome)
    }

    /// Collects up to the first message that is not in reach, or that cannot be read although it is probably intact; an
    /// error only if that is the first of all. Those that are damaged themselves are reported and passed over, as if
    /// the filter did not want them: they will never come back, and the messages after them shall not be lost with them.
    /// Where the queue's file may be wrong, the log decides: its entries are repaired, or given up, in the background.
    fn collect_good(
        &mut self,
        progress: &mut Progress,
        filter: &dyn Fn(i64) -> bool,
        out: &mut Vec<u8>,
    ) -> Result<(), ReadError> {
        loop {
            let error = match self.collect(progress, filter, out) {
                Ok(()) => return Ok(()),
                Err(ReadError::Cold) if 0 < progress.count => return Ok(()),
                Err(ReadError::Cold) => return Err(ReadError::Cold),
                Err(error) => error,
            };
            if !progress.single {
                // Some records of the span may be good: again from its start, one by one.
                progress.single = true;
                continue;
            }
            match error {
                ReadError::Corrupt { .. } | ReadError::Unreadable { .. } => {
                    let (queue, offset) = (self.entries.queue, progress.next);
                    self.damage.report(queue, QueueOffset(offset), &error);
                    if let ReadError::Unreadable { .. } = error {
                        self.damage.give_up(queue, offset..offset + 1);
                    }
                    progress.next += 1;
                }
                ReadError::NoEntry { .. } | ReadError::Misplaced { .. } => {
                    self.wanted.ask(self.entries.queue, progress.next);
                    if 0 < progress.count {
                        return Ok(());
                    }
                    return Err(self.entries.damaged(progress.next));
                }
                _ if 0 < progress.count => return Ok(()),
                error => return Err(error),
            }
        }
    }

    fn collect(
        &mut self,
        progress: &mut Progress,
        filter: &dyn Fn(i64) -> bool,
        out: &mut Vec<u8>,
    ) -> Result<(), ReadError> {
        let mut entries = [Entry::default(); ENTRIES];
        while progress.next < progress.end {
            let room = usize::try_from(progress.end - progress.next).unwrap_or(ENTRIES);
            let room = room.min(ENTRIES);
            let count =
                match self
                    .entries
                    .copy_within(self.reach, progress.next, &mut entries[..room])
                {
                    Ok((count, from_file)) => {
                        progress.from_file |= from_file;
                        count
                    }
                    Err(error) => {
                        self.copy_span(progress, out)?;
                        return Err(error);
                    }
                };
            if count == 0 {
                break;
            }
            for entry in &entries[..count] {
                match self.take(progress, *entry, filter, out)? {
                    Then::GoOn => progress.next += 1,
                    Then::Stop => return self.copy_span(progress, out),
                }
            }
        }
        self.copy_span(progress, out)
    }

    fn take(
        &mut self,
        progress: &mut Progress,
        entry: Entry,
        filter: &dyn Fn(i64) -> bool,
        out: &mut Vec<u8>,
    ) -> Result<Then, ReadError> {
        if entry.is_blank() || self.damage.is_lost(self.entries.queue, progress.next) {
            return Ok(Then::GoOn);
        }
        if progress.visible < entry.end() {
            self.copy_span(progress, out)?;
            return Err(self.entries.damaged(progress.next));
        }
        if self.is_full(progress, &entry) {
            return Ok(Then::Stop);
        }
        if !filter(entry.tag_code) {
            return Ok(Then::GoOn);
        }
        if entry.log_offset < self.log.start() {
            if self.follows_kept(progress.next)? {
                self.copy_span(progress, out)?;
                return Err(self.entries.damaged(progress.next));
            }
            progress.removed = true;
            return Ok(Then::GoOn);
        }
        let size = entry.size as usize;
        let span = &progress.span;
        let adjacent = span.at + span.bytes as u64 == entry.log_offset;
        if progress.single || span.count == 0 || !adjacent {
            self.copy_span(progress, out)?;
            progress.span.at = entry.log_offset;
            progress.span.first = progress.next;
        }
        progress.span.bytes += size;
        progress.span.count += 1;
        progress.bytes += size;
        progress.count += 1;
        Ok(Then::GoOn)
    }

    /// Whether the message before `offset` is kept. Then the one at `offset` cannot be deleted.
    fn follows_kept(&self, offset: u64) -> Result<bool, ReadError> {
        let before = offset.checked_sub(1);
        let Some(before) = before.filter(|before| self.entries.queue.min().0 <= *before) else {
            return Ok(false);
        };
        let mut entry = [Entry::default()];
        let (count, _) = self.entries.copy_within(self.reach, before, &mut entry)?;
        let is_kept = !entry[0].is_blank() && self.log.start() <= entry[0].log_offset;
        Ok(count == 1 && is_kept)
    }

    /// Whether the answer is full without this entry. The first message always fits.
    fn is_full(&self, progress: &mut Progress, entry: &Entry) -> bool {
        let far = self.transfer.memory_window_bytes < progress.visible - entry.log_offset;
        progress.far_behind = far;
        let (bytes, count) = if far {
            (self.transfer.disk_bytes, self.transfer.disk_count)
        } else {
            (self.transfer.memory_bytes, self.transfer.memory_count)
        };
        let bytes_max = bytes.min(self.limits.bytes);
        let count_max = count.min(self.limits.count);
        let full = bytes_max < progress.bytes + entry.size as usize || count_max <= progress.count;
        0 < progress.count && full
    }

    /// Copies the records that wait for it. If that fails they are not counted and not passed over.
    fn copy_span(&mut self, progress: &mut Progress, out: &mut Vec<u8>) -> Result<(), ReadError> {
        let span = std::mem::take(&mut progress.span);
        if span.count == 0 {
            return Ok(());
        }
        // The checksum covers only the body: make sure that each record is the one the queue means.
        let queue = self.entries.queue;
        let mut next = span.first;
        let (place, is_sure) = ((span.at, span.bytes), !progress.from_file);
        let Err(error) = self.log.read(place, is_sure, out, fits(queue, &mut next)) else {
            return Ok(());
        };
        progress.count -= span.count;
        progress.bytes -= span.bytes;
        if let ReadError::NotFound(_) = error {
            if span.at < self.log.start() {
                progress.removed = true;
                return Ok(());
            }
            // Not deleted meanwhile: an entry that reaches over the end of its file.
            progress.next = span.first;
            return Err(self.entries.damaged(span.first));
        }
        progress.next = span.first;
        Err(error)
    }
}

/// Says what is wrong with a record if it is not the one at offset `next` of `queue`, and counts `next` up.
pub(crate) fn fits(
    queue: &Queue,
    next: &mut u64,
) -> impl FnMut(RecordRef<'_>) -> Option<&'static str> {
    |record| {
        let place = (record.topic(), record.queue_id(), record.queue_offset().0);
        *next += 1;
        if place == (queue.topic(), queue.id(), *next - 1) {
            return None;
        }
        Some("the record belongs to another place in the queues")
    }
}
