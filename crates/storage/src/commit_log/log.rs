//! Appending: the heart of the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ferromq_base::{Clock, LogOffset, Millis};
use ferromq_disk::DiskError;
use ferromq_wire::message::record::{self, BLANK_BYTES};
use parking_lot::Mutex;

use super::blocks::Blocks;
use super::keeper::Keeper;
use super::last_block::LastBlock;
use super::ring::Ring;
use super::segment::Segment;
use super::segments::Segments;
use super::unreadable::Unreadable;
use crate::bell::Bell;
use crate::error::{AppendError, NotWritable};
use crate::health::Health;
use crate::marks::Marks;
use crate::queue::Queue;
use crate::turn::Turn;
use crate::worker::Next;

/// Entries that may wait for the dispatcher before appends are refused: about 400 MB of them.
const UNWRITTEN_MAX: usize = 8 << 20;
/// As many waiting entries make the dispatcher work at once,
const PENDING_HURRY: usize = 64 << 10;
/// but not fewer than so many for each queue: to open and write a file costs the same for one entry as for some.
const PENDING_HURRY_PER_QUEUE: usize = 40;
/// So much of the log without entries in files makes the dispatcher work, however many queues there are: a start after a
/// crash has to read it again.
const PENDING_HURRY_BYTES: u64 = 2 << 30;

/// The commit log.
#[derive(Debug)]
pub(crate) struct CommitLog {
    pub(crate) segments: Arc<Segments>,
    pub(crate) keeper: Keeper,
    marks: Arc<Marks>,
    health: Arc<Health>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ring: Ring,
    pub(crate) blocks: Blocks,
    pub(super) unreadable: Unreadable,
    tail: Mutex<Tail>,
    /// Queue and index entries that are in memory only.
    pub(crate) unwritten: AtomicUsize,
    /// Rung after every append.
    pub(crate) flush_bell: Arc<Bell>,
    /// Rung after every append.
    pub(crate) dispatch_bell: Arc<Bell>,
}

/// What the lock of the append protects.
#[derive(Debug)]
struct Tail {
    /// End of the log.
    end: u64,
    /// The file that `end` lies in. A full file is left only when the next record comes.
    segment: Arc<Segment>,
    /// The block that `end` lies in.
    block: LastBlock,
    /// Ranges that a failed append may have written to.
    scrub: Vec<Piece>,
    /// Reused by every append.
    pieces: Vec<Piece>,
    pending: Pending,
}

/// A range of a file: where a part of a turn goes.
#[derive(Clone, Debug)]
struct Piece {
    segment: Arc<Segment>,
    /// Log offsets.
    from: u64,
    to: u64,
    /// Start of the part in the turn's bytes.
    bytes_at: usize,
    /// Whether the file ends after this part, with a filler.
    blank: bool,
}

/// What waits for the dispatcher: everything that appends before `end` left for it.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    /// Queues with entries that are not in their files.
    pub queues: Vec<Arc<Queue>>,
    /// Keys to index, in the order of the log.
    pub keys: Vec<KeyEntry>,
    /// Records and keys counted in [`CommitLog::unwritten`].
    pub count: usize,
    /// End of the log when this began to wait.
    pub begin: u64,
    /// End of the log.
    pub end: u64,
    /// Store timestamp of the newest record there ever was; 0 if it is not known.
    pub stored: Millis,
}

/// A key of a message, for the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyEntry {
    pub hash: u32,
    pub log_offset: u64,
    pub stored: Millis,
}

impl Pending {
    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.queues.is_empty() && self.keys.is_empty()
    }
}

impl Piece {
    /// An empty part at `from`.
    fn begin(segment: Arc<Segment>, from: u64, bytes_at: usize) -> Self {
        Self {
            segment,
            from,
            to: from,
            bytes_at,
            blank: false,
        }
    }
}

impl CommitLog {
    /// A log that goes on at the end of `segment`'s used part, `end`.
    pub(crate) fn new(
        segments: Arc<Segments>,
        end: u64,
        segment: Arc<Segment>,
        parts: (Arc<Marks>, Arc<Health>, Arc<dyn Clock>),
        (ring_bytes, blocks_bytes): (usize, usize),
    ) -> Self {
        let (marks, health, clock) = parts;
        Self {
            keeper: Keeper::new(Arc::clone(&segments)),
            segments,
            marks,
            health,
            clock,
            ring: Ring::new(ring_bytes),
            blocks: Blocks::new(blocks_bytes),
            unreadable: Unreadable::default(),
            tail: Mutex::new(Tail {
                end,
                segment,
                block: LastBlock::default(),
                scrub: Vec::new(),
                pieces: Vec::new(),
                pending: Pending {
                    begin: end,
                    ..Pending::default()
                },
            }),
            unwritten: AtomicUsize::new(0),
            flush_bell: Arc::default(),
            dispatch_bell: Arc::default(),
        }
    }

