//! One index file: header, slots, entries.
//!
//! An entry is 20 bytes: `i32` hash, `i64` log offset, `i32` seconds since the begin time of the file, `i32` number of
//! the entry before it in the chain of its slot.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ferromq_base::Millis;
use ferromq_disk::{Disk, DiskError, DiskFile, OpenMode};

use super::header::{HEADER_BYTES, Header};
use super::slots::{self, Slots};
use crate::commit_log::KeyEntry;
use crate::config::IndexConfig;

const ENTRY_BYTES: usize = 20;
/// Entries read at once when the table is brought up.
const READ_ENTRIES: u32 = 4096;
/// Entries one query follows in one chain at most.
const CHAIN_MAX: usize = 1 << 18;

/// An index file.
#[derive(Debug)]
pub(super) struct IndexFile {
    pub(super) name: String,
    pub(super) header: Header,
    path: PathBuf,
    config: IndexConfig,
    file: Arc<dyn DiskFile>,
    /// In memory while entries are added.
    slots: Option<Slots>,
    /// The table on the disk leads to all entries below this number.
    slots_to: u32,
    /// Entries that are not in the file yet, up to the newest.
    buffer: Vec<u8>,
    /// Whether a sync has failed; a failed write can be tried again.
    sync_failed: bool,
}

/// An entry as stored.
#[derive(Clone, Copy, Debug)]
struct Stored {
    hash: u32,
    log_offset: u64,
    seconds: i32,
    previous: u32,
}

impl Stored {
    fn from_bytes(raw: &[u8; ENTRY_BYTES]) -> Self {
        let word = |at: usize| {
            raw[at..at + 4]
                .iter()
                .fold(0_u32, |n, &b| n << 8 | u32::from(b))
        };
        Self {
            hash: word(0),
            log_offset: u64::from(word(4)) << 32 | u64::from(word(8)),
            seconds: word(12).cast_signed(),
            previous: word(16),
        }
    }
}

/// Size of a file.
pub(super) fn file_bytes(config: IndexConfig) -> u64 {
    slots::place(config.slots as usize) + u64::from(config.entries) * ENTRY_BYTES as u64
}

impl IndexFile {
    /// Makes an empty file.
    pub(super) fn create(
        disk: &dyn Disk,
        dir: &Path,
        name: String,
        config: IndexConfig,
        header: Header,
    ) -> Result<Self, DiskError> {
        let path = dir.join(&name);
        let file = disk.open(&path, OpenMode::Create)?;
        file.set_len(file_bytes(config))?;
        Ok(Self {
            name,
            header,
            path,
            config,
            file,
            slots: Some(Slots::empty(config.slots)),
            slots_to: header.next,
            buffer: Vec::new(),
            sync_failed: false,
        })
    }

    /// Opens a file; `None` if it has not the size it must have.
    pub(super) fn open(
        disk: &dyn Disk,
        dir: &Path,
        name: &str,
        config: IndexConfig,
    ) -> Result<Option<Self>, DiskError> {
        let path = dir.join(name);
        let file = disk.open(&path, OpenMode::Write)?;
        if file.len()? != file_bytes(config) {
            return Ok(None);
        }
        let mut bytes = [0; HEADER_BYTES];
        file.read_exact_at(&mut bytes, 0)?;
        let header = Header::from_bytes(&bytes, config.entries);
        Ok(Some(Self {
            name: name.to_owned(),
            header,
            path,
            config,
            file,
            slots: None,
            slots_to: header.next,
            buffer: Vec::new(),
            sync_failed: false,
        }))
    }

    /// Where it lies.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The open file alone.
    pub(super) fn into_file(self) -> Arc<dyn DiskFile> {
        self.file
    }

    /// Whether it has room for no more entry.
    pub(super) fn is_full(&self) -> bool {
        self.config.entries <= self.header.next
    }

    /// Adds an entry, in memory. The file must have room.
    pub(super) fn add(&mut self, key: &KeyEntry) -> Result<(), DiskError> {
        self.load_slots()?;
        let number = self.header.next;
        let slots = self.slots.as_mut().expect("loaded just now");
        let previous = slots.replace(key.hash, number);
        let previous = if previous < number { previous } else { 0 };
        let since = key.stored.since(self.header.begin_time);
        let seconds = if self.header.begin_time <= Millis(0) {
            0
        } else {
            i32::try_from(since.as_secs()).unwrap_or(i32::MAX)
        };
        let header = &mut self.header;
        if header.is_empty() {
            header.begin_time = key.stored;
            header.begin_offset = key.log_offset;
        }
        header.slots_used += u32::from(previous == 0);
        header.next += 1;
        header.end_time = key.stored;
        header.end_offset = key.log_offset;
        let mut entry = [0; ENTRY_BYTES];
        entry[..4].copy_from_slice(&key.hash.to_be_bytes());
        entry[4..12].copy_from_slice(&key.log_offset.to_be_bytes());
        entry[12..16].copy_from_slice(&seconds.to_be_bytes());
        entry[16..].copy_from_slice(&previous.to_be_bytes());
        self.buffer.extend_from_slice(&entry);
        Ok(())
    }

    /// Writes new entries and the header.
    pub(super) fn write(&mut self) -> Result<(), DiskError> {
        if !self.buffer.is_empty() {
            let count = self.buffer.len() / ENTRY_BYTES;
            let first = self.header.next as usize - count;
            self.file.write_at(&self.buffer, self.entry_at(first))?;
            self.file.write_at(&self.header.to_bytes(), 0)?;
            self.buffer.clear();
        }
        Ok(())
    }

