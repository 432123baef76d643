//! A file on its way out: its name goes first, then its space, in steps.
//!
//! Without a name it cannot be found by a later start, also not by RocketMQ, whatever happens in between: a crash frees the
//! rest. Freeing a large file at once would hold up everybody else who writes to the file system.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ferromq_disk::{Disk, DiskError, DiskErrorKind, DiskFile};

use crate::commit_log::Segment;

/// How long a reader may hold up the steps. After that the file is left to it: the space is free when it is done.
const READERS_MAX: Duration = Duration::from_secs(60);

/// A file that nobody finds any more, but that some may still read.
#[derive(Debug)]
pub(super) struct Retired {
    path: PathBuf,
    file: Option<Arc<dyn DiskFile>>,
    /// Held by readers, too, as long as they read.
    segment: Option<Arc<Segment>>,
    since: Instant,
    /// Whether the name is gone for good.
    unnamed: bool,
    /// Bytes that are left.
    left: u64,
}

/// What is left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// More steps.
    Steps,
    /// Somebody reads the file.
    Readers,
    Nothing,
}

impl Retired {
    /// A file of the log that is not in its list any more.
    pub(super) fn segment(segment: Arc<Segment>) -> Self {
        // Opened while it has a name. If that fails, the space is freed at once.
        let file = segment.shared_file().ok();
        let left = segment.end() - segment.base();
        let mut retired = Self::new(segment.path().to_owned(), file, left);
        retired.segment = Some(segment);
        retired
    }

    /// Any file of `left` bytes.
    pub(super) fn new(path: PathBuf, file: Option<Arc<dyn DiskFile>>, left: u64) -> Self {
        Self {
            path,
            file,
            segment: None,
            since: Instant::now(),
            unnamed: false,
            left,
        }
    }

    /// Whether the name is gone for good.
    pub(super) fn is_unnamed(&self) -> bool {
        self.unnamed
    }

    /// Takes the name away; to be repeated after an error. The next file must keep its name until this is done, or a power cut
    /// might leave a gap between two files.
    pub(super) fn remove_name(&mut self, disk: &dyn Disk) -> Result<(), DiskError> {
        match disk.remove(&self.path) {
            Err(e) if e.kind() != DiskErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }

    /// Makes that survive a power cut.
    pub(super) fn sync_name(&mut self, disk: &dyn Disk) -> Result<(), DiskError> {
        if let Some(dir) = self.path.parent() {
            disk.sync_dir(dir)?;
        }
        self.unnamed = true;
        Ok(())
    }

    /// Frees up to `step` bytes.
    pub(super) fn free(&mut self, step: u64) -> Left {
        let is_read = self
            .segment
            .as_ref()
            .is_some_and(|s| 1 < Arc::strong_count(s));
        if is_read && self.since.elapsed() < READERS_MAX {
            return Left::Readers;
        }
        let Some(file) = self.file.as_ref().filter(|_| !is_read) else {
            return Left::Nothing;
        };
        self.left = self.left.saturating_sub(step.max(1));
        if self.left == 0 {
            // What is left goes with the last descriptor.
            return Left::Nothing;
        }
        match file.set_len(self.left) {
            Ok(()) => Left::Steps,
            Err(error) => {
                tracing::warn!(%error, "cannot shorten a deleted file; it goes at once");
                Left::Nothing
            }
        }
    }
}
