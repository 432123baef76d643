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
    made: Mutex<Made>,
}

#[derive(Debug, Default)]
struct Made {
    /// Files that wait to be taken, by their start.
    ready: BTreeMap<u64, Arc<Segment>>,
    /// End of the newest file that was handed out. A file below it belongs to the append, which may be writing to it
    /// before it is part of the log: to make it "again" would be to sync it behind the flusher's back, and to remove it
    /// if that fails.
    taken: u64,
}

const NONE: u64 = u64::MAX;

impl Keeper {
    pub(crate) fn new(segments: Arc<Segments>) -> Self {
        Self {
            segments,
            bell: Arc::default(),
            wanted: AtomicU64::new(NONE),
            made: Mutex::default(),
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
        let mut made = self.made.lock();
        let segment = match made.ready.remove(&base) {
            Some(segment) => segment,
            None => self.segments.create(base)?,
        };
        made.taken = segment.end();
        Ok(segment)
    }

    /// Takes back a file into which nothing was written after all.
    pub(crate) fn give_back(&self, segment: Arc<Segment>) {
        self.made.lock().ready.insert(segment.base(), segment);
    }

    /// The number of files that are ready.
    pub(crate) fn ready(&self) -> u64 {
        self.made.lock().ready.len() as u64
    }

    /// There is space: a file that could not be made may be tried again.
    pub(crate) fn retry(&self) {
        if self.wanted.load(Ordering::Acquire) != NONE {
            self.bell.ring();
        }
    }

    /// Makes the wanted file. A failure is left to [`Keeper::take`], which tells the one who needs it.
    pub(crate) fn turn(&self) -> Next {
        let mut made = self.made.lock();
        let base = self.wanted.swap(NONE, Ordering::AcqRel);
        if base == NONE || base < made.taken || self.segments.find(base).is_some() {
            return Next::Wait(None);
        }
        if let Entry::Vacant(free) = made.ready.entry(base) {
            match self.segments.create(base) {
                Ok(segment) => {
                    free.insert(segment);
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot prepare the next file of the commit log");
                    let kept = (Ordering::AcqRel, Ordering::Relaxed);
                    // A newer wish counts more.
                    let _ = self.wanted.compare_exchange(NONE, base, kept.0, kept.1);
                    return Next::Wait(None);
                }
            }
        }
        Next::Again
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ferromq_disk::{Disk, OpenMode};
    use ferromq_testkit::{Fault, Op, SimDisk};

    use super::*;

    /// A keeper of files of 4096 bytes.
    fn keeper(disk: &SimDisk) -> Keeper {
        let disk = Arc::new(disk.clone());
        let segments = Segments::load(disk, Path::new("/log").to_owned(), 4096).unwrap();
        Keeper::new(Arc::new(segments))
    }

    #[test]
    fn a_wish_that_comes_after_the_file_was_taken_leaves_it_alone() {
        let disk = SimDisk::new();
        let keeper = keeper(&disk);
        keeper.want(0);
        let segment = keeper.take(0).unwrap();
        segment.write(b"a record", 0).unwrap();
        // The append has not made it part of the log yet when the worker gets to its wish, and the disk fails.
        disk.inject(Fault::from_now(Op::Sync, 5));
        assert_eq!(keeper.turn(), Next::Wait(None));
        assert_eq!(disk.count(Op::Sync), 1, "the one of its making");
        let file = disk.open(segment.path(), OpenMode::Read).unwrap();
        let mut found = [0; 8];
        file.read_exact_at(&mut found, 0).unwrap();
        assert_eq!(&found, b"a record");
    }

    #[test]
    fn a_file_that_was_given_back_is_taken_again() {
        let disk = SimDisk::new();
        let keeper = keeper(&disk);
        let segment = keeper.take(0).unwrap();
        keeper.give_back(Arc::clone(&segment));
        keeper.want(0);
        keeper.turn();
        assert!(Arc::ptr_eq(&keeper.take(0).unwrap(), &segment));
        keeper.want(4096);
        assert_eq!(keeper.turn(), Next::Again);
        assert_eq!(disk.count(Op::Allocate), 2);
    }
}
