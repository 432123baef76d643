//! What the cleaner is asked for, and what others may know of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::ArcSwap;

use super::settings::Retention;
use crate::bell::Bell;

/// Shared by the cleaner and those who ask it.
#[derive(Debug)]
pub(crate) struct Orders {
    /// What the user wants.
    pub settings: ArcSwap<Retention>,
    /// Wakes the cleaner.
    pub bell: Arc<Bell>,
    /// Somebody asks for the deletion of what is past its time.
    log: AtomicBool,
    /// Somebody asks for a look at the queues.
    queues: AtomicBool,
    /// Start of the log for which the lowest offsets of all queues are right.
    corrected: AtomicU64,
    /// Position of the newest checkpoint.
    checkpointed: AtomicU64,
    /// The cleaner needs a newer one.
    checkpoint_wanted: AtomicBool,
}

impl Orders {
    pub(crate) fn new(settings: Retention, bell: Arc<Bell>) -> Self {
        Self {
            settings: ArcSwap::from_pointee(settings),
            bell,
            log: AtomicBool::new(false),
            queues: AtomicBool::new(false),
            corrected: AtomicU64::new(0),
            checkpointed: AtomicU64::new(0),
            checkpoint_wanted: AtomicBool::new(false),
        }
    }

    /// Recovery has corrected all queues for a log that begins at `start`, by a checkpoint at `position`.
    pub(crate) fn recovered(&self, start: u64, position: u64) {
        self.set_corrected(start);
        self.checkpointed.store(position, Ordering::Release);
    }

    /// Sets what the user wants.
    pub(crate) fn set(&self, settings: Retention) {
        self.settings.store(Arc::new(settings));
        self.call();
    }

    /// Asks for the deletion of everything that is past its time, at any hour.
    pub(crate) fn clean_log(&self) {
        self.log.store(true, Ordering::Release);
        self.call();
    }

    /// Asks for a look at the queues and the index.
    pub(crate) fn clean_queues(&self) {
        self.queues.store(true, Ordering::Release);
        self.call();
    }

    /// There is something to look at now, pause or not.
    fn call(&self) {
        self.bell.ring();
        self.bell.hurry();
    }

    pub(super) fn take_log(&self) -> bool {
        self.log.swap(false, Ordering::AcqRel)
    }

    pub(super) fn take_queues(&self) -> bool {
        self.queues.swap(false, Ordering::AcqRel)
    }

    /// Start of the log for which the lowest offsets of all queues are right. Read it before the offsets.
    pub(crate) fn corrected(&self) -> u64 {
        self.corrected.load(Ordering::Acquire)
    }

    pub(super) fn set_corrected(&self, start: u64) {
        self.corrected.store(start, Ordering::Release);
    }

    /// Position of the newest checkpoint.
    pub(super) fn checkpointed(&self) -> u64 {
        self.checkpointed.load(Ordering::Acquire)
    }

    /// A checkpoint at `position` was saved.
    pub(crate) fn set_checkpointed(&self, position: u64) {
        self.checkpointed.store(position, Ordering::Release);
        if self.checkpoint_wanted.swap(false, Ordering::AcqRel) {
            self.call();
        }
    }

    pub(super) fn want_checkpoint(&self) {
        self.checkpoint_wanted.store(true, Ordering::Release);
    }

    /// Whether the cleaner waits for a newer checkpoint.
    pub(crate) fn is_checkpoint_wanted(&self) -> bool {
        self.checkpoint_wanted.load(Ordering::Acquire)
    }
}