    /// Appends a turn; see [`crate::Store::append`].
    pub(crate) fn append(&self, turn: &mut Turn) -> Result<LogOffset, AppendError> {
        self.health.check()?;
        if turn.is_empty() {
            return Ok(LogOffset(self.marks.appended.value()));
        }
        let mut tail = self.tail.lock();
        // Looked at again: a failure found meanwhile must not be followed by a success.
        self.health.check()?;
        let unwritten = self.unwritten.load(Ordering::Relaxed);
        if UNWRITTEN_MAX < unwritten {
            return Err(NotWritable::Behind(unwritten).into());
        }
        if let Some(queue) = turn.queues.iter().find(|queue| queue.is_destroyed()) {
            return Err(NotWritable::Deleted(queue.topic().into()).into());
        }
        turn.stored = self.clock.now();
        if let Err(error) = self.place_and_write(&mut tail, turn) {
            return Err(self.health.refuse(error).into());
        }
        self.health.wrote();
        let (end, hurry) = self.publish_entries(&mut tail, turn);
        drop(tail);
        turn.end = LogOffset(end);
        self.marks.advance_appended(end);
        self.flush_bell.ring();
        self.dispatch_bell.ring();
        if hurry {
            self.dispatch_bell.hurry();
        }
        Ok(LogOffset(end))
    }

    /// Gives every record its place and writes them. After an error everything is as before, but for bytes after the
    /// end of the log that will be cleared before the next append.
    fn place_and_write(&self, tail: &mut Tail, turn: &mut Turn) -> Result<(), DiskError> {
        Self::clear_leftovers(tail)?;
        let mut pieces = std::mem::take(&mut tail.pieces);
        pieces.clear();
        let mut done = self.plan(tail, turn, &mut pieces);
        if done.is_ok() {
            Self::assign(turn, &pieces);
            done = self.write(&mut tail.block, turn, &pieces);
            if done.is_err() {
                tail.block.forget();
                Self::withdraw(turn);
            }
        }
        if done.is_err() {
            // The pieces in files that are not part of the log yet go back with them.
            tail.scrub.extend(pieces.iter().cloned());
            for piece in pieces.iter().skip(1) {
                self.keeper.give_back(Arc::clone(&piece.segment));
            }
            // If this fails too, the next append begins with it.
            let _ = Self::clear_leftovers(tail);
        } else if let Some(last) = pieces.last() {
            for piece in &pieces {
                self.enter(tail, &piece.segment);
            }
            tail.end = last.to;
        }
        // Only the memory is kept: a file that nobody uses any more must not be held.
        pieces.clear();
        tail.pieces = pieces;
        done
    }

    /// Makes `segment` the one that is written to, if it is not already.
    fn enter(&self, tail: &mut Tail, segment: &Arc<Segment>) {
        if !Arc::ptr_eq(&tail.segment, segment) {
            self.segments.push(Arc::clone(segment));
            tail.segment = Arc::clone(segment);
            self.health.look_at_space();
        }
    }

    /// Decides which part of the turn goes where. A record fits if eight bytes are left after it for the filler;
    /// records that must stay together move on together.
    fn plan(&self, tail: &Tail, turn: &Turn, pieces: &mut Vec<Piece>) -> Result<(), DiskError> {
        let mut piece = Piece::begin(Arc::clone(&tail.segment), tail.end, 0);
        let mut i = 0;
        while i < turn.records.len() {
            let (group_end, bytes) = turn.group(i);
            let end = piece.segment.end();
            if end < piece.to + bytes + BLANK_BYTES as u64 {
                piece.blank = true;
                pieces.push(piece);
                let bytes_at = turn.records[i].start;
                piece = Piece::begin(self.keeper.take(end)?, end, bytes_at);
            }
            piece.to += bytes;
            i = group_end;
        }
        let half = piece.segment.end() - self.segments.segment_bytes() / 2;
        if piece.from <= half && half < piece.to {
            self.keeper.want(piece.segment.end());
        }
        pieces.push(piece);
        Ok(())
    }

    /// Assigns offsets in queue and log, and writes them into the records.
    fn assign(turn: &mut Turn, pieces: &[Piece]) {
        let Turn {
            bytes,
            records,
            queues,
            stored,
            ..
        } = turn;
        let mut piece = 0;
        for record in records {
            while pieces
                .get(piece + 1)
                .is_some_and(|next| next.bytes_at <= record.start)
            {
                piece += 1;
            }
            let piece = &pieces[piece];
            record.log_offset = piece.from + (record.start - piece.bytes_at) as u64;
            record.queue_offset = if record.in_queue {
                queues[record.queue as usize].assign_next()
            } else {
                0
            };
            record.patch(bytes, *stored);
        }
    }

    /// Takes assigned queue offsets back. The lock of the append is still held, so nobody took later ones.
    fn withdraw(turn: &Turn) {
        for record in turn.records.iter().filter(|r| r.in_queue) {
            turn.queues[record.queue as usize].withdraw_next();
        }
    }

