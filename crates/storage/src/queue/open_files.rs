//! A bounded number of open files: with many queues, most of their files are closed at any time.

use std::sync::Arc;

use ferromq_disk::{DiskError, DiskFile};
use rustc_hash::FxHashMap;

/// A file of a queue: the queue's serial number, and the number of the file within the queue.
pub(super) type FileKey = (u64, u64);

/// Open files, least recently used first to go. A file that was written to is synced before it goes.
#[derive(Debug)]
pub(super) struct OpenFiles {
    files: FxHashMap<FileKey, Open>,
    count_max: usize,
    clock: u64,
    sync_failed: bool,
}

#[derive(Debug)]
struct Open {
    file: Arc<dyn DiskFile>,
    used: u64,
    unsynced: bool,
}

impl OpenFiles {
    pub(super) fn new(count_max: usize) -> Self {
        Self {
            files: FxHashMap::default(),
            count_max: count_max.max(1),
            clock: 0,
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
        self.clock += 1;
        if let Some(known) = self.files.get_mut(&key) {
            known.used = self.clock;
            known.unsynced |= for_writing;
            return Ok(Some(Arc::clone(&known.file)));
        }
        let Some(file) = open()? else {
            return Ok(None);
        };
        if self.count_max <= self.files.len() {
            self.close_oldest()?;
        }
        let open = Open {
            file: Arc::clone(&file),
            used: self.clock,
            unsynced: for_writing,
        };
        self.files.insert(key, open);
        Ok(Some(file))
    }

    /// Syncs what was written.
    pub(super) fn sync(&mut self) -> Result<(), DiskError> {
        for open in self.files.values_mut().filter(|open| open.unsynced) {
            open.file
                .sync_data()
                .inspect_err(|_| self.sync_failed = true)?;
            open.unsynced = false;
        }
        Ok(())
    }

    /// Whether a sync has failed.
    pub(super) fn sync_failed(&self) -> bool {
        self.sync_failed
    }

    /// Forgets files that `gone` picks.
    pub(super) fn forget(&mut self, gone: impl Fn(FileKey) -> bool) {
        self.files.retain(|&key, _| !gone(key));
    }

    fn close_oldest(&mut self) -> Result<(), DiskError> {
        let oldest = self.files.iter().min_by_key(|(_, open)| open.used);
        let Some((&key, open)) = oldest else {
            return Ok(());
        };
        if open.unsynced {
            open.file
                .sync_data()
                .inspect_err(|_| self.sync_failed = true)?;
        }
        self.files.remove(&key);
        Ok(())
    }
}
