//! Brings blocks into memory: from the page cache, or from the disk, several at once and ahead of the reader.

use std::sync::Arc;

use super::block::Block;
use super::blocks::{Blocks, Claim};
use super::log::CommitLog;
use super::segment::Segment;

/// Reads blocks of one file of the log.
pub(super) struct Fetch<'a> {
    pub log: &'a CommitLog,
    pub segment: &'a Segment,
}

impl CommitLog {
    /// Reads from the disk what a reader who goes on will want next, from `at` on, if it is not here. Does nothing if what lies
    /// before is gone: then the reader has overtaken this. May wait for the disk.
    pub(crate) fn read_ahead(&self, at: u64) {
        let block = |at| {
            let segment = self.segments.find(at)?;
            let from = Blocks::place(&segment, at).0;
            Some((segment, from))
        };
        let before = at.checked_sub(1).and_then(block);
        if before.is_none_or(|(_, from)| !self.blocks.has(from)) {
            return;
        }
        if let Some((segment, from)) = block(at) {
            let fetch = Fetch {
                log: self,
                segment: &segment,
            };
            // If it fails the reader will learn that when it gets there.
            let _ = fetch.stream(from, true);
        }
    }
}

impl Fetch<'_> {
    /// The block at `from`, if all of it can be had without waiting for the disk.
    pub(super) fn cached(&self, from: u64) -> Option<Arc<Block>> {
        let mut block = self.empty(from);
        let space = Arc::get_mut(&mut block)?.space();
        let file = self.segment.if_open();
        let read = file.and_then(|f| f.read_cached_at(space, self.place(from)).ok().flatten());
        if read == Some(space.len()) {
            self.put(&block, None);
            return Some(block);
        }
        self.log.blocks.give_back(block);
        None
    }

    /// Reads the block at `from` from the disk. `None` if somebody else does, or if it cannot be read as a whole: then what is wanted of
    /// it decides.
    pub(super) fn one(&self, from: u64) -> Option<Arc<Block>> {
        let claim = self.claim(from, false)?;
        let block = self.fill(&claim)?.pop()?;
        self.put(&block, None);
        Some(block)
    }

    /// Like [`Fetch::one`], with the blocks after it that are not here, some at once; returns besides where they end. If they are read
    /// `ahead`, the first who comes to them is told to have that gone on with.
    pub(super) fn stream(&self, from: u64, ahead: bool) -> Option<(Arc<Block>, u64)> {
        let claim = self.claim(from, true)?;
        let end = claim.range().end;
        let Some(run) = self.fill(&claim) else {
            drop(claim);
            // Any of them may be the one that cannot be read.
            let next = from + Blocks::place(self.segment, from).1 as u64;
            if next == end {
                return None;
            }
            return self.one(from).map(|block| (block, next));
        };
        let mut next = ahead.then_some(end);
        run.iter().for_each(|block| self.put(block, next.take()));
        run.into_iter().next().map(|block| (block, end))
    }

    fn claim(&self, from: u64, goes_on: bool) -> Option<Claim<'_>> {
        let (blocks, end) = (&self.log.blocks, self.log.end());
        blocks.claim(self.segment, from, end, goes_on)
    }

    /// Reads the blocks; `None` if not all of them can be.
    fn fill(&self, claim: &Claim<'_>) -> Option<Vec<Arc<Block>>> {
        let range = claim.range();
        let mut run = Vec::new();
        let mut at = range.start;
        while at < range.end {
            run.push(self.empty(at));
            at += Blocks::place(self.segment, at).1 as u64;
        }
        if self.read(range.start, &mut run).is_some() {
            return Some(run);
        }
        if run.len() == 1 {
            self.log.blocks.spoil(range.start);
        }
        run.into_iter().for_each(|b| self.log.blocks.give_back(b));
        None
    }

    fn empty(&self, from: u64) -> Arc<Block> {
        let (_, size) = Blocks::place(self.segment, from);
        let mut block = self.log.blocks.spare();
        if let Some(block) = Arc::get_mut(&mut block) {
            block.begin(from, size);
        }
        block
    }

    /// Fills the blocks, which begin at `from`; `None` if not all of them can be.
    fn read(&self, from: u64, run: &mut [Arc<Block>]) -> Option<()> {
        let file = self.segment.file().ok()?;
        let spaces = run.iter_mut().map(|b| Arc::get_mut(b).map(Block::space));
        let mut spaces: Vec<&mut [u8]> = spaces.collect::<Option<_>>()?;
        let wanted: usize = spaces.iter().map(|space| space.len()).sum();
        // An append would have to wait with a read past the page cache; the file it goes to is mostly there anyway.
        let read = if self.segment.end() <= self.log.end() {
            file.read_once_at(&mut spaces, self.place(from))
        } else {
            file.read_parts_at(&mut spaces, self.place(from))
        };
        (read.ok()? == wanted).then_some(())
    }

    fn put(&self, block: &Arc<Block>, next: Option<u64>) {
        if self.log.blocks.put(block, next) {
            self.log.keeper.bell.ring();
        }
    }

    /// Where in the file log offset `at` is.
    fn place(&self, at: u64) -> u64 {
        at - self.segment.base()
    }
}
