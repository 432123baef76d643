//! A disk that keeps some space back, so that small files can still be saved when somebody else has filled the disk.
//!
//! The space is a file, `ferromq.reserve`. It is made smaller step by step when a small file finds no room, and made
//! anew when there is plenty. Big files (the log, queues) never touch it: they wait until space is back.

use std::any::Any;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::disk::{Disk, DiskFile, Entry, OpenMode, Space};
use crate::error::DiskError;

/// Largest reserve in bytes.
const BYTES_MAX: u64 = 16 << 20;
/// A small disk keeps back one part in so many.
const SHARE: u64 = 64;
/// The reserve is given up in so many steps, for it must last for many saves.
const STEPS: u64 = 16;
/// And in no smaller ones than this, in bytes.
const STEP_MIN: u64 = 64 << 10;
/// It is made when so many times as much is free.
const PLENTY: u64 = 4;

/// A disk with a reserve.
#[derive(Debug)]
pub struct ReservedDisk {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    /// Size of the reserve; unknown before the first look.
    kept: Mutex<Option<u64>>,
}

impl ReservedDisk {
    /// Keeps the reserve of `disk` in a file in `dir`, which need not exist yet.
    #[must_use]
    pub fn new(disk: Arc<dyn Disk>, dir: &Path) -> Self {
        Self {
            disk,
            path: dir.join("ferromq.reserve"),
            kept: Mutex::new(None),
        }
    }

    fn size(&self, kept: &mut Option<u64>) -> u64 {
        *kept.get_or_insert_with(|| self.disk.file_len(&self.path).unwrap_or(0))
    }

    fn shrink(&self, kept: u64, step: u64) -> Result<u64, DiskError> {
        let left = kept.saturating_sub(step);
        if left == 0 {
            // What is missing may be no space but an inode: that of the reserve is the last help.
            return self.disk.remove(&self.path).map(|()| 0);
        }
        let file = self.disk.open(&self.path, OpenMode::Write)?;
        file.set_len(left).map(|()| left)
    }

    /// Makes the reserve if there is plenty of space; its size.
    fn grow(&self, kept: u64) -> Result<u64, DiskError> {
        let dir = self.path.parent().unwrap_or(&self.path);
        let space = self.disk.space(dir)?;
        let wanted = (space.total / SHARE).min(BYTES_MAX);
        if wanted <= kept || space.available < wanted * PLENTY {
            return Ok(kept);
        }
        let file = self.disk.open(&self.path, OpenMode::Create)?;
        file.preallocate(wanted)?;
        Ok(wanted)
    }
}

impl Disk for ReservedDisk {
    fn make_room(&self) -> bool {
        let mut kept = self.kept.lock();
        let size = self.size(&mut kept);
        if size == 0 {
            return false;
        }
        let left = self.shrink(size, (size / STEPS).max(STEP_MIN));
        // After a failure the file is looked at again.
        *kept = left.as_ref().ok().copied();
        left.is_ok()
    }

    fn keep_room(&self) {
        let mut kept = self.kept.lock();
        let size = self.size(&mut kept);
        *kept = self.grow(size).ok();
    }

    fn open(&self, path: &Path, mode: OpenMode) -> Result<Arc<dyn DiskFile>, DiskError> {
        self.disk.open(path, mode)
    }

    fn list(&self, dir: &Path) -> Result<Vec<Entry>, DiskError> {
        self.disk.list(dir)
    }

    fn exists(&self, path: &Path) -> Result<bool, DiskError> {
        self.disk.exists(path)
    }

    fn file_len(&self, path: &Path) -> Result<u64, DiskError> {
        self.disk.file_len(path)
    }

    fn create_dirs(&self, dir: &Path) -> Result<(), DiskError> {
        self.disk.create_dirs(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        self.disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> Result<(), DiskError> {
        self.disk.remove(path)
    }

    fn remove_dir_all(&self, dir: &Path) -> Result<(), DiskError> {
        self.disk.remove_dir_all(dir)
    }

    fn sync_dir(&self, dir: &Path) -> Result<(), DiskError> {
        self.disk.sync_dir(dir)
    }

    fn sync_file_system(&self, path: &Path) -> Result<(), DiskError> {
        self.disk.sync_file_system(path)
    }

    fn space(&self, path: &Path) -> Result<Space, DiskError> {
        self.disk.space(path)
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn Any + Send + Sync>, DiskError> {
        self.disk.lock(path)
    }
}
