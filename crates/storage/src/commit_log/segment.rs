//! One file of the commit log, named by the log offset of its first byte.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ferromq_disk::{Disk, DiskError, DiskFile, OpenMode};

/// A file of the log. Opened when first used.
#[derive(Debug)]
pub(crate) struct Segment {
    base: u64,
    bytes: u64,
    path: PathBuf,
    disk: Arc<dyn Disk>,
    file: OnceLock<Arc<dyn DiskFile>>,
}

/// File name of the segment that begins at `base`: 20 digits.
pub(crate) fn file_name(base: u64) -> String {
    format!("{base:020}")
}

/// The offset a file name stands for.
pub(crate) fn base_of(name: &str) -> Option<u64> {
    if name.len() != 20 || !name.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    name.parse().ok()
}

impl Segment {
    /// A file that exists.
    pub(crate) fn existing(disk: Arc<dyn Disk>, dir: &Path, base: u64, bytes: u64) -> Self {
        Self {
            base,
            bytes,
            path: dir.join(file_name(base)),
            disk,
            file: OnceLock::new(),
        }
    }

    /// Makes the file with all its space, and makes it survive a power cut. A leftover of a crash in the middle of
    /// this is completed.
    pub(crate) fn create(
        disk: Arc<dyn Disk>,
        dir: &Path,
        base: u64,
        bytes: u64,
    ) -> Result<Self, DiskError> {
        let segment = Self::existing(disk, dir, base, bytes);
        segment.check_room(dir)?;
        let file = segment.disk.open(&segment.path, OpenMode::Create)?;
        let filled = file.preallocate(bytes).and_then(|()| file.sync_all());
        if let Err(error) = filled {
            // A file of the wrong length would be taken for damage at the next start.
            segment.disk.remove(&segment.path)?;
            return Err(error);
        }
        segment.disk.sync_dir(dir)?;
        let _ = segment.file.set(file);
        Ok(segment)
    }

    /// An attempt without enough room would take all that is left for a moment, also from those who need little.
    fn check_room(&self, dir: &Path) -> Result<(), DiskError> {
        // Where nothing can be measured, the attempt decides.
        let room = self.disk.space(dir).map_or(u64::MAX, |s| s.available);
        let found = self.disk.file_len(&self.path).unwrap_or(0);
        if self.bytes.saturating_sub(found) <= room {
            return Ok(());
        }
        let full = io::ErrorKind::StorageFull.into();
        Err(DiskError::new("allocate", &self.path, full))
    }

    /// Log offset of its first byte.
    pub(crate) fn base(&self) -> u64 {
        self.base
    }

    /// Log offset after its last byte.
    pub(crate) fn end(&self) -> u64 {
        self.base + self.bytes
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The open file.
    pub(crate) fn file(&self) -> Result<&dyn DiskFile, DiskError> {
        Ok(&**self.opened()?)
    }

    /// The open file, for a longer time.
    pub(crate) fn shared_file(&self) -> Result<Arc<dyn DiskFile>, DiskError> {
        self.opened().cloned()
    }

    fn opened(&self) -> Result<&Arc<dyn DiskFile>, DiskError> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        let file = self.disk.open(&self.path, OpenMode::Write)?;
        Ok(self.file.get_or_init(|| file))
    }

    /// The open file, if it was used before.
    pub(crate) fn if_open(&self) -> Option<&dyn DiskFile> {
        self.file.get().map(|file| &**file)
    }

    /// Writes at a log offset inside this file.
    pub(crate) fn write(&self, bytes: &[u8], at: u64) -> Result<(), DiskError> {
        self.file()?.write_at(bytes, at - self.base)
    }

    /// Makes log offsets inside this file read as zero.
    pub(crate) fn zero(&self, from: u64, to: u64) -> Result<(), DiskError> {
        self.file()?.zero_range(from - self.base, to - from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_offsets_of_twenty_digits() {
        assert_eq!(file_name(1 << 30), "00000000001073741824");
        assert_eq!(base_of("00000000001073741824"), Some(1 << 30));
        for other in [
            "",
            "123",
            "0000000000107374182x",
            "000000000010737418240",
            "+0000000001073741824",
        ] {
            assert_eq!(base_of(other), None, "{other}");
        }
        assert_eq!(base_of("99999999999999999999"), None, "more than 64 bits");
    }
}
