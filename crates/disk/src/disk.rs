//! The traits that everything above does its file work through.

use std::any::Any;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use ferromq_base::Millis;

use crate::error::DiskError;

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// An existing file, for reading only.
    Read,
    /// An existing file, for reading and writing.
    Write,
    /// For reading and writing; created empty if it is not there.
    Create,
    /// For reading and writing; must not exist yet.
    CreateNew,
}

/// One name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name without the folder. Names that are not UTF-8 are left out of listings: we never write such names.
    pub name: String,
    /// Whether it is a folder.
    pub is_dir: bool,
}

/// Space of a file system in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Size of the file system.
    pub total: u64,
    /// What an ordinary process can still use.
    pub available: u64,
}

impl Space {
    /// Used share in percent, rounded up, counted as `used / (used + available)` is by RocketMQ.
    #[must_use]
    pub fn used_percent(&self) -> u8 {
        let used = u128::from(self.total.saturating_sub(self.available));
        let all = u128::from(self.total).max(1);
        u8::try_from((used * 100).div_ceil(all)).unwrap_or(100)
    }
}

/// A file system. Paths are used as given; nothing is cached.
pub trait Disk: Send + Sync + fmt::Debug {
    /// Opens a file. Never in append mode: Linux would ignore the position of writes.
    fn open(&self, path: &Path, mode: OpenMode) -> Result<Arc<dyn DiskFile>, DiskError>;
    /// The entries of a folder, sorted by name.
    fn list(&self, dir: &Path) -> Result<Vec<Entry>, DiskError>;
    /// Whether the file or folder exists.
    fn exists(&self, path: &Path) -> Result<bool, DiskError>;
    /// Length of a file in bytes, without opening it.
    fn file_len(&self, path: &Path) -> Result<u64, DiskError>;
    /// Creates a folder and those above it that are missing.
    fn create_dirs(&self, dir: &Path) -> Result<(), DiskError>;
    /// Renames a file; an existing target is replaced atomically.
    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> Result<(), DiskError>;
    /// Removes a folder with everything in it.
    fn remove_dir_all(&self, dir: &Path) -> Result<(), DiskError>;
    /// Makes creations, renames and removals in a folder survive a power cut.
    fn sync_dir(&self, dir: &Path) -> Result<(), DiskError>;
    /// Makes everything on the file system that holds `path` survive a power cut: for many files at once.
    fn sync_file_system(&self, path: &Path) -> Result<(), DiskError>;
    /// Size and free space of the file system that holds `path`.
    fn space(&self, path: &Path) -> Result<Space, DiskError>;
    /// Takes an exclusive lock on a file, created if missing. The lock is held until the result is dropped.
    fn lock(&self, path: &Path) -> Result<Box<dyn Any + Send + Sync>, DiskError>;

    /// Gives up some space that was kept back, because a small file that must be written found the disk full. False if
    /// there is none left: another attempt would fail, too. The default keeps nothing back.
    fn make_room(&self) -> bool {
        false
    }

    /// Keeps back again what [`Disk::make_room`] gave up, if there is plenty of space. Failing is not an error.
    fn keep_room(&self) {}

    /// The whole content of a file that holds at most `bytes_max` bytes.
    fn read(&self, path: &Path, bytes_max: u64) -> Result<Vec<u8>, DiskError> {
        let file = self.open(path, OpenMode::Read)?;
        let len = file.len()?;
        if bytes_max < len {
            let text = format!("{len} bytes long, more than the {bytes_max} allowed here");
            return Err(DiskError::new("read", path, io::Error::other(text)));
        }
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(usize::MAX)];
        file.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    }
}

