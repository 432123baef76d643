//! Parts of the log that the device does not read: which of them are lost, and which may come back.
//!
//! A read that fails once proves little: a path to the device is switched over, a cable is loose, and half a minute later
//! all is well. A message that is passed over is lost to its consumers, one that is waited for only comes later. So bytes are
//! given up only if they, or others nearby, failed at least [`PATIENCE`] ago, fail again, and once more after the device
//! has shown that it reads other bytes of the same file.

use std::collections::BTreeMap;
use std::time::Duration;

use ferromq_base::Millis;
use ferromq_disk::{DiskError, DiskErrorKind, DiskFile};
use parking_lot::Mutex;

use super::log::CommitLog;
use super::segment::Segment;

/// How long after the first failure bytes are waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// A failure that nobody met again for so long is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(24 * 3600);
/// What is looked at by itself: what systems read at least.
const PAGE_BYTES: usize = 4096;
/// Bad sectors are seldom alone: so many bytes are waited for together.
const PART_BYTES: u64 = 128 * 1024;
/// Parts that are remembered. With more of them the device is failing as a whole.
const PARTS_MAX: usize = 4096;
/// Farthest bytes that are read as a proof that the device reads at all.
const FAR_BYTES: u64 = 16 << 20;

/// The parts of the log in which reads have failed.
#[derive(Debug, Default)]
pub(super) struct Unreadable {
    /// Time of the first and the last failure by log offset.
    parts: Mutex<BTreeMap<u64, (Millis, Millis)>>,
}

impl Unreadable {
    /// Notes that reading the byte at `at` failed; whether that has been so for long.
    fn note(&self, at: u64, now: Millis) -> bool {
        let part = at - at % PART_BYTES;
        let mut parts = self.parts.lock();
        if PARTS_MAX <= parts.len() && !parts.contains_key(&part) {
            return false;
        }
        let (first, last) = parts.entry(part).or_insert((now, now));
        if FORGOTTEN < now.since(*last) {
            *first = now;
        }
        *last = now;
        PATIENCE <= now.since(*first)
    }
}

impl CommitLog {
    /// The place in `segment`, between `place` and `place + len`, of the first page that is lost; `None` if there is none that
    /// fails, or if it may come back. Waits for the disk.
    pub(super) fn lost_page(&self, segment: &Segment, place: u64, len: usize) -> Option<u64> {
        let file = segment.file().ok()?;
        let end = place + len as u64;
        let mut page = place - place % PAGE_BYTES as u64;
        while page < end {
            if is_bad(file, page) {
                return self.is_lost(segment, page).then_some(page);
            }
            page += PAGE_BYTES as u64;
        }
        None
    }

    /// Whether a page whose read has failed just now will not come back.
    fn is_lost(&self, segment: &Segment, page: u64) -> bool {
        let is_old = self
            .unreadable
            .note(segment.base() + page, self.clock.now());
        let Ok(file) = segment.file() else {
            return false;
        };
        is_old && answers(file, page, segment.end() - segment.base()) && is_bad(file, page)
    }

    /// Fills `buf` from `place` in `segment`, with zeros where pages are lost. An error if something cannot be read that may
    /// come back.
    pub(super) fn read_left(
        &self,
        segment: &Segment,
        buf: &mut [u8],
        place: u64,
    ) -> Result<(), DiskError> {
        let file = segment.file()?;
        match file.read_exact_at(buf, place) {
            Err(error) if error.kind() == DiskErrorKind::Device => {}
            other => return other,
        }
        let mut done = 0;
        while done < buf.len() {
            let at = place + done as u64;
            let in_page = usize::try_from(at % PAGE_BYTES as u64).unwrap_or(0);
            let size = (PAGE_BYTES - in_page).min(buf.len() - done);
            let part = &mut buf[done..done + size];
            match file.read_exact_at(part, at) {
                Err(error) if error.kind() == DiskErrorKind::Device => {
                    if !self.is_lost(segment, at - in_page as u64) {
                        return Err(error);
                    }
                    part.fill(0);
                }
                other => other?,
            }
            done += size;
        }
        Ok(())
    }
}

/// Whether the device fails to read a page.
fn is_bad(file: &dyn DiskFile, page: u64) -> bool {
    let mut bytes = [0; PAGE_BYTES];
    let read = file.read_at(&mut bytes, page);
    read.is_err_and(|error| error.kind() == DiskErrorKind::Device)
}

/// Whether the device reads other bytes of the same file, at best some that the system has to fetch from it.
fn answers(file: &dyn DiskFile, page: u64, file_bytes: u64) -> bool {
    let mut bytes = [0; PAGE_BYTES];
    let mut from_memory = false;
    let mut distance = PAGE_BYTES as u64;
    while distance <= FAR_BYTES {
        let before = page.checked_sub(distance);
        let after = Some(page + distance).filter(|at| *at < file_bytes);
        for at in [before, after].into_iter().flatten() {
            if matches!(file.read_cached_at(&mut bytes, at), Ok(Some(_))) {
                from_memory = true;
            } else if file.read_at(&mut bytes, at).is_ok() {
                return true;
            }
        }
        distance *= 2;
    }
    from_memory
}