    /// Makes what was added survive a power cut: entries and header, and the table if it is so far behind that the entries it
    /// lacks are as many bytes as it is itself. Keys hit the table at random, so that each time nearly all of it is written.
    pub(super) fn sync(&mut self) -> Result<(), DiskError> {
        self.write()?;
        self.sync_file()?;
        let behind_max = self.config.slots as usize * slots::SLOT_BYTES / ENTRY_BYTES;
        let behind = self.header.next - self.slots_to;
        if behind as usize <= behind_max {
            return Ok(());
        }
        self.write_slots()
    }

    /// Writes the table and makes it survive a power cut. The entries it leads to must do so already.
    fn write_slots(&mut self) -> Result<(), DiskError> {
        if let Some(slots) = &mut self.slots {
            slots.write(&*self.file)?;
            self.sync_file()?;
        }
        self.slots_to = self.header.next;
        Ok(())
    }

    /// The table on the disk leads to all entries below this number.
    pub(super) fn slots_to(&self) -> u32 {
        self.slots_to
    }

    /// Whether a sync has failed.
    pub(super) fn sync_failed(&self) -> bool {
        self.sync_failed
    }

    fn sync_file(&mut self) -> Result<(), DiskError> {
        let synced = self.file.sync_data();
        self.sync_failed |= synced.is_err();
        synced
    }

    /// Makes everything survive a power cut, such that others find all in the file.
    pub(super) fn complete(&mut self) -> Result<(), DiskError> {
        self.write()?;
        self.sync_file()?;
        self.write_slots()
    }

    /// No more entries will come: the table is not needed in memory.
    pub(super) fn seal(&mut self) -> Result<(), DiskError> {
        self.complete()?;
        self.slots = None;
        Ok(())
    }

    /// Goes back to what the file was when it had this header, and when its table led to all entries below `slots_to`. Entries
    /// added since are forgotten, and the table on the disk forgets them first: once their places hold other entries, no chain
    /// could be followed back through them.
    pub(super) fn go_back(&mut self, header: Header, slots_to: u32) -> Result<(), DiskError> {
        if header == self.header && header.next <= slots_to {
            return Ok(());
        }
        self.header = header;
        self.buffer.clear();
        let mut slots = Slots::read(&*self.file, self.config.slots)?;
        for i in 0..slots.heads().len() {
            let mut head = slots.heads()[i];
            // The table may have been written after the header was kept: follow the chains back.
            while header.next <= head {
                head = match self.stored(head)? {
                    Some(entry) if entry.previous < head => entry.previous,
                    _ => 0,
                };
            }
            slots.correct(i, head);
        }
        self.bring_up(&mut slots, slots_to)?;
        slots.write(&*self.file)?;
        // Nothing may be added before a clean stop, after which the next start may have only this to go by.
        self.file.write_at(&header.to_bytes(), 0)?;
        self.file.sync_data()?;
        self.slots = Some(slots);
        self.slots_to = header.next;
        Ok(())
    }

    /// Has the table lead to the entries from number `from` on.
    fn bring_up(&self, slots: &mut Slots, from: u32) -> Result<(), DiskError> {
        let mut buf = vec![0; READ_ENTRIES as usize * ENTRY_BYTES];
        let mut first = from.max(1);
        while first < self.header.next {
            let count = READ_ENTRIES.min(self.header.next - first);
            let buf = &mut buf[..count as usize * ENTRY_BYTES];
            self.file
                .read_exact_at(buf, self.entry_at(first as usize))?;
            for (raw, number) in buf.as_chunks::<ENTRY_BYTES>().0.iter().zip(first..) {
                slots.raise(Stored::from_bytes(raw).hash, number);
            }
            first += count;
        }
        Ok(())
    }

    /// Log offsets of entries with `hash` and a time from `begin` to `end`, newest first.
    pub(super) fn query(
        &mut self,
        hash: u32,
        (begin, end): (Millis, Millis),
        found: &mut Vec<u64>,
        count_max: usize,
    ) -> Result<(), DiskError> {
        self.write()?;
        let mut number = self.head(hash)?;
        for _ in 0..CHAIN_MAX {
            if number == 0 || self.header.next <= number || count_max <= found.len() {
                break;
            }
            let Some(entry) = self.stored(number)? else {
                break;
            };
            let time = i64::from(entry.seconds) * 1000 + self.header.begin_time.0;
            if entry.seconds < 0 || time < begin.0 {
                break;
            }
            if entry.hash == hash && time <= end.0 {
                found.push(entry.log_offset);
            }
            if number <= entry.previous {
                break;
            }
            number = entry.previous;
        }
        Ok(())
    }

    fn load_slots(&mut self) -> Result<(), DiskError> {
        if self.slots.is_none() {
            self.slots = Some(Slots::read(&*self.file, self.config.slots)?);
        }
        Ok(())
    }

    /// Number of the newest entry in the slot of `hash`.
    fn head(&self, hash: u32) -> Result<u32, DiskError> {
        if let Some(slots) = &self.slots {
            return Ok(slots.head(hash));
        }
        let mut raw = [0; 4];
        let slot = hash % self.config.slots;
        self.file
            .read_exact_at(&mut raw, slots::place(slot as usize))?;
        Ok(u32::from_be_bytes(raw))
    }

    /// An entry; `None` if there is no place for it in the file.
    fn stored(&self, number: u32) -> Result<Option<Stored>, DiskError> {
        if self.config.entries <= number {
            return Ok(None);
        }
        let mut raw = [0; ENTRY_BYTES];
        self.file
            .read_exact_at(&mut raw, self.entry_at(number as usize))?;
        Ok(Some(Stored::from_bytes(&raw)))
    }

    fn entry_at(&self, number: usize) -> u64 {
        slots::place(self.config.slots as usize) + (number * ENTRY_BYTES) as u64
    }
}
