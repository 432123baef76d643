//! Parts of the log behind the ring, in memory: what several queues, or several groups, read is read and checked once.
//!
//! Messages of many queues lie mixed in the log, so that a reader of one queue needs a little of every part, and the
//! readers of the other queues need the rest. A block is read as a whole once enough of it has been asked for. The
//! memory is taken when it is needed and given back when nobody reads any more.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use ferromq_base::Millis;
use parking_lot::{Condvar, Mutex};
use rustc_hash::FxHashMap;

use super::block::{BLOCK_BYTES, Block};
use super::segment::Segment;

/// As many bytes of a block must have been asked for before it is worth reading all of it: a reader of one queue in
/// eight, alone, stays below.
const WORTH_BYTES: usize = BLOCK_BYTES / 6;
/// How many blocks back, as powers of two, it is looked for one that was worth it: readers of different queues are as
/// many apart, and the first of them finds nobody's traces in the blocks next to its own.
const LOOKS_BACK: u32 = 7;
/// Blocks that are not here for which it is known how much was asked of them.
const ASKED: usize = 256;
/// Time without reads after which all memory is given back.
const IDLE: Duration = Duration::from_secs(10);
/// Most blocks read at once for one who reads the log from the disk, part after part: a megabyte.
const STREAM_BLOCKS: usize = 8;
/// At most such a part of the memory is read at once: some is in use, and as much is read ahead.
const STREAM_SHARE: usize = 4;

/// Blocks of the log, least recently used first to go.
#[derive(Debug)]
pub(crate) struct Blocks {
    state: Mutex<State>,
    count_max: usize,
    /// Blocks have been read, or could not be.
    read: Condvar,
}

#[derive(Debug)]
struct State {
    blocks: FxHashMap<u64, Held>,
    /// Blocks without content, kept for the next ones.
    spares: Vec<Arc<Block>>,
    asked: Box<[Asked; ASKED]>,
    /// What is being read from the disk.
    reading: Vec<Range<u64>>,
    /// Blocks to read at once: fewer while some are dropped before anybody needs them, because there are many readers.
    stream: usize,
    /// Counts uses.
    clock: u64,
    /// The clock, and the time, when [`Blocks::trim`] last looked.
    seen: u64,
    looked: Millis,
}

#[derive(Debug)]
struct Held {
    block: Arc<Block>,
    used: u64,
    /// What the first who comes to this block will want later.
    next: Option<u64>,
}

/// How much was asked of a block that is not here.
#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    from: u64,
    bytes: usize,
    /// Whether it could not be read as a whole.
    spoiled: bool,
}

/// What to do about a block that is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Miss {
    /// Read only what is wanted.
    Single,
    /// Read all of it.
    Fill,
    /// Read all of it; a reader has come from the block before it, and will go on.
    Stream,
}

impl Blocks {
    /// Holds blocks of `bytes` bytes in all; none yet.
    pub(crate) fn new(bytes: usize) -> Self {
        Self {
            state: Mutex::new(State {
                blocks: FxHashMap::default(),
                spares: Vec::new(),
                asked: Box::new([Asked::default(); ASKED]),
                reading: Vec::new(),
                stream: 1,
                clock: 0,
                seen: 0,
                looked: Millis(0),
            }),
            count_max: bytes / BLOCK_BYTES,
            read: Condvar::new(),
        }
    }

    /// Log offset of the block that holds the byte at `at`, and its size.
    pub(super) fn place(segment: &Segment, at: u64) -> (u64, usize) {
        let from = at - (at - segment.base()) % BLOCK_BYTES as u64;
        let left = usize::try_from(segment.end() - from).unwrap_or(usize::MAX);
        (from, left.min(BLOCK_BYTES))
    }

    /// The block that begins at `from`; and, for the first who comes to one that was read ahead, where to go on with that.
    pub(super) fn find(&self, from: u64) -> Option<(Arc<Block>, Option<u64>)> {
        self.state.lock().find(from)
    }

    /// Whether the block that begins at `from` is here, or is being read: the first of several may have been found before the last was put.
    pub(super) fn has(&self, from: u64) -> bool {
        let state = self.state.lock();
        state.blocks.contains_key(&from) || state.is_being_read(from)
    }

    /// Like [`Blocks::find`], but waits for one that is being read.
    pub(super) fn find_or_wait(&self, from: u64) -> Option<(Arc<Block>, Option<u64>)> {
        let mut state = self.state.lock();
        while state.is_being_read(from) {
            self.read.wait(&mut state);
        }
        state.find(from)
    }

