//! How far the log has come, as numbers that only grow.

use std::sync::Arc;

use ferromq_base::Mark;

use crate::config::{FlushMode, StoreConfig};

/// The marks of a store. Always `flushed <= visible <= ackable <= appended`: there are two numbers, and the settings say
/// which of them the other two are.
#[derive(Debug)]
pub(crate) struct Marks {
    /// End of what is written to the operating system.
    pub appended: Arc<Mark>,
    /// End of what is synced to the disk.
    pub flushed: Arc<Mark>,
    /// End of what may be acknowledged.
    pub ackable: Arc<Mark>,
    /// End of what may be seen.
    pub visible: Arc<Mark>,
}

impl Marks {
    /// Marks of an empty store.
    pub(crate) fn new(config: &StoreConfig) -> Self {
        let (appended, flushed) = <(Arc<Mark>, Arc<Mark>)>::default();
        let when = |synced: bool| Arc::clone(if synced { &flushed } else { &appended });
        Self {
            ackable: when(config.flush == FlushMode::Sync),
            visible: when(config.shows_only_synced()),
            appended,
            flushed,
        }
    }

    /// Everything below `end` is written.
    pub(crate) fn advance_appended(&self, end: u64) {
        self.appended.advance(end);
    }

    /// Everything below `end` is synced.
    pub(crate) fn advance_flushed(&self, end: u64) {
        assert!(
            end <= self.appended.value(),
            "what is synced was written before"
        );
        self.flushed.advance(end);
    }
}
