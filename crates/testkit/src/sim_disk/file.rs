//! The bytes of a file, as a process sees them and as a power cut would leave them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ferromq_base::Millis;
use ferromq_disk::{DiskError, DiskFile};
use parking_lot::Mutex;

use super::SimDisk;
use super::choice::Choice;
use super::fault::Op;

/// What a disk writes as a whole.
const SECTOR: usize = 512;
/// Contents of a sector between its last sync and now that are remembered.
const VERSIONS_MAX: usize = 6;

/// The bytes of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    seen: Vec<u8>,
    synced: Vec<u8>,
    /// Sectors that may differ, with what they held between the last sync and now: the system may have written any of
    /// these to the disk.
    unsynced: BTreeMap<usize, Vec<Vec<u8>>>,
    /// Sectors that take space.
    taken: BTreeSet<usize>,
    /// Time of the last write, by the clock of the disk.
    modified: Millis,
}

impl Content {
    pub(super) fn len(&self) -> u64 {
        self.seen.len() as u64
    }

    pub(super) fn taken(&self) -> u64 {
        (self.taken.len() * SECTOR) as u64
    }

    fn sectors(at: usize, len: usize) -> std::ops::Range<usize> {
        at / SECTOR..(at + len).div_ceil(SECTOR)
    }

    /// Bytes of space that writing here would newly take.
    fn needed(&self, at: usize, len: usize) -> u64 {
        let new = Self::sectors(at, len).filter(|s| !self.taken.contains(s));
        (new.count() * SECTOR) as u64
    }

    fn write(&mut self, at: usize, bytes: &[u8]) {
        let end = at + bytes.len();
        if self.seen.len() < end {
            self.seen.resize(end, 0);
        }
        for sector in Self::sectors(at, bytes.len()) {
            self.touch(sector);
        }
        self.seen[at..end].copy_from_slice(bytes);
        self.taken.extend(Self::sectors(at, bytes.len()));
    }

    /// A sector is about to change.
    fn touch(&mut self, sector: usize) {
        let to = (sector * SECTOR + SECTOR).min(self.seen.len());
        let now = self.seen.get(sector * SECTOR..to).unwrap_or_default();
        match self.unsynced.get_mut(&sector) {
            Some(versions) => {
                if versions.len() == VERSIONS_MAX {
                    versions.remove(0);
                }
                versions.push(now.to_vec());
            }
            None => {
                self.unsynced.insert(sector, Vec::new());
            }
        }
    }

    fn set_len(&mut self, len: usize) {
        // What a shorter length cut off must not come back when the file grows again.
        let from = len.min(self.seen.len());
        let changed = self.synced.len().saturating_sub(from);
        for sector in Self::sectors(from, changed) {
            self.unsynced.entry(sector).or_default();
        }
        self.seen.resize(len, 0);
        self.taken.retain(|s| s * SECTOR < len);
    }

    pub(super) fn sync(&mut self) {
        self.synced.resize(self.seen.len(), 0);
        for sector in std::mem::take(&mut self.unsynced).into_keys() {
            self.copy_sector(sector);
        }
    }

    fn copy_sector(&mut self, sector: usize) {
        let from = sector * SECTOR;
        let to = (from + SECTOR).min(self.seen.len());
        if from < to {
            self.synced[from..to].copy_from_slice(&self.seen[from..to]);
        }
    }

    /// The file as the next start finds it.
    pub(super) fn after_power_cut(&self, choice: &mut Choice) -> Self {
        let mut left = self.synced.clone();
        if self.seen.len() != self.synced.len() && choice.survives() {
            left.resize(self.seen.len(), 0);
        }
        for (&sector, versions) in &self.unsynced {
            let from = sector * SECTOR;
            if left.len() <= from {
                continue;
            }
            // The synced content, one of those in between, or the newest.
            let survivor = match choice.one_of(versions.len() + 2) {
                0 => continue,
                i => versions.get(i - 1).map(Vec::as_slice),
            };
            let to = (from + SECTOR).min(self.seen.len());
            let newest = self.seen.get(from..to).unwrap_or_default();
            let bytes = survivor.unwrap_or(newest);
            let count = bytes.len().min(left.len() - from);
            left[from..from + count].copy_from_slice(&bytes[..count]);
        }
        let mut taken = self.taken.clone();
        taken.retain(|s| s * SECTOR < left.len());
        Self {
            seen: left.clone(),
            synced: left,
            unsynced: BTreeMap::new(),
            taken,
            modified: self.modified,
        }
    }
}

/// An open file.
#[derive(Debug)]
pub(super) struct SimFile {
    pub(super) disk: SimDisk,
    pub(super) path: PathBuf,
    pub(super) content: Arc<Mutex<Content>>,
}

