//! Parts of files that the device does not read any more.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Number of the error that a read of such a part ends with: that of a failing device.
const DEVICE: i32 = 5;

/// The parts.
#[derive(Clone, Debug, Default)]
pub(super) struct Bad(Vec<(PathBuf, Range<u64>)>);

impl Bad {
    pub(super) fn add(&mut self, path: &Path, range: Range<u64>) {
        self.0.push((path.to_owned(), range));
    }

    /// The error of a read of `len` bytes at `at`, if one of them is bad.
    pub(super) fn check(&self, path: &Path, at: u64, len: usize) -> Result<(), io::Error> {
        let end = at.saturating_add(len as u64);
        let hit = |(of, bad): &(PathBuf, Range<u64>)| {
            of == path && bad.start < end && at < bad.end && at < end
        };
        if self.0.iter().any(hit) {
            return Err(io::Error::from_raw_os_error(DEVICE));
        }
        Ok(())
    }

    /// A write of `len` bytes at `at`, to a file that ends at `file_end` then: a part that is written as a whole gets a new place on
    /// the device; of another one the rest would have to be read first.
    pub(super) fn write(
        &mut self,
        path: &Path,
        (at, len): (u64, usize),
        file_end: u64,
    ) -> Result<(), io::Error> {
        let end = at + len as u64;
        self.0.retain(|(of, bad)| {
            let is_whole = at <= bad.start && bad.end.min(file_end) <= end;
            of != path || !is_whole
        });
        self.check(path, at, len)
    }

    /// A file is gone, and its place with it.
    pub(super) fn forget(&mut self, path: &Path) {
        self.0.retain(|(of, _)| of != path);
    }
}