    /// Has others wait who want the block at `from`, and, if a reader will go on, those after it, while these are read from the disk:
    /// up to the first that is here or is being read already, or reaches beyond `log_end`. `None` if that is the one at `from`.
    pub(super) fn claim(
        &self,
        segment: &Segment,
        from: u64,
        log_end: u64,
        goes_on: bool,
    ) -> Option<Claim<'_>> {
        let mut state = self.state.lock();
        let count_max = if goes_on { state.stream } else { 1 };
        let mut end = from;
        let mut count = 0;
        while count < count_max && end < segment.end() {
            let after = end + Self::place(segment, end).1 as u64;
            if log_end < after || state.blocks.contains_key(&end) || state.is_being_read(end) {
                break;
            }
            end = after;
            count += 1;
        }
        if count == 0 {
            return None;
        }
        if goes_on {
            let stream_max = STREAM_BLOCKS.min(self.count_max / STREAM_SHARE);
            state.stream = (state.stream + 1).min(stream_max.max(1));
        }
        state.reading.push(from..end);
        Some(Claim {
            blocks: self,
            range: from..end,
        })
    }

    /// Notes that `bytes` of the block at `from`, which is not here, are wanted; `cold` if they are to come from the
    /// disk, where a second read of the same block costs more than the rest of it.
    pub(super) fn missed(&self, from: u64, bytes: usize, cold: bool) -> Miss {
        if self.count_max == 0 {
            return Miss::Single;
        }
        let mut state = self.state.lock();
        let place = asked_place(from);
        if state.asked[place].is_spoiled(from) {
            return Miss::Single;
        }
        if state.promises(from, cold) {
            return Miss::Stream;
        }
        let asked = &mut state.asked[place];
        if asked.from != from {
            *asked = Asked {
                from,
                ..Asked::default()
            };
        }
        let known = asked.bytes != 0;
        asked.bytes += bytes;
        if WORTH_BYTES < asked.bytes || (cold && known) {
            *asked = Asked::default();
            return Miss::Fill;
        }
        Miss::Single
    }

    /// The block at `from` cannot be read as a whole: what is wanted of it is read by itself, at least for a while.
    pub(super) fn spoil(&self, from: u64) {
        self.state.lock().asked[asked_place(from)] = Asked {
            from,
            bytes: 0,
            spoiled: true,
        };
    }

    /// An empty block to fill.
    pub(super) fn spare(&self) -> Arc<Block> {
        let spare = self.state.lock().spares.pop();
        spare.unwrap_or_default()
    }

    /// Adds a block that has been filled, and what [`Blocks::find`] shall say of it besides; true if it is the only one.
    pub(super) fn put(&self, block: &Arc<Block>, next: Option<u64>) -> bool {
        let mut state = self.state.lock();
        if self.count_max <= state.blocks.len() {
            state.drop_oldest();
        }
        state.clock += 1;
        let held = Held {
            block: Arc::clone(block),
            used: state.clock,
            next,
        };
        let was_empty = state.blocks.is_empty();
        if let Some(twin) = state.blocks.insert(block.start(), held) {
            state.keep(twin.block);
        }
        was_empty
    }

    /// Takes back an empty block.
    pub(super) fn give_back(&self, block: Arc<Block>) {
        self.state.lock().keep(block);
    }

    /// Gives all memory back if nothing was read for [`IDLE`]. How long to wait before the next call, if there is
    /// something to give back.
    pub(crate) fn trim(&self, now: Millis) -> Option<Duration> {
        let mut state = self.state.lock();
        if state.blocks.is_empty() {
            return None;
        }
        let waited = now.since(state.looked);
        if waited < IDLE {
            return Some(IDLE - waited);
        }
        if state.seen == state.clock {
            state.blocks = FxHashMap::default();
            state.spares = Vec::new();
            return None;
        }
        state.seen = state.clock;
        state.looked = now;
        Some(IDLE)
    }
}

/// Blocks that are being read, until this is dropped.
#[derive(Debug)]
pub(super) struct Claim<'a> {
    blocks: &'a Blocks,
    range: Range<u64>,
}

impl Claim<'_> {
    /// Log offsets.
    pub(super) fn range(&self) -> Range<u64> {
        self.range.clone()
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut state = self.blocks.state.lock();
        state.reading.retain(|range| *range != self.range);
        drop(state);
        self.blocks.read.notify_all();
    }
}

/// Where it is noted how much was asked of the block at `from`.
fn asked_place(from: u64) -> usize {
    usize::try_from(from / BLOCK_BYTES as u64 % ASKED as u64).unwrap_or(0)
}