impl SimFile {
    fn full(&self) -> DiskError {
        DiskError::new("write", &self.path, io::ErrorKind::StorageFull.into())
    }

    fn place(&self, at: u64) -> Result<usize, DiskError> {
        usize::try_from(at).map_err(|_| self.full())
    }

    /// Fails if one of these bytes cannot be read.
    fn check_bad(&self, at: u64, len: usize) -> Result<(), DiskError> {
        let checked = self.disk.state.lock().bad.check(&self.path, at, len);
        checked.map_err(|e| DiskError::new("read", &self.path, e))
    }

    /// Makes these bytes readable if they are all that was not, or fails.
    fn write_bad(&self, at: usize, len: usize) -> Result<(), DiskError> {
        let file_end = self.content.lock().len().max((at + len) as u64);
        let mut state = self.disk.state.lock();
        let written = state.bad.write(&self.path, (at as u64, len), file_end);
        written.map_err(|e| DiskError::new("write", &self.path, e))
    }

    /// Makes sure that a range has space.
    fn reserve(&self, at: usize, len: usize) -> Result<(), DiskError> {
        let needed = self.content.lock().needed(at, len);
        if 0 < needed && !self.disk.has_room(needed) {
            return Err(self.full());
        }
        Ok(())
    }
}

impl DiskFile for SimFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn read_at(&self, buf: &mut [u8], at: u64) -> Result<usize, DiskError> {
        self.disk.cold.pass(&self.path);
        self.disk.step(Op::Read, &self.path)?;
        self.check_bad(at, buf.len())?;
        let content = self.content.lock();
        let from = self.place(at)?.min(content.seen.len());
        let count = buf.len().min(content.seen.len() - from);
        buf[..count].copy_from_slice(&content.seen[from..from + count]);
        Ok(count)
    }

    fn read_cached_at(&self, buf: &mut [u8], at: u64) -> Result<Option<usize>, DiskError> {
        if self.disk.cold.is(&self.path) || self.check_bad(at, buf.len()).is_err() {
            return Ok(None);
        }
        self.read_at(buf, at).map(Some)
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> Result<(), DiskError> {
        let at = self.place(at)?;
        if self.disk.is_off() {
            return self.disk.step(Op::Write, &self.path);
        }
        let failed = self.disk.step(Op::Write, &self.path);
        let failed = failed.and_then(|()| self.write_bad(at, bytes.len()));
        let room = self.reserve(at, bytes.len());
        if let Err(error) = failed.and(room) {
            let half = &bytes[..bytes.len() / 2];
            if self.reserve(at, half.len()).is_ok() {
                self.content.lock().write(at, half);
            }
            return Err(error);
        }
        let now = self.disk.now();
        let mut content = self.content.lock();
        content.write(at, bytes);
        content.modified = now;
        Ok(())
    }

    fn preallocate(&self, len: u64) -> Result<(), DiskError> {
        self.disk.step(Op::Allocate, &self.path)?;
        let len = self.place(len)?;
        self.reserve(0, len)?;
        let now = self.disk.now();
        let mut content = self.content.lock();
        content.modified = now;
        if content.seen.len() < len {
            content.set_len(len);
        }
        content.taken.extend(Content::sectors(0, len));
        Ok(())
    }

    fn zero_range(&self, at: u64, len: u64) -> Result<(), DiskError> {
        self.disk.step(Op::Allocate, &self.path)?;
        let (at, len) = (self.place(at)?, self.place(len)?);
        self.reserve(at, len)?;
        self.content.lock().write(at, &vec![0; len]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), DiskError> {
        self.disk.step(Op::Allocate, &self.path)?;
        let len = self.place(len)?;
        self.content.lock().set_len(len);
        Ok(())
    }

    fn begin_write_back(&self, at: u64, len: u64) {
        // What is not synced may have been written at any time: nothing to do.
        let part = (self.path.clone(), at..at + len);
        self.disk.state.lock().handed_over.push(part);
    }

    fn sync_data(&self) -> Result<(), DiskError> {
        if let Err(error) = self.disk.step(Op::Sync, &self.path) {
            // A sync that the power cut ended has written some; after any other failure nothing more is written.
            if !self.disk.is_off() {
                self.content.lock().unsynced.clear();
            }
            return Err(error);
        }
        self.content.lock().sync();
        Ok(())
    }

    fn sync_all(&self) -> Result<(), DiskError> {
        self.sync_data()
    }

    fn len(&self) -> Result<u64, DiskError> {
        Ok(self.content.lock().len())
    }

    fn modified(&self) -> Result<Millis, DiskError> {
        Ok(self.content.lock().modified)
    }
}
