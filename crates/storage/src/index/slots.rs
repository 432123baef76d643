//! The hash table of the newest index file, in memory: for each slot the number of its newest entry.
//!
//! On disk it is written by pages, and only for a checkpoint: entries hold the rest of each chain, so a table that is
//! behind can be brought up by adding the newer entries again.

use ferromq_disk::{DiskError, DiskFile};

use super::header::HEADER_BYTES;

/// Slots in a page of 4 KiB.
const PAGE_SLOTS: usize = 1024;
const SLOT_BYTES: usize = 4;

/// The table.
#[derive(Debug)]
pub(super) struct Slots {
    heads: Vec<u32>,
    /// Pages that differ from the file.
    dirty: Vec<bool>,
}

impl Slots {
    /// The table of a new file. Takes memory only where it is used.
    pub(super) fn empty(count: u32) -> Self {
        let count = count as usize;
        Self {
            heads: vec![0; count],
            dirty: vec![false; count.div_ceil(PAGE_SLOTS)],
        }
    }

    /// The table as the file has it.
    pub(super) fn read(file: &dyn DiskFile, count: u32) -> Result<Self, DiskError> {
        let mut slots = Self::empty(count);
        let mut buf = vec![0; PAGE_SLOTS * SLOT_BYTES];
        for (page, heads) in slots.heads.chunks_mut(PAGE_SLOTS).enumerate() {
            let buf = &mut buf[..heads.len() * SLOT_BYTES];
            file.read_exact_at(buf, place(page * PAGE_SLOTS))?;
            for (head, raw) in heads.iter_mut().zip(buf.chunks_exact(SLOT_BYTES)) {
                let number = raw.iter().fold(0_u32, |n, &b| n << 8 | u32::from(b));
                // Most are zero; not writing those keeps their memory untouched.
                if number != 0 {
                    *head = number;
                }
            }
        }
        Ok(slots)
    }

    /// Newest entry of the slot of `hash`; 0 if there is none.
    pub(super) fn head(&self, hash: u32) -> u32 {
        self.heads[self.slot(hash)]
    }

    /// Makes `entry` the newest of the slot of `hash`; the one before it.
    pub(super) fn replace(&mut self, hash: u32, entry: u32) -> u32 {
        let slot = self.slot(hash);
        self.dirty[slot / PAGE_SLOTS] = true;
        std::mem::replace(&mut self.heads[slot], entry)
    }

    /// All heads.
    pub(super) fn heads(&self) -> &[u32] {
        &self.heads
    }

    /// Makes `entry` the newest of slot `slot`.
    pub(super) fn correct(&mut self, slot: usize, entry: u32) {
        if self.heads[slot] != entry {
            self.heads[slot] = entry;
            self.dirty[slot / PAGE_SLOTS] = true;
        }
    }

    /// Writes what differs from the file.
    pub(super) fn write(&mut self, file: &dyn DiskFile) -> Result<(), DiskError> {
        let mut buf = Vec::with_capacity(PAGE_SLOTS * SLOT_BYTES);
        for (page, heads) in self.heads.chunks(PAGE_SLOTS).enumerate() {
            if !self.dirty[page] {
                continue;
            }
            buf.clear();
            buf.extend(heads.iter().flat_map(|head| head.to_be_bytes()));
            file.write_at(&buf, place(page * PAGE_SLOTS))?;
            self.dirty[page] = false;
        }
        Ok(())
    }

    fn slot(&self, hash: u32) -> usize {
        hash as usize % self.heads.len()
    }
}

/// Place of a slot in the file.
pub(super) fn place(slot: usize) -> u64 {
    (HEADER_BYTES + slot * SLOT_BYTES) as u64
}