/// An open file. Positions are bytes from the start; there is no cursor, so that threads can share it.
pub trait DiskFile: Send + Sync + fmt::Debug {
    /// The path it was opened by.
    fn path(&self) -> &Path;
    /// Reads up to `buf.len()` bytes; less only at the end of the file.
    fn read_at(&self, buf: &mut [u8], at: u64) -> Result<usize, DiskError>;
    /// Writes all of `bytes`. After an error any part of them may have been written.
    fn write_at(&self, bytes: &[u8], at: u64) -> Result<(), DiskError>;
    /// Makes the file `len` bytes long with its space reserved, so that writes below `len` neither grow it nor
    /// run out of space. New bytes read as zero. Where the file system cannot reserve, the file becomes sparse.
    fn preallocate(&self, len: u64) -> Result<(), DiskError>;
    /// Makes `len` bytes from `at` read as zero, cheaply where the file system can.
    fn zero_range(&self, at: u64, len: u64) -> Result<(), DiskError>;
    /// Sets the length; new bytes read as zero and take no space.
    fn set_len(&self, len: u64) -> Result<(), DiskError>;
    /// Has the system begin to bring `len` written bytes from `at` on to the device, without waiting for them: so that the
    /// sync that follows has little left to do. A hint; errors show at the sync. The default does nothing.
    fn begin_write_back(&self, at: u64, len: u64) {
        let _ = (at, len);
    }
    /// Makes written bytes survive a power cut. After an error the file's unsynced bytes must be taken for lost:
    /// a second call may succeed without having written them.
    fn sync_data(&self) -> Result<(), DiskError>;
    /// Like [`DiskFile::sync_data`], and all metadata with it.
    fn sync_all(&self) -> Result<(), DiskError>;
    /// Length in bytes.
    fn len(&self) -> Result<u64, DiskError>;
    /// Time of the last write.
    fn modified(&self) -> Result<Millis, DiskError>;

    /// The first place at or after `at` where anything but zeros may be, as far as the file system knows without reading; `None` if
    /// there is none. The default knows nothing.
    fn data_from(&self, at: u64) -> Result<Option<u64>, DiskError> {
        Ok(Some(at).filter(|at| self.len().is_ok_and(|len| *at < len)))
    }

    /// Whether the file has no bytes.
    fn is_empty(&self) -> Result<bool, DiskError> {
        Ok(self.len()? == 0)
    }

    /// Like [`DiskFile::read_at`], but `None` if the bytes would have to come from the device.
    /// The default reads anyway, for disks that cannot tell.
    fn read_cached_at(&self, buf: &mut [u8], at: u64) -> Result<Option<usize>, DiskError> {
        self.read_at(buf, at).map(Some)
    }

    /// Reads into one part after the other; returns how many bytes, less than there is room for only at the end of the file.
    fn read_parts_at(&self, parts: &mut [&mut [u8]], at: u64) -> Result<usize, DiskError> {
        let mut done = 0;
        for part in parts {
            let read = self.read_at(part, at + done as u64)?;
            done += read;
            if read < part.len() {
                break;
            }
        }
        Ok(done)
    }

    /// Like [`DiskFile::read_parts_at`], for bytes that will not be read again soon: where the system can, and the parts are
    /// [`crate::AlignedBytes`] and begin at a place aligned like them, the bytes do not come into its page cache, in place of what others
    /// need, unless most of them are there before. Whoever writes to the file meanwhile may have to wait for the device, too. The default
    /// reads as usual.
    fn read_once_at(&self, parts: &mut [&mut [u8]], at: u64) -> Result<usize, DiskError> {
        self.read_parts_at(parts, at)
    }

    /// Fills `buf`, or fails with [`crate::DiskErrorKind::ShortFile`].
    fn read_exact_at(&self, buf: &mut [u8], at: u64) -> Result<(), DiskError> {
        if self.read_at(buf, at)? == buf.len() {
            return Ok(());
        }
        let short = io::Error::from(io::ErrorKind::UnexpectedEof);
        Err(DiskError::new("read", self.path(), short))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_share_is_rounded_up() {
        let used = |total, available| Space { total, available }.used_percent();
        assert_eq!(used(1000, 1000), 0);
        assert_eq!(used(1000, 999), 1);
        assert_eq!(used(1000, 0), 100);
        assert_eq!(used(0, 0), 0);
    }
}