impl Asked {
    fn is_spoiled(&self, from: u64) -> bool {
        self.spoiled && self.from == from
    }
}

impl State {
    fn find(&mut self, from: u64) -> Option<(Arc<Block>, Option<u64>)> {
        self.clock += 1;
        let now = self.clock;
        let held = self.blocks.get_mut(&from)?;
        held.used = now;
        Some((Arc::clone(&held.block), held.next.take()))
    }

    fn is_being_read(&self, from: u64) -> bool {
        self.reading.iter().any(|range| range.contains(&from))
    }

    /// Whether blocks before the one at `from` tell that all of it will be wanted.
    fn promises(&self, from: u64, cold: bool) -> bool {
        let before = |n: u32| {
            self.blocks
                .get(&from.checked_sub((BLOCK_BYTES as u64) << n)?)
        };
        let was_worth = |held: &Held| WORTH_BYTES < held.block.served();
        (cold && before(0).is_some()) || (0..LOOKS_BACK).filter_map(before).any(was_worth)
    }

    fn drop_oldest(&mut self) {
        let oldest = self.blocks.iter().min_by_key(|(_, held)| held.used);
        let Some((&from, _)) = oldest else {
            return;
        };
        if let Some(held) = self.blocks.remove(&from) {
            if held.block.served() == 0 {
                self.stream = (self.stream / 2).max(1);
            }
            self.keep(held.block);
        }
    }

