//! Syncs the log: in groups, as quickly as the disk can, or every now and then.

use std::sync::Arc;
use std::time::Duration;

use ferromq_disk::DiskError;

use super::segment::Segment;
use super::segments::Segments;
use crate::config::FlushMode;
use crate::error::Fatal;
use crate::health::Health;
use crate::marks::Marks;
use crate::worker::Next;

/// So much is handed to the system for write-back in one call: a quarter of a millisecond of a core.
const PART_BYTES: u64 = 1 << 20;
/// What is less than this since the last time is left for the next one, or for the sync.
const PARTS_BYTES_MIN: u64 = 256 << 10;
/// Pause between two hand-overs while the log grows quickly; doubled while it does not.
const PARTS_PAUSE: Duration = Duration::from_millis(10);
/// Only whole blocks are handed over: the last one is still written to, and would go to the device twice.
const BLOCK_BYTES: u64 = 4096;

/// Follows the appended mark with the flushed mark.
///
/// In ASYNC_FLUSH it has the system begin to write long before the sync, part by part: a sync of all that came in half a second
/// holds a core for milliseconds, and with it the requests of a network thread that shares it.
#[derive(Debug)]
pub(crate) struct Flusher {
    segments: Arc<Segments>,
    marks: Arc<Marks>,
    health: Arc<Health>,
    /// Time between noticing unsynced bytes and syncing them.
    interval: Option<Duration>,
    /// What is left of the time, once it has begun.
    left: Option<Duration>,
    /// The last pause within the time.
    pause: Duration,
    /// Up to here the system has been told to write.
    begun: u64,
}

impl Flusher {
    pub(crate) fn new(
        segments: Arc<Segments>,
        marks: Arc<Marks>,
        health: Arc<Health>,
        mode: FlushMode,
    ) -> Self {
        Self {
            segments,
            marks,
            health,
            interval: match mode {
                FlushMode::Async { interval } => Some(interval),
                FlushMode::Sync => None,
            },
            left: None,
            pause: PARTS_PAUSE,
            begun: 0,
        }
    }

    /// Syncs what is due. Messages that arrive during a sync are the next group.
    pub(crate) fn turn(&mut self) -> Next {
        if self.health.fatal().is_some()
            || self.marks.appended.value() <= self.marks.flushed.value()
        {
            return Next::Wait(None);
        }
        if let Some(interval) = self.interval {
            let left = self.left.unwrap_or_else(|| {
                // However little came before. Beside slow senders that is four wake-ups more for each sync: 0.03 % of a core.
                self.pause = PARTS_PAUSE;
                interval
            });
            if !left.is_zero() {
                return self.wait_within(left);
            }
            self.left = None;
        }
        self.flush();
        Next::Again
    }

    /// Has the system write what has come, and waits for a part of the time `left`.
    fn wait_within(&mut self, left: Duration) -> Next {
        self.pause = if self.begin_write_back() {
            PARTS_PAUSE
        } else {
            self.pause.saturating_mul(2)
        };
        self.pause = self.pause.min(left);
        self.left = Some(left - self.pause);
        Next::Pause(self.pause)
    }

    /// Has the system begin to write what was appended since the last time; false if that is too little.
    fn begin_write_back(&mut self) -> bool {
        let from = self.begun.max(self.marks.flushed.value());
        let to = self.marks.appended.value();
        if to - from < PARTS_BYTES_MIN {
            return false;
        }
        for segment in self.segments.all().iter() {
            if segment.base() < to && from < segment.end() {
                self.begun = begin_write_back(segment, from.max(segment.base()), to);
            }
        }
        true
    }

    /// Syncs everything that is written. A failure is final for the whole store.
    pub(crate) fn flush(&self) {
        let target = self.marks.appended.value();
        if target <= self.marks.flushed.value() || self.health.fatal().is_some() {
            return;
        }
        match self.sync(self.marks.flushed.value(), target) {
            Ok(()) => self.marks.advance_flushed(target),
            Err(error) => self.health.fail(&Fatal::Sync(Arc::new(error))),
        }
    }

    fn sync(&self, from: u64, to: u64) -> Result<(), DiskError> {
        let segments = self.segments.all();
        for segment in segments.iter() {
            if segment.base() < to && from < segment.end() {
                segment.file()?.sync_data()?;
            }
        }
        Ok(())
    }
}

/// Has the system begin to write the bytes of `segment` from `from` to `to` at most; returns how far.
fn begin_write_back(segment: &Segment, from: u64, to: u64) -> u64 {
    let Ok(file) = segment.file() else {
        // The sync will say why.
        return from;
    };
    let base = segment.base();
    let end = if to < segment.end() {
        base + (to - base) / BLOCK_BYTES * BLOCK_BYTES
    } else {
        segment.end()
    };
    let mut at = from;
    while at < end {
        let len = PART_BYTES.min(end - at);
        file.begin_write_back(at - base, len);
        at += len;
    }
    end.max(from)
}
