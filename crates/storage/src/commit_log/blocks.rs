//! Parts of the log behind the ring, in memory: what several queues, or several groups, read is read and checked once.
//!
//! Messages of many queues lie mixed in the log, so that a reader of one queue needs a little of every part, and the
//! readers of the other queues need the rest. A block is read as a whole once enough of it has been asked for. The
//! memory is taken when it is needed and given back when nobody reads any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use ferromq_base::Millis;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use super::segment::Segment;

/// Size of a block in bytes, but for the last one of a file of the log.
pub(super) const BLOCK_BYTES: usize = 128 * 1024;
/// As many bytes of a block must have been asked for before it is worth reading all of it: a reader of one queue in
/// eight, alone, stays below.
const WORTH_BYTES: usize = BLOCK_BYTES / 6;
/// How many blocks back, as powers of two, it is looked for one that was worth it: readers of different queues are as
/// many apart, and the first of them finds nobody's traces in the blocks next to its own.
const LOOKS_BACK: u32 = 7;
/// Records are longer than this, so that at most one begins in as many bytes.
const GRAIN_BYTES: usize = 64;
/// Blocks that are not here for which it is known how much was asked of them.
const ASKED: usize = 256;
/// Time without reads after which all memory is given back.
const IDLE: Duration = Duration::from_secs(10);
/// Blocks without content kept for the next one.
const SPARES: usize = 4;

/// Blocks of the log, least recently used first to go.
#[derive(Debug)]
pub(crate) struct Blocks {
    state: Mutex<State>,
    count_max: usize,
}

#[derive(Debug)]
struct State {
    blocks: FxHashMap<u64, Held>,
    spares: Vec<Arc<Block>>,
    asked: Box<[Asked; ASKED]>,
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
}

/// How much was asked of a block that is not here.
#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    from: u64,
    bytes: usize,
    /// Whether it could not be read as a whole.
    spoiled: bool,
}

/// Consecutive bytes of one file of the log.
#[derive(Debug)]
pub(super) struct Block {
    from: u64,
    len: usize,
    bytes: Box<[u8]>,
    /// One bit for every [`GRAIN_BYTES`]: the record that begins there is as it was sent.
    good: Box<[AtomicU64]>,
    /// Bytes copied out of it.
    served: AtomicU32,
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
                clock: 0,
                seen: 0,
                looked: Millis(0),
            }),
            count_max: bytes / BLOCK_BYTES,
        }
    }

    /// Log offset of the block that holds the byte at `at`, and its size.
    pub(super) fn place(segment: &Segment, at: u64) -> (u64, usize) {
        let from = at - (at - segment.base()) % BLOCK_BYTES as u64;
        let left = usize::try_from(segment.end() - from).unwrap_or(usize::MAX);
        (from, left.min(BLOCK_BYTES))
    }

    /// The block that begins at `from`.
    pub(super) fn find(&self, from: u64) -> Option<Arc<Block>> {
        let mut state = self.state.lock();
        state.clock += 1;
        let now = state.clock;
        let held = state.blocks.get_mut(&from)?;
        held.used = now;
        Some(Arc::clone(&held.block))
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
        spare.unwrap_or_else(|| {
            Arc::new(Block {
                from: 0,
                len: 0,
                bytes: vec![0; BLOCK_BYTES].into_boxed_slice(),
                good: (0..BLOCK_BYTES / GRAIN_BYTES / 64)
                    .map(|_| AtomicU64::new(0))
                    .collect(),
                served: AtomicU32::new(0),
            })
        })
    }

    /// Adds a block that has been filled; true if it is the only one.
    pub(super) fn put(&self, block: &Arc<Block>) -> bool {
        let mut state = self.state.lock();
        if self.count_max <= state.blocks.len() {
            state.drop_oldest();
        }
        state.clock += 1;
        let held = Held {
            block: Arc::clone(block),
            used: state.clock,
        };
        let was_empty = state.blocks.is_empty();
        if let Some(twin) = state.blocks.insert(block.from, held) {
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
    /// Whether blocks before the one at `from` tell that all of it will be wanted.
    fn promises(&self, from: u64, cold: bool) -> bool {
        let before = |n: u32| {
            self.blocks
                .get(&from.checked_sub((BLOCK_BYTES as u64) << n)?)
        };
        let was_worth = |held: &Held| {
            let served = held.block.served.load(Ordering::Relaxed) as usize;
            WORTH_BYTES < served
        };
        (cold && before(0).is_some()) || (0..LOOKS_BACK).filter_map(before).any(was_worth)
    }

    fn drop_oldest(&mut self) {
        let oldest = self.blocks.iter().min_by_key(|(_, held)| held.used);
        let Some((&from, _)) = oldest else {
            return;
        };
        if let Some(held) = self.blocks.remove(&from) {
            self.keep(held.block);
        }
    }

    fn keep(&mut self, block: Arc<Block>) {
        if self.spares.len() < SPARES && Arc::strong_count(&block) == 1 {
            self.spares.push(block);
        }
    }
}

impl Block {
    /// Makes this the block of `len` bytes at `from` and returns the bytes to fill.
    pub(super) fn begin(&mut self, from: u64, len: usize) -> &mut [u8] {
        self.from = from;
        self.len = len;
        *self.served.get_mut() = 0;
        for word in &mut self.good {
            *word.get_mut() = 0;
        }
        &mut self.bytes[..len]
    }

    /// Whether the byte at log offset `at` is here.
    pub(super) fn holds(&self, at: u64) -> bool {
        (self.from..self.from + self.len as u64).contains(&at)
    }

    /// The bytes from log offset `at` on, at most `len`.
    pub(super) fn bytes(&self, at: u64, len: usize) -> &[u8] {
        let skip = usize::try_from(at - self.from).unwrap_or(usize::MAX);
        let bytes = self.bytes[..self.len].get(skip..).unwrap_or_default();
        let bytes = &bytes[..len.min(bytes.len())];
        let count = u32::try_from(bytes.len()).unwrap_or(0);
        self.served.fetch_add(count, Ordering::Relaxed);
        bytes
    }

    fn bit(&self, at: u64) -> (&AtomicU64, u64) {
        let grain = usize::try_from(at - self.from).unwrap_or(0) / GRAIN_BYTES;
        (&self.good[grain / 64], 1 << (grain % 64))
    }

    /// Whether the record that begins at log offset `at` has been found to be as it was sent.
    pub(super) fn is_good(&self, at: u64) -> bool {
        let (word, bit) = self.bit(at);
        word.load(Ordering::Relaxed) & bit != 0
    }

    /// The record that begins at log offset `at` is as it was sent.
    pub(super) fn set_good(&self, at: u64) {
        let (word, bit) = self.bit(at);
        word.fetch_or(bit, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(blocks: &Blocks, from: u64) -> Arc<Block> {
        let mut block = blocks.spare();
        let fresh = Arc::get_mut(&mut block).unwrap();
        fresh.begin(from, BLOCK_BYTES).fill(7);
        blocks.put(&block);
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
        assert!(blocks.find(0).unwrap().is_good(64));
        drop(fill(&blocks, 2 * SIZE));
        assert!(blocks.find(SIZE).is_none());
        assert!(blocks.find(0).is_some());
        drop(fill(&blocks, 3 * SIZE));
        drop(fill(&blocks, 4 * SIZE));
        assert!(blocks.find(0).is_none());
        assert!(!blocks.find(4 * SIZE).unwrap().is_good(4 * SIZE + 64));
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
}
