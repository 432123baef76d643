//! One process per folder.

use std::any::Any;
use std::fmt;
use std::path::Path;

use crate::disk::{Disk, OpenMode};
use crate::error::DiskError;

/// Exclusive use of a folder, held until it is dropped.
///
/// The folder's file `lock` is locked and holds the text `lock`, as RocketMQ writes it. The lock belongs to the
/// open file, so the operating system frees it when the process dies.
pub struct DirLock {
    _held: Box<dyn Any + Send + Sync>,
}

impl DirLock {
    /// Locks `dir`, which must exist. [`crate::DiskErrorKind::Locked`] if somebody else has it.
    pub fn take(disk: &dyn Disk, dir: &Path) -> Result<Self, DiskError> {
        let path = dir.join("lock");
        let held = disk.lock(&path)?;
        // The content is for people only. A write through a second descriptor would end Java's kind of lock when
        // that descriptor is closed, so it is written only where it is missing, before the lock matters to Java.
        if disk.file_len(&path)? == 0 {
            drop(held);
            disk.open(&path, OpenMode::Write)?.write_at(b"lock", 0)?;
            return Ok(Self {
                _held: disk.lock(&path)?,
            });
        }
        Ok(Self { _held: held })
    }
}

impl fmt::Debug for DirLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DirLock")
    }
}
