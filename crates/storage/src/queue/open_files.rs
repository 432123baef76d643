//! A bounded number of open files: with many queues, most of their files are closed at any time.
//!
//! A file that was written to and is closed is remembered until the next sync. If there are many such files, their file
//! system is synced as a whole: one call instead of one per file.

use std::collections::VecDeque;
use std::sync::Arc;

use ferromq_disk::{DiskError, DiskFile};
use rustc_hash::FxHashMap;

/// A file of a queue: the queue's serial number, and the number of the file within the queue.
pub(super) type FileKey = (u64, u64);

/// As many unsynced files, or folders, are synced one by one.
pub(super) const SINGLE_SYNCS_MAX: usize = 32;

/// Open files. The one that was opened first goes first, but for those that were used again since they were looked at.
#[derive(Debug)]
pub(super) struct OpenFiles {
    files: FxHashMap<FileKey, Open>,
    /// In the order in which they are looked at; some may be closed.
    order: VecDeque<FileKey>,
    count_max: usize,
    /// Whether files were closed that were written to since the last sync.
    closed_unsynced: bool,
    sync_failed: bool,
}

#[derive(Debug)]
struct Open {
    file: Arc<dyn DiskFile>,
    used_again: bool,
    unsynced: bool,
}

impl OpenFiles {
    pub(super) fn new(count_max: usize) -> Self {
        Self {
            files: FxHashMap::default(),
            order: VecDeque::new(),
            count_max: count_max.max(1),
            closed_unsynced: false,
            sync_failed: false,
        }
    }

    /// The file, opened by `open` if it is not open; `None` if `open` says that there is none.
    pub(super) fn file(
        &mut self,
        key: FileKey,
        for_writing: bool,
        open: impl FnOnce() -> Result<Option<Arc<dyn DiskFile>>, DiskError>,
    ) -> Result<Option<Arc<dyn DiskFile>>, DiskError> {
        if let Some(file) = self.opened(key, for_writing) {
            return Ok(Some(file));
        }
        let Some(file) = open()? else {
            return Ok(None);
        };
        if self.count_max <= self.files.len() {
            self.close_one();
        }
        let open = Open {
            file: Arc::clone(&file),
            used_again: false,
            unsynced: for_writing,
        };
        self.files.insert(key, open);
        self.order.push_back(key);
        Ok(Some(file))
    }

    /// The file, if it is open.
    pub(super) fn opened(&mut self, key: FileKey, for_writing: bool) -> Option<Arc<dyn DiskFile>> {
        let known = self.files.get_mut(&key)?;
        known.used_again = true;
        known.unsynced |= for_writing;
        Some(Arc::clone(&known.file))
    }

    /// Syncs what was written, if that is much by `sync_all`, which syncs everything on the file system.
    pub(super) fn sync(
        &mut self,
        sync_all: impl FnOnce() -> Result<(), DiskError>,
    ) -> Result<(), DiskError> {
        let unsynced = self.files.values().filter(|open| open.unsynced);
        if self.closed_unsynced || SINGLE_SYNCS_MAX < unsynced.clone().count() {
            return self.sync_by(sync_all);
        }
        let files: Vec<_> = unsynced.map(|open| Arc::clone(&open.file)).collect();
        self.sync_by(|| files.iter().try_for_each(|file| file.sync_data()))
    }

    /// Syncs what was written by `sync`.
    pub(super) fn sync_by(
        &mut self,
        sync: impl FnOnce() -> Result<(), DiskError>,
    ) -> Result<(), DiskError> {
        sync().inspect_err(|_| self.sync_failed = true)?;
        self.closed_unsynced = false;
        for open in self.files.values_mut() {
            open.unsynced = false;
        }
        Ok(())
    }

    /// Notes that a sync has failed.
    pub(super) fn set_sync_failed(&mut self) {
        self.sync_failed = true;
    }

    /// Whether a sync has failed.
    pub(super) fn sync_failed(&self) -> bool {
        self.sync_failed
    }

    /// Forgets files that `gone` picks.
    pub(super) fn forget(&mut self, gone: impl Fn(FileKey) -> bool) {
        self.files.retain(|&key, _| !gone(key));
        self.order.retain(|&key| !gone(key));
    }

    /// Closes a file. With more files in use than may be open this happens for each of them, so that none may be searched for.
    fn close_one(&mut self) {
        while let Some(key) = self.order.pop_front() {
            let Some(open) = self.files.get_mut(&key) else {
                continue;
            };
            if std::mem::take(&mut open.used_again) {
                self.order.push_back(key);
                continue;
            }
            self.closed_unsynced |= open.unsynced;
            self.files.remove(&key);
            return;
        }
    }
}
