//! Reads past the page cache.
//!
//! What is read once, and long after it was written, gains nothing from the page cache and costs its other users much: pages must be
//! found for it, which the kernel takes from what others need, by threads that do not let go of the core for milliseconds; and it reads
//! on ahead, up to megabytes, as the machine was set up for.

use std::fs::File;
use std::io::{self, IoSliceMut};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::OnceLock;

use rustix::io::Errno;

use crate::aligned::ALIGNMENT;

/// A second descriptor of a file, for such reads; opened when first needed.
#[derive(Debug, Default)]
pub(crate) struct Direct {
    /// `None` where the file system cannot do it.
    file: OnceLock<Option<File>>,
}

impl Direct {
    /// Reads from `file`, which was opened at `path`, into one part after the other, past the page cache; less than there is room for only
    /// at its end. `None` if that cannot be done.
    pub(crate) fn read_at(
        &self,
        (file, path): (&File, &Path),
        parts: &mut [&mut [u8]],
        at: u64,
    ) -> Option<io::Result<usize>> {
        if !fits(parts, at) {
            return None;
        }
        let direct = self.file.get_or_init(|| open(file, path)).as_ref()?;
        let mut slices: Vec<_> = parts.iter_mut().map(|part| IoSliceMut::new(part)).collect();
        loop {
            match rustix::io::preadv(direct, &mut slices, at) {
                Err(Errno::INTR) => {}
                // Refused for its shape, not for what is read.
                Err(Errno::INVAL) => return None,
                read => return Some(read.map_err(io::Error::from)),
            }
        }
    }
}

/// Whether a part of a file can be read into `parts`, one after the other, without the page cache.
fn fits(parts: &[&mut [u8]], at: u64) -> bool {
    let is_whole = |n: usize| n.is_multiple_of(ALIGNMENT);
    let each = |part: &&mut [u8]| is_whole(part.as_ptr().addr()) && is_whole(part.len());
    at.is_multiple_of(ALIGNMENT as u64) && parts.iter().all(each)
}

/// Opens the file once more. What is found at its path may be another one by now.
fn open(file: &File, path: &Path) -> Option<File> {
    let direct = File::options()
        .read(true)
        .custom_flags(libc::O_DIRECT)
        .open(path)
        .ok()?;
    let (known, found) = (file.metadata().ok()?, direct.metadata().ok()?);
    let is_same = (known.dev(), known.ino()) == (found.dev(), found.ino());
    is_same.then_some(direct)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::aligned::AlignedBytes;

    #[test]
    fn memory_and_places_are_whole_pages() {
        let (mut one, mut other) = (AlignedBytes::zeroed(8192), AlignedBytes::zeroed(8192));
        assert!(fits(&[&mut one, &mut other], 4096));
        assert!(!fits(&[&mut one, &mut other], 512));
        assert!(!fits(&[&mut one, &mut other[1..4097]], 0));
        assert!(!fits(&[&mut one[..100]], 0));
    }

    #[test]
    fn what_was_written_is_read_also_before_it_is_on_the_device() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let content: Vec<u8> = (0..3 * ALIGNMENT + 100).map(|i| (i / 7) as u8).collect();
        fs::write(&path, &content).unwrap();
        let file = File::open(&path).unwrap();
        let direct = Direct::default();
        let (mut one, mut two) = (
            AlignedBytes::zeroed(ALIGNMENT),
            AlignedBytes::zeroed(ALIGNMENT),
        );
        let parts: &mut [&mut [u8]] = &mut [&mut one, &mut two];
        let Some(read) = direct.read_at((&file, &path), parts, ALIGNMENT as u64) else {
            println!("this file system cannot read past the page cache");
            return;
        };
        assert_eq!(read.unwrap(), 2 * ALIGNMENT);
        assert_eq!(one[..], content[ALIGNMENT..2 * ALIGNMENT]);
        assert_eq!(two[..], content[2 * ALIGNMENT..3 * ALIGNMENT]);
        let parts: &mut [&mut [u8]] = &mut [&mut one, &mut two];
        let read = direct.read_at((&file, &path), parts, 3 * ALIGNMENT as u64);
        assert_eq!(read.unwrap().unwrap(), 100, "the end of the file");
        assert_eq!(one[..100], content[3 * ALIGNMENT..]);
        let odd = direct.read_at((&file, &path), &mut [&mut one[..100]], 0);
        assert!(odd.is_none());
    }

    #[test]
    fn another_file_at_the_same_path_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, [1; ALIGNMENT]).unwrap();
        let file = File::open(&path).unwrap();
        fs::rename(&path, dir.path().join("old")).unwrap();
        fs::write(&path, [2; ALIGNMENT]).unwrap();
        let mut buf = AlignedBytes::zeroed(ALIGNMENT);
        let read = Direct::default().read_at((&file, &path), &mut [&mut buf], 0);
        assert!(read.is_none());
    }
}
