//! What of a file is in the page cache: asked without side effects.
//!
//! A read that must not wait (`RWF_NOWAIT`) fails for what is not there, but has Linux begin to fetch it first. To submit
//! that to a busy disk can take as long as a read: the caller would have waited after all, and the scan of an old file
//! would fill the page cache.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};

/// Number of the system call `cachestat`, the same on all architectures that have it; Linux 6.5 and later.
const CACHESTAT: libc::c_long = 451;

/// Set once the system has refused the call: older systems, and some sandboxes.
static REFUSED: AtomicBool = AtomicBool::new(false);

/// `struct cachestat_range`: bytes.
#[repr(C)]
struct Range {
    from: u64,
    len: u64,
}

/// `struct cachestat`: pages.
#[repr(C)]
#[derive(Default)]
struct Found {
    cached: u64,
    dirty: u64,
    writeback: u64,
    evicted: u64,
    recently_evicted: u64,
}

/// Whether all of the `len` bytes from `at` on are in the page cache; `None` if the system cannot tell.
pub(crate) fn holds(file: &File, at: u64, len: u64) -> Option<bool> {
    let (cached, pages) = cached(file, at, len)?;
    Some(pages <= cached)
}

/// How many of the pages of `len` bytes from `at` on are in the page cache, and how many these are; `None` if the system
/// cannot tell.
pub(crate) fn cached(file: &File, at: u64, len: u64) -> Option<(u64, u64)> {
    if REFUSED.load(Ordering::Relaxed) {
        return None;
    }
    let range = Range { from: at, len };
    let mut found = Found::default();
    #[allow(unsafe_code, reason = "no safe wrapper of this system call exists")]
    // SAFETY: the call reads one `Range` and writes one `Found`, both of the layout that the system defines, and
    // keeps no pointer. The descriptor is open as long as `file` is borrowed.
    let code = unsafe {
        libc::syscall(
            CACHESTAT,
            file.as_raw_fd(),
            &raw const range,
            &raw mut found,
            0,
        )
    };
    if code != 0 {
        if io::Error::last_os_error().raw_os_error() != Some(libc::EINTR) {
            REFUSED.store(true, Ordering::Relaxed);
        }
        return None;
    }
    let page = rustix::param::page_size() as u64;
    let pages = (at + len).div_ceil(page) - at / page;
    Some((found.cached, pages))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::*;

    #[test]
    fn written_bytes_are_there_and_holes_are_not() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(1 << 20).unwrap();
        file.write_all_at(&[7; 20_000], 300_000).unwrap();
        let Some(all) = holds(&file, 300_000, 20_000) else {
            println!("this system cannot tell");
            return;
        };
        assert!(all);
        assert_eq!(holds(&file, 310_000, 1), Some(true));
        assert_eq!(holds(&file, 300_000, 100_000), Some(false));
        // Asking does not fetch.
        assert_eq!(holds(&file, 700_000, 10), Some(false));
        assert_eq!(holds(&file, 700_000, 10), Some(false));
    }
}