    fn write(&self, block: &mut LastBlock, turn: &Turn, pieces: &[Piece]) -> Result<(), DiskError> {
        for piece in pieces {
            let len = usize::try_from(piece.to - piece.from).expect("a part of a turn in memory");
            let bytes = &turn.bytes[piece.bytes_at..piece.bytes_at + len];
            if !bytes.is_empty() {
                block.write(&piece.segment, bytes, piece.from, turn.stored)?;
            }
            if piece.blank {
                let remaining =
                    u32::try_from(piece.segment.end() - piece.to).expect("files are at most 4 GiB");
                let mut blank = Vec::with_capacity(BLANK_BYTES);
                record::push_blank(&mut blank, remaining);
                piece.segment.write(&blank, piece.to)?;
            }
        }
        for piece in pieces {
            let len = usize::try_from(piece.to - piece.from).expect("a part of a turn in memory");
            self.ring.put(
                piece.from,
                &turn.bytes[piece.bytes_at..piece.bytes_at + len],
            );
        }
        Ok(())
    }

    /// Clears what failed appends may have left after the end of the log: a part of it could be taken for
    /// records once a shorter append stands before it.
    fn clear_leftovers(tail: &mut Tail) -> Result<(), DiskError> {
        while let Some(piece) = tail.scrub.last() {
            let to = if piece.blank {
                piece.segment.end().min(piece.to + BLANK_BYTES as u64)
            } else {
                piece.to
            };
            piece.segment.zero(piece.from, to)?;
            tail.scrub.pop();
        }
        Ok(())
    }

    /// Puts the entries of a written turn into the tails of their queues and notes work for the dispatcher. Returns
    /// the end of the log, and whether the dispatcher should hurry.
    fn publish_entries(&self, tail: &mut Tail, turn: &Turn) -> (u64, bool) {
        let pending = &mut tail.pending;
        for records in turn.records.chunk_by(|a, b| a.queue == b.queue) {
            let queue = &turn.queues[records[0].queue as usize];
            let mut entries = queue.tail.lock();
            for record in records.iter().filter(|record| record.in_queue) {
                if entries.push(record.entry(turn.stored)) {
                    pending.queues.push(Arc::clone(queue));
                }
            }
        }
        let mut keys = turn.key_hashes.iter();
        for record in turn.records.iter().filter(|record| 0 < record.keys) {
            for &hash in keys.by_ref().take(record.keys as usize) {
                pending.keys.push(KeyEntry {
                    hash,
                    log_offset: record.log_offset,
                    stored: turn.stored,
                });
            }
        }
        pending.stored = turn.stored;
        let new = turn.records.len() + turn.key_hashes.len();
        pending.count += new;
        let unwritten = new + self.unwritten.fetch_add(new, Ordering::Relaxed);
        let enough = PENDING_HURRY.max(PENDING_HURRY_PER_QUEUE * pending.queues.len());
        let hurry = enough <= unwritten || PENDING_HURRY_BYTES <= tail.end - pending.begin;
        (tail.end, hurry)
    }

    /// Gives back memory that readers have left alone for a while; says when to look again.
    pub(crate) fn trim(&self) -> Next {
        Next::Wait(self.blocks.trim(self.clock.now()))
    }

    /// End of what is written.
    pub(super) fn end(&self) -> u64 {
        self.marks.appended.value()
    }

    /// Hands over what waits for the dispatcher; it gets an empty one to fill in exchange, for its memory.
    pub(crate) fn take_pending(&self, into: &mut Pending) {
        let mut tail = self.tail.lock();
        tail.pending.end = tail.end;
        if tail.pending.stored == Millis(0) {
            // Nothing was appended yet.
            tail.pending.stored = into.stored;
        }
        std::mem::swap(&mut tail.pending, into);
        tail.pending.begin = into.end;
        tail.pending.stored = into.stored;
    }

    /// Notes again queues of which not everything could be written.
    pub(crate) fn return_pending(&self, queues: impl Iterator<Item = Arc<Queue>>) {
        self.tail.lock().pending.queues.extend(queues);
    }

    /// Has the next file made if the present one is more than half full: for a start in the middle of a file.
    pub(crate) fn prepare(&self) {
        let tail = self.tail.lock();
        let half = tail.segment.end() - self.segments.segment_bytes() / 2;
        if half < tail.end {
            self.keeper.want(tail.segment.end());
        }
    }

    /// Clears what failed appends may have left, for a clean end.
    pub(crate) fn clear(&self) -> Result<(), DiskError> {
        Self::clear_leftovers(&mut self.tail.lock())
    }

    /// Runs `action` while no append can take place.
    pub(crate) fn paused<T>(&self, action: impl FnOnce() -> T) -> T {
        let _tail = self.tail.lock();
        action()
    }
}
