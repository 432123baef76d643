//! How far the log has come, as numbers that only grow.

use std::sync::Arc;

use ferromq_base::Mark;

use crate::config::FlushMode;

/// The marks of a store. Always `flushed <= appended` and `ackable <= appended`.
#[derive(Debug)]
pub(crate) struct Marks {
    /// End of what is written to the operating system.
    pub appended: Mark,
    /// End of what is synced to the disk.
    pub flushed: Mark,
    /// End of what may be acknowledged and seen: one of the two.
    pub ackable: Arc<Mark>,
    sync: bool,
}

impl Marks {
    /// Marks of an empty store.
    pub(crate) fn new(flush: FlushMode) -> Self {
        Self {
            appended: Mark::default(),
            flushed: Mark::default(),
            ackable: Arc::default(),
            sync: flush == FlushMode::Sync,
        }
    }

    /// Everything below `end` is written.
    pub(crate) fn advance_appended(&self, end: u64) {
        self.appended.advance(end);
        if !self.sync {
            self.ackable.advance(end);
        }
    }

    /// Everything below `end` is synced.
    pub(crate) fn advance_flushed(&self, end: u64) {
        assert!(
            end <= self.appended.value(),
            "what is synced was written before"
        );
        self.flushed.advance(end);
        if self.sync {
            self.ackable.advance(end);
        }
    }
}
