//! The block of a file that the log ends in, kept in memory for the first append after a pause.
//!
//! To write a part of a block, Linux first reads the block from the disk if the page cache has lost it: the append would wait
//! for that. A block that is written as a whole is not read. So the first append after a pause writes the whole block: what the
//! block holds already, once more, then what is new, then zeros, which is what stands behind the end of the log anyway.
//!
//! For the disk that is no difference: what a file system writes is whole blocks, whatever part of them was changed.

use std::time::Duration;

use ferromq_base::Millis;
use ferromq_disk::DiskError;

use super::segment::Segment;

/// What Linux keeps, reads and writes as a whole.
const BLOCK: usize = 4096;
/// After a pause of this length the page cache may have lost the block.
const PAUSE: Duration = Duration::from_secs(1);
/// An end that no append goes on from.
const UNKNOWN: u64 = u64::MAX;

/// A copy of the last block.
#[derive(Debug)]
pub(super) struct LastBlock {
    bytes: Box<[u8; BLOCK]>,
    /// Log offset after the newest byte that is kept; [`UNKNOWN`] if the block is not.
    end: u64,
    /// When the last append was.
    written: Millis,
}

impl Default for LastBlock {
    fn default() -> Self {
        Self {
            bytes: Box::new([0; BLOCK]),
            end: UNKNOWN,
            written: Millis::default(),
        }
    }
}

impl LastBlock {
    /// Writes `bytes` at `from`, with the rest of their first block if that may have to be read otherwise.
    pub(super) fn write(
        &mut self,
        segment: &Segment,
        bytes: &[u8],
        from: u64,
        now: Millis,
    ) -> Result<(), DiskError> {
        let is_after_pause = PAUSE <= now.since(self.written);
        self.written = now;
        let begun = if is_after_pause && self.end == from {
            // Not kept if this fails.
            self.end = UNKNOWN;
            self.write_whole(segment, bytes, from)?
        } else {
            0
        };
        let (rest, at) = (&bytes[begun..], from + begun as u64);
        if !rest.is_empty() {
            segment.write(rest, at)?;
        }
        self.keep(segment, bytes, from, begun);
        Ok(())
    }

    /// Writes the block that `from` lies in, and returns how many of `bytes` it has taken.
    fn write_whole(
        &mut self,
        segment: &Segment,
        bytes: &[u8],
        from: u64,
    ) -> Result<usize, DiskError> {
        let used = place(segment, from);
        if used == 0 {
            return Ok(0);
        }
        let start = from - used as u64;
        let len = usize::try_from(segment.end() - start).map_or(BLOCK, |rest| rest.min(BLOCK));
        let taken = bytes.len().min(len - used);
        self.bytes[used..used + taken].copy_from_slice(&bytes[..taken]);
        self.bytes[used + taken..len].fill(0);
        segment.write(&self.bytes[..len], start)?;
        Ok(taken)
    }

    /// Keeps the block that the log ends in after `bytes` were written at `from`; so many of them are in it already.
    fn keep(&mut self, segment: &Segment, bytes: &[u8], from: u64, begun: usize) {
        let to = from + bytes.len() as u64;
        let used = place(segment, to);
        if used <= bytes.len() {
            self.bytes[..used].copy_from_slice(&bytes[bytes.len() - used..]);
        } else if begun == bytes.len() {
            // Just written as a whole.
        } else if self.end == from {
            self.bytes[used - bytes.len()..used].copy_from_slice(bytes);
        } else {
            self.end = UNKNOWN;
            return;
        }
        self.end = to;
    }

    /// What the block holds is not certain any more.
    pub(super) fn forget(&mut self) {
        self.end = UNKNOWN;
    }
}

/// Where in its block a log offset lies.
fn place(segment: &Segment, at: u64) -> usize {
    usize::try_from((at - segment.base()) % BLOCK as u64).expect("less than a block")
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use ferromq_disk::Disk;
    use ferromq_testkit::{Op, SimDisk};

    use super::*;

    const BASE: u64 = 1 << 20;
    /// Not a multiple of the block.
    const FILE: u64 = 5 * 4096 + 100;
    const LATER: Millis = Millis(1000);

    fn segment(disk: &SimDisk) -> Segment {
        let dir = Path::new("/log");
        disk.create_dirs(dir).unwrap();
        Segment::create(Arc::new(disk.clone()), dir, BASE, FILE).unwrap()
    }

    fn content(disk: &SimDisk, segment: &Segment) -> Vec<u8> {
        disk.read(segment.path(), FILE).unwrap()
    }

    /// Appends pieces of these lengths, each after a pause; the content of the file must be all of them, then zeros.
    fn check(lens: &[usize]) {
        let disk = SimDisk::new();
        let segment = segment(&disk);
        let mut block = LastBlock::default();
        let (mut all, mut now) = (Vec::new(), Millis(0));
        for (i, &len) in lens.iter().enumerate() {
            let bytes: Vec<u8> = (0..len).map(|j| (i * 7 + j % 251 + 1) as u8).collect();
            if i % 3 != 2 {
                now = now.after(PAUSE);
            }
            let from = BASE + all.len() as u64;
            block.write(&segment, &bytes, from, now).unwrap();
            all.extend(&bytes);
            let mut expected = all.clone();
            expected.resize(usize::try_from(FILE).unwrap(), 0);
            assert!(content(&disk, &segment) == expected, "{i} of {lens:?}");
        }
    }

    #[test]
    fn the_file_holds_what_was_appended() {
        check(&[100, 200, 300, 400, 500]);
        check(&[4096, 1, 4095, 1, 1, 4094, 4096, 100]);
        check(&[4095, 1, 1, 4095, 8192, 5, 4091, 3]);
        check(&[1, 10_000, 5000, 1, 1, 5000, 577]);
    }

    #[test]
    fn after_a_pause_nothing_of_the_block_has_to_be_read() {
        let write_after = |pause: Millis| {
            let disk = SimDisk::new();
            let segment = segment(&disk);
            let mut block = LastBlock::default();
            block.write(&segment, &[1; 5000], BASE, Millis(0)).unwrap();
            segment.file().unwrap().sync_data().unwrap();
            // To be written in parts it would have to be read.
            disk.set_bad(segment.path(), 4096..8192);
            let written = block.write(&segment, &[2; 100], BASE + 5000, pause);
            written.map(|()| (content(&disk, &segment), disk.count(Op::Write)))
        };
        assert!(write_after(Millis(999)).is_err());
        let (content, writes) = write_after(LATER).unwrap();
        assert_eq!(content[4096..5000], [1; 904]);
        assert_eq!(content[5000..5100], [2; 100]);
        assert_eq!(writes, 2, "one for each append");
    }

    #[test]
    fn after_a_failure_the_block_is_not_trusted() {
        let disk = SimDisk::new();
        let segment = segment(&disk);
        let mut block = LastBlock::default();
        block.write(&segment, &[1; 100], BASE, Millis(0)).unwrap();
        block.forget();
        segment.write(&[9; 100], BASE).unwrap();
        block.write(&segment, &[2; 100], BASE + 100, LATER).unwrap();
        assert_eq!(content(&disk, &segment)[..100], [9; 100]);
        block
            .write(&segment, &[3; 100], BASE + 200, Millis(9000))
            .unwrap();
        assert_eq!(content(&disk, &segment)[..100], [9; 100], "still not known");
    }
}
