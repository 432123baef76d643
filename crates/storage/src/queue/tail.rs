//! The newest entries of a queue, in memory: born in an append, written to the queue's files a little later.

use std::collections::VecDeque;

use super::entry::Entry;

/// Entries of a queue that stay in memory after they were written, for readers at the end of the queue.
const KEPT: usize = 32;
/// And of all queues that are written at a time, some 12 MB: with many of them, the messages themselves are hardly in memory
/// any more when their entries are written.
const KEPT_OF_ALL: usize = 512 << 10;
/// Most entries that a queue keeps memory for, beyond those that it holds.
const ROOM_MAX: usize = 16 << 10;

/// Entries of a queue that are in memory. Entry `i` has the queue offset `first + i`.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    first: u64,
    entries: VecDeque<Entry>,
    /// Queue offset up to which the files hold all entries.
    written: u64,
    /// End in the log of the last entry ever pushed or found in the files.
    log_end: u64,
    /// Whether the dispatcher knows that entries wait for it.
    listed: bool,
}

impl Tail {
    /// A queue whose files hold all entries below `next`; the last of them ends at `log_end`.
    pub(crate) fn loaded(next: u64, log_end: u64) -> Self {
        Self {
            first: next,
            written: next,
            log_end,
            ..Self::default()
        }
    }

    /// The offset of the next entry.
    pub(crate) fn next(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// First offset in memory.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// Offset up to which the files hold all entries.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// End in the log of the last entry.
    pub(crate) fn log_end(&self) -> u64 {
        self.log_end
    }

    /// Adds an entry; true if the dispatcher must be told that this queue has something for it.
    pub(crate) fn push(&mut self, entry: Entry) -> bool {
        self.log_end = entry.end();
        self.entries.push_back(entry);
        !std::mem::replace(&mut self.listed, true)
    }

    /// The offset after the last entry whose record ends at or before `visible`.
    pub(crate) fn visible_next(&self, visible: u64) -> u64 {
        match self.entries.back() {
            Some(last) if visible < last.end() => {
                self.first + self.entries.partition_point(|e| e.end() <= visible) as u64
            }
            _ => self.next(),
        }
    }

    /// Copies entries from `offset` on into `out`; returns how many. 0 if `offset` is not in memory.
    pub(crate) fn copy(&self, offset: u64, out: &mut [Entry]) -> usize {
        let Some(skip) = offset.checked_sub(self.first) else {
            return 0;
        };
        let entries = self.entries.range(self.entries.len().min(skip as usize)..);
        out.iter_mut().zip(entries).map(|(o, e)| *o = *e).count()
    }

    /// Appends to `out` the stored form of the entries to write whose records begin before `log_end`; returns the
    /// offset of the first of them.
    pub(crate) fn unwritten(&self, log_end: u64, out: &mut Vec<u8>) -> u64 {
        let skip = usize::try_from(self.written - self.first).unwrap_or(usize::MAX);
        for entry in self.entries.range(self.entries.len().min(skip)..) {
            if log_end <= entry.log_offset {
                break;
            }
            out.extend_from_slice(&entry.to_bytes());
        }
        self.written
    }

    /// Notes that the files hold all entries below `written`, and forgets all but the newest of them: fewer if `queues` are
    /// many, which are written at a time. True if there are more entries to write; otherwise the next [`Tail::push`] says
    /// so again.
    pub(crate) fn set_written(&mut self, written: u64, queues: usize) -> bool {
        let new = usize::try_from(written - self.written).unwrap_or(usize::MAX);
        self.written = written;
        let kept = KEPT.min(KEPT_OF_ALL / queues.max(1)) as u64;
        let forget = written.min(self.next().saturating_sub(kept));
        if self.first < forget {
            let count = usize::try_from(forget - self.first).unwrap_or(usize::MAX);
            self.entries.drain(..count.min(self.entries.len()));
            self.first = forget;
            // Room for as many as came since the last time: under steady load nothing is allocated.
            let room = new.saturating_mul(2).clamp(2 * KEPT, ROOM_MAX);
            if 2 * room < self.entries.capacity() && self.entries.len() <= room {
                self.entries.shrink_to(room);
            }
        }
        self.listed = self.written < self.next();
        self.listed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(log_offset: u64) -> Entry {
        Entry {
            log_offset,
            size: 10,
            tag_code: 0,
        }
    }

    #[test]
    fn only_entries_that_end_before_the_mark_are_visible() {
        let mut tail = Tail::loaded(7, 0);
        assert_eq!(tail.visible_next(0), 7);
        assert!(tail.push(entry(0)));
        assert!(!tail.push(entry(10)), "the dispatcher knows already");
        assert_eq!(tail.visible_next(9), 7);
        assert_eq!(tail.visible_next(10), 8);
        assert_eq!(tail.visible_next(20), 9);
        assert_eq!(tail.next(), 9);
    }

    #[test]
    fn written_entries_are_forgotten_but_for_the_newest() {
        let mut tail = Tail::loaded(0, 0);
        for i in 0..100 {
            tail.push(entry(i * 10));
        }
        let mut bytes = Vec::new();
        assert_eq!(tail.unwritten(500, &mut bytes), 0);
        assert_eq!(bytes.len(), 50 * 20);
        assert!(tail.set_written(50, 1), "fifty are left to write");
        assert_eq!(tail.first(), 50);
        assert!(!tail.set_written(100, 1));
        assert_eq!((tail.first(), tail.next()), (68, 100));
        assert!(tail.push(entry(1000)), "the dispatcher must be told anew");
        let mut out = [Entry::default(); 64];
        assert_eq!(tail.copy(99, &mut out), 2);
        assert_eq!(out[..2], [entry(990), entry(1000)]);
        assert_eq!(tail.copy(67, &mut out), 0);
    }

    #[test]
    fn many_queues_keep_fewer_entries_each() {
        let kept_beside = |queues| {
            let mut tail = Tail::loaded(0, 0);
            for i in 0..100 {
                tail.push(entry(i * 10));
            }
            tail.set_written(100, queues);
            tail.next() - tail.first()
        };
        assert_eq!(kept_beside(1_000), 32);
        assert_eq!(kept_beside(100_000), 5);
        assert_eq!(kept_beside(1_000_000), 0);
    }

    #[test]
    fn memory_stays_as_long_as_the_load() {
        let mut tail = Tail::default();
        let mut next = 0;
        let mut round = |count: u64| {
            for _ in 0..count {
                tail.push(entry(10 * next));
                next += 1;
            }
            tail.set_written(next, 1);
            tail.entries.capacity()
        };
        round(1_000);
        let busy = round(1_000);
        assert_eq!(round(1_000), busy);
        assert_eq!(round(700), busy);
        assert!(round(10) <= 4 * KEPT);
        assert!(round(1_000_000) <= 2 * ROOM_MAX);
    }
}
