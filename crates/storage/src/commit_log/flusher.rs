//! Syncs the log: in groups, as quickly as the disk can, or every now and then.

use std::sync::Arc;
use std::time::Duration;

use ferromq_disk::DiskError;

use super::segments::Segments;
use crate::config::FlushMode;
use crate::error::Fatal;
use crate::health::Health;
use crate::marks::Marks;
use crate::worker::Next;

/// Follows the appended mark with the flushed mark.
#[derive(Debug)]
pub(crate) struct Flusher {
    segments: Arc<Segments>,
    marks: Arc<Marks>,
    health: Arc<Health>,
    /// Time between noticing unsynced bytes and syncing them.
    interval: Option<Duration>,
    /// Whether the time has been waited for.
    waited: bool,
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
            waited: false,
        }
    }

    /// Syncs what is due. Messages that arrive during a sync are the next group.
    pub(crate) fn turn(&mut self) -> Next {
        if self.health.fatal().is_some()
            || self.marks.appended.value() <= self.marks.flushed.value()
        {
            return Next::Wait(None);
        }
        if let (Some(interval), false) = (self.interval, self.waited) {
            self.waited = true;
            return Next::Pause(interval);
        }
        self.waited = false;
        self.flush();
        Next::Again
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
