//! The bytes of a file, as a process sees them and as a power cut would leave them.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ferromq_base::Millis;
use ferromq_disk::{DiskError, DiskFile};
use parking_lot::Mutex;

use super::fault::Op;
use super::{Random, SimDisk};

/// What a disk writes as a whole.
const SECTOR: usize = 512;

/// The bytes of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    seen: Vec<u8>,
    synced: Vec<u8>,
    /// Sectors that differ.
    unsynced: BTreeSet<usize>,
    /// Sectors that take space.
    taken: BTreeSet<usize>,
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
        self.seen[at..end].copy_from_slice(bytes);
        self.unsynced.extend(Self::sectors(at, bytes.len()));
        self.taken.extend(Self::sectors(at, bytes.len()));
    }

    fn set_len(&mut self, len: usize) {
        self.seen.resize(len, 0);
        self.taken.retain(|s| s * SECTOR < len);
    }

    pub(super) fn sync(&mut self) {
        self.synced.resize(self.seen.len(), 0);
        for sector in std::mem::take(&mut self.unsynced) {
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
    pub(super) fn after_power_cut(&self, random: &mut Random) -> Self {
        let mut left = self.clone();
        if left.seen.len() != left.synced.len() && random.survives() {
            left.synced.resize(left.seen.len(), 0);
        }
        for sector in std::mem::take(&mut left.unsynced) {
            if sector * SECTOR < left.synced.len() && random.survives() {
                let to = (sector * SECTOR + SECTOR).min(left.synced.len());
                let (from, seen) = (sector * SECTOR, &left.seen);
                let to = to.min(seen.len());
                if from < to {
                    left.synced[from..to].copy_from_slice(&seen[from..to]);
                }
            }
        }
        left.seen.clone_from(&left.synced);
        left.taken.retain(|s| s * SECTOR < left.seen.len());
        left
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
        self.disk.step(Op::Read, &self.path)?;
        let content = self.content.lock();
        let from = self.place(at)?.min(content.seen.len());
        let count = buf.len().min(content.seen.len() - from);
        buf[..count].copy_from_slice(&content.seen[from..from + count]);
        Ok(count)
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> Result<(), DiskError> {
        let at = self.place(at)?;
        let failed = self.disk.step(Op::Write, &self.path);
        let room = self.reserve(at, bytes.len());
        if let Err(error) = failed.and(room) {
            let half = &bytes[..bytes.len() / 2];
            if self.reserve(at, half.len()).is_ok() {
                self.content.lock().write(at, half);
            }
            return Err(error);
        }
        self.content.lock().write(at, bytes);
        Ok(())
    }

    fn preallocate(&self, len: u64) -> Result<(), DiskError> {
        self.disk.step(Op::Allocate, &self.path)?;
        let len = self.place(len)?;
        self.reserve(0, len)?;
        let mut content = self.content.lock();
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

    fn sync_data(&self) -> Result<(), DiskError> {
        if let Err(error) = self.disk.step(Op::Sync, &self.path) {
            self.content.lock().unsynced.clear();
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
        Ok(Millis(0))
    }
}
