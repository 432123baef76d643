//! Makes the next file of the log before it is needed.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ferromq_disk::DiskError;
use parking_lot::Mutex;

use super::segment::Segment;
use super::segments::Segments;
use crate::bell::Bell;
use crate::worker::Next;

/// Keeps one file ready. Its own thread runs [`Keeper::turn`]; the append takes what is ready, or makes it itself.
#[derive(Debug)]
pub(crate) struct Keeper {
    segments: Arc<Segments>,
    pub(crate) bell: Arc<Bell>,
    /// Start of the file to make next; [`NONE`] if there is no wish.
    wanted: AtomicU64,
    ready: Mutex<BTreeMap<u64, Arc<Segment>>>,
}

const NONE: u64 = u64::MAX;

impl Keeper {
    pub(crate) fn new(segments: Arc<Segments>) -> Self {
        Self {
            segments,
            bell: Arc::default(),
            wanted: AtomicU64::new(NONE),
            ready: Mutex::default(),
        }
    }

    /// The file that begins at `base` will be needed soon.
    pub(crate) fn want(&self, base: u64) {
        self.wanted.store(base, Ordering::Release);
        self.bell.ring();
    }

    /// The file that begins at `base`, which is needed now.
    pub(crate) fn take(&self, base: u64) -> Result<Arc<Segment>, DiskError> {
        // Held while creating, so that this thread and the worker never create the same file twice.
        let mut ready = self.ready.lock();
        match ready.remove(&base) {
            Some(segment) => Ok(segment),
            None => self.segments.create(base),
        }
    }

    /// Takes back a file into which nothing was written after all.
    pub(crate) fn give_back(&self, segment: Arc<Segment>) {
        self.ready.lock().insert(segment.base(), segment);
    }

    /// Makes the wanted file. A failure is left to [`Keeper::take`], which tells the one who needs it.
    pub(crate) fn turn(&self) -> Next {
        let mut ready = self.ready.lock();
        let base = self.wanted.swap(NONE, Ordering::AcqRel);
        let too_late = self.segments.find(base).is_some();
        if base == NONE || too_late {
            return Next::Wait(None);
        }
        if let Entry::Vacant(free) = ready.entry(base) {
            match self.segments.create(base) {
                Ok(segment) => {
                    free.insert(segment);
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot prepare the next file of the commit log");
                }
            }
        }
        Next::Again
    }
}
