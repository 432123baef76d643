//! The file `abort`: there while a broker runs, so that the next start knows whether the last one ended cleanly.

use std::path::{Path, PathBuf};

use ferromq_disk::{Disk, DiskError, OpenMode};

/// The marker of one store.
#[derive(Debug)]
pub(crate) struct AbortMarker {
    path: PathBuf,
}

impl AbortMarker {
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            path: root.join("abort"),
        }
    }

    /// Whether the last run did not end cleanly.
    pub(crate) fn is_set(&self, disk: &dyn Disk) -> Result<bool, DiskError> {
        disk.exists(&self.path)
    }

    /// Sets it; the content is the process id, as RocketMQ writes it.
    pub(crate) fn set(&self, disk: &dyn Disk) -> Result<(), DiskError> {
        let file = disk.open(&self.path, OpenMode::Create)?;
        file.set_len(0)?;
        file.write_at(std::process::id().to_string().as_bytes(), 0)?;
        file.sync_all()?;
        self.sync_dir(disk)
    }

    /// Takes it away.
    pub(crate) fn clear(&self, disk: &dyn Disk) -> Result<(), DiskError> {
        if disk.exists(&self.path)? {
            disk.remove(&self.path)?;
        }
        self.sync_dir(disk)
    }

    fn sync_dir(&self, disk: &dyn Disk) -> Result<(), DiskError> {
        match self.path.parent() {
            Some(dir) => disk.sync_dir(dir),
            None => Ok(()),
        }
    }
}
