//! Write-back begun early, in small parts.
//!
//! Linux prepares all dirty pages of a file in one go when it is synced, and a kernel that is built for throughput does not let
//! go of the core meanwhile: whoever shares it waits for milliseconds. Parts prepared before, one by one, cost the same and hold
//! nobody up.

use std::fs::File;
use std::os::fd::AsRawFd;

/// Begins to write back `len` bytes from `at` on, and does not wait for the device. A failure shows at the next sync: the
/// system keeps it for this descriptor until then.
pub(crate) fn begin(file: &File, at: u64, len: u64) {
    let (Ok(at), Ok(len)) = (i64::try_from(at), i64::try_from(len)) else {
        return;
    };
    #[allow(unsafe_code, reason = "no safe wrapper of this system call exists")]
    // SAFETY: the call takes no pointers. The descriptor is open as long as `file` is borrowed.
    let _ =
        unsafe { libc::sync_file_range(file.as_raw_fd(), at, len, libc::SYNC_FILE_RANGE_WRITE) };
}
