//! The hash table of the newest index file, in memory: for each slot the number of its newest entry.
//!
//! On disk it is written by pages, and seldom: entries hold the rest of each chain, so a table that is behind can be brought
//! up from the newer entries.

use ferromq_disk::{DiskError, DiskFile};

use super::header::HEADER_BYTES;

/// Slots in a page of 4 KiB.
const PAGE_SLOTS: usize = 1024;
/// Size of a slot.
pub(super) const SLOT_BYTES: usize = 4;
/// Pages written at once at most.
const RUN_PAGES: usize = 64;

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

    /// Makes `entry` the newest of the slot of `hash`, unless a newer one is.
    pub(super) fn raise(&mut self, hash: u32, entry: u32) {
        let slot = self.slot(hash);
        self.correct(slot, self.heads[slot].max(entry));
    }

    /// Writes what differs from the file.
    ///
    /// Pages that follow each other are written at once: keys hit the table at random, so that under load nearly every page
    /// differs, and a write each costs more than its bytes.
    pub(super) fn write(&mut self, file: &dyn DiskFile) -> Result<(), DiskError> {
        let mut buf = Vec::new();
        let mut page = 0;
        while let Some(skipped) = self.dirty[page..].iter().position(|&dirty| dirty) {
            let first = page + skipped;
            let run = self.dirty[first..].iter().take(RUN_PAGES);
            let count = run.take_while(|&&dirty| dirty).count();
            page = first + count;
            let end = self.heads.len().min(page * PAGE_SLOTS);
            let heads = &self.heads[first * PAGE_SLOTS..end];
            buf.resize(heads.len() * SLOT_BYTES, 0);
            for (raw, head) in buf.as_chunks_mut().0.iter_mut().zip(heads) {
                *raw = head.to_be_bytes();
            }
            file.write_at(&buf, place(first * PAGE_SLOTS))?;
            self.dirty[first..page].fill(false);
        }
        Ok(())
    }

    fn slot(&self, hash: u32) -> usize {
        // As 32-bit numbers: a division of 64 bits takes several times as long on many processors.
        let count = u32::try_from(self.heads.len()).expect("made from a 32-bit number");
        (hash % count) as usize
    }
}

/// Place of a slot in the file.
pub(super) fn place(slot: usize) -> u64 {
    (HEADER_BYTES + slot * SLOT_BYTES) as u64
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ferromq_disk::{Disk, OpenMode};
    use ferromq_testkit::{Op, SimDisk};

    use super::*;

    const COUNT: u32 = 200 * PAGE_SLOTS as u32 + 7;

    /// Slots of page `page`.
    fn of_page(page: u32) -> std::ops::Range<u32> {
        let first = page * PAGE_SLOTS as u32;
        first..COUNT.min(first + PAGE_SLOTS as u32)
    }

    #[test]
    fn neighbours_are_written_together_and_nothing_else_is() {
        let disk = SimDisk::new();
        let file = disk.open(Path::new("/index"), OpenMode::Create).unwrap();
        file.set_len(place(COUNT as usize)).unwrap();
        let mut slots = Slots::empty(COUNT);
        slots.write(&*file).unwrap();
        assert_eq!(disk.count(Op::Write), 0, "there is nothing");

        // One alone, more than fit into one write, and the last, which is not whole.
        for page in [0]
            .into_iter()
            .chain(2..2 + 2 * RUN_PAGES as u32)
            .chain([199, 200])
        {
            for slot in of_page(page).step_by(100) {
                slots.replace(slot, slot + 1);
            }
        }
        slots.write(&*file).unwrap();
        assert_eq!(disk.count(Op::Write), 4);
        assert_eq!(Slots::read(&*file, COUNT).unwrap().heads(), slots.heads());

        let expected = slots.heads().to_vec();
        slots.replace(of_page(200).end - 1, 9);
        slots.replace(COUNT + of_page(7).start, 8);
        slots.write(&*file).unwrap();
        let read = Slots::read(&*file, COUNT).unwrap();
        let differ = |i: &usize| read.heads()[*i] != expected[*i];
        let changed: Vec<_> = (0..COUNT as usize).filter(differ).collect();
        assert_eq!(changed, [7 * PAGE_SLOTS, COUNT as usize - 1]);
        slots.write(&*file).unwrap();
        assert_eq!(disk.count(Op::Write), 6, "each page is written once");
    }
}