    fn keep(&mut self, block: Arc<Block>) {
        if self.spares.len() < STREAM_BLOCKS && Arc::strong_count(&block) == 1 {
            self.spares.push(block);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ferromq_testkit::SimDisk;

    use super::*;

    fn fill(blocks: &Blocks, from: u64) -> Arc<Block> {
        let mut block = blocks.spare();
        let fresh = Arc::get_mut(&mut block).unwrap();
        fresh.begin(from, BLOCK_BYTES);
        fresh.space().fill(7);
        blocks.put(&block, None);
        block
    }

    const SIZE: u64 = BLOCK_BYTES as u64;

    #[test]
    fn a_block_is_read_as_a_whole_once_enough_was_asked_of_it() {
        let blocks = Blocks::new(4 * BLOCK_BYTES);
        // One queue in eight, read once.
        for _ in 0..12 {
            assert_eq!(blocks.missed(0, 1300, false), Miss::Single);
        }
        // The second one.
        let mut more = std::iter::repeat_with(|| blocks.missed(0, 1300, false));
        assert_eq!(more.find(|miss| *miss != Miss::Single), Some(Miss::Fill));
        // From the disk the second read is the last one.
        assert_eq!(blocks.missed(9 * SIZE, 100, true), Miss::Single);
        assert_eq!(blocks.missed(9 * SIZE, 100, true), Miss::Fill);
    }

    #[test]
    fn who_comes_from_the_block_before_goes_on() {
        let blocks = Blocks::new(4 * BLOCK_BYTES);
        let block = fill(&blocks, 0);
        assert_eq!(blocks.missed(SIZE, 100, true), Miss::Stream);
        assert_eq!(
            blocks.missed(SIZE, 100, false),
            Miss::Single,
            "nobody read it"
        );
        block.bytes(0, BLOCK_BYTES / 2);
        assert_eq!(blocks.missed(SIZE, 100, false), Miss::Stream);
        // The first of several readers is blocks ahead of those whose traces it finds.
        assert_eq!(blocks.missed(64 * SIZE, 100, false), Miss::Stream);
        assert_eq!(blocks.missed(65 * SIZE, 100, false), Miss::Single);
        assert_eq!(Blocks::new(0).missed(SIZE, 1 << 20, true), Miss::Single);
    }

    #[test]
    fn a_block_that_cannot_be_read_as_a_whole_is_not_tried_again_and_again() {
        let blocks = Blocks::new(4 * BLOCK_BYTES);
        blocks.spoil(SIZE);
        for _ in 0..9 {
            assert_eq!(blocks.missed(SIZE, 1 << 20, true), Miss::Single);
        }
        // Until another one takes the place of the note.
        let other = SIZE * (1 + ASKED as u64);
        assert_eq!(blocks.missed(other, 100, true), Miss::Single);
        assert_eq!(blocks.missed(SIZE, 1 << 20, false), Miss::Fill);
    }

    #[test]
    fn the_least_recently_used_block_goes_first_and_its_memory_is_used_again() {
        let blocks = Blocks::new(2 * BLOCK_BYTES);
        fill(&blocks, 0).set_good(64);
        drop(fill(&blocks, SIZE));
        assert!(blocks.find(0).unwrap().0.is_good(64));
        drop(fill(&blocks, 2 * SIZE));
        assert!(blocks.find(SIZE).is_none());
        assert!(blocks.find(0).is_some());
        drop(fill(&blocks, 3 * SIZE));
        drop(fill(&blocks, 4 * SIZE));
        assert!(blocks.find(0).is_none());
        assert!(!blocks.find(4 * SIZE).unwrap().0.is_good(4 * SIZE + 64));
    }

    #[test]
    fn memory_is_given_back_after_a_time_without_reads() {
        let blocks = Blocks::new(2 * BLOCK_BYTES);
        let at = |seconds: i64| Millis(1_000_000 + seconds * 1000);
        assert_eq!(blocks.trim(at(0)), None, "there is none");
        drop(fill(&blocks, 0));
        assert_eq!(blocks.trim(at(1)), Some(IDLE));
        assert_eq!(blocks.trim(at(4)), Some(IDLE - Duration::from_secs(3)));
        assert!(blocks.find(0).is_some());
        assert_eq!(blocks.trim(at(11)), Some(IDLE), "it was read");
        assert_eq!(blocks.trim(at(21)), None);
        assert!(blocks.find(0).is_none());
    }

    /// A file of ten blocks and a half.
    fn segment() -> Segment {
        let disk = Arc::new(SimDisk::new());
        Segment::existing(disk, Path::new("/log"), 0, 10 * SIZE + SIZE / 2)
    }

    fn claimed(blocks: &Blocks, from: u64, log_end: u64) -> Option<Range<u64>> {
        let claim = blocks.claim(&segment(), from * SIZE, log_end, true)?;
        Some(claim.range())
    }

    #[test]
    fn what_is_here_or_unfinished_or_being_read_is_not_read_again() {
        let blocks = Blocks::new(64 * BLOCK_BYTES);
        blocks.state.lock().stream = STREAM_BLOCKS;
        drop(fill(&blocks, 5 * SIZE));
        assert_eq!(claimed(&blocks, 0, 100 * SIZE), Some(0..5 * SIZE));
        assert_eq!(claimed(&blocks, 0, 3 * SIZE - 1), Some(0..2 * SIZE));
        assert_eq!(claimed(&blocks, 0, SIZE - 1), None);
        assert_eq!(claimed(&blocks, 5, 100 * SIZE), None);
        let end = segment().end();
        assert_eq!(claimed(&blocks, 8, 100 * SIZE), Some(8 * SIZE..end));
        let other = blocks.claim(&segment(), 2 * SIZE, 100 * SIZE, false);
        assert_eq!(claimed(&blocks, 0, 100 * SIZE), Some(0..2 * SIZE));
        assert_eq!(claimed(&blocks, 2, 100 * SIZE), None);
        drop(other);
        assert_eq!(claimed(&blocks, 2, 100 * SIZE), Some(2 * SIZE..5 * SIZE));
    }

    #[test]
    fn who_wants_a_block_that_is_being_read_waits_for_it() {
        let blocks = Blocks::new(64 * BLOCK_BYTES);
        let claim = blocks.claim(&segment(), 0, 100 * SIZE, true).unwrap();
        assert!(blocks.find(0).is_none());
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| blocks.find_or_wait(0).is_some());
            drop(fill(&blocks, 0));
            drop(claim);
            assert!(waiting.join().unwrap());
        });
    }

    #[test]
    fn less_is_read_at_once_while_it_is_dropped_before_it_is_needed() {
        let blocks = Blocks::new(32 * BLOCK_BYTES);
        let stream = || blocks.state.lock().stream;
        for _ in 0..10 {
            claimed(&blocks, 0, 100 * SIZE);
        }
        assert_eq!(stream(), STREAM_BLOCKS);
        for number in 0..33 {
            drop(fill(&blocks, number * SIZE));
        }
        assert_eq!(stream(), STREAM_BLOCKS / 2);
        fill(&blocks, 33 * SIZE).bytes(33 * SIZE, 1);
        assert_eq!(stream(), STREAM_BLOCKS / 4);
        assert_eq!(claimed(&blocks, 0, 100 * SIZE), Some(0..2 * SIZE));
    }

    #[test]
    fn the_first_who_comes_to_what_was_read_ahead_learns_where_that_ends() {
        let blocks = Blocks::new(4 * BLOCK_BYTES);
        let block = fill(&blocks, 0);
        blocks.put(&block, Some(SIZE));
        assert_eq!(blocks.find(0).unwrap().1, Some(SIZE));
        assert_eq!(blocks.find(0).unwrap().1, None);
    }
}
