//! Reading records: from the ring while they are there, else from a block in memory or from their file, checked.

use std::sync::Arc;

use ferromq_base::LogOffset;
use ferromq_disk::{DiskError, DiskErrorKind};
use ferromq_wire::message::RecordRef;
use ferromq_wire::message::record;

use super::block::Block;
use super::blocks::{Blocks, Miss};
use super::fetch::Fetch;
use super::log::CommitLog;
use super::segment::Segment;
use crate::error::ReadError;
use crate::read::Reach;

/// So many bytes at once are read as cheaply past the blocks as into them.
const SPAN_BYTES: usize = 16 * 1024;

/// Reads records for one request.
#[derive(Debug)]
pub(crate) struct LogReader<'a> {
    log: &'a CommitLog,
    reach: Reach,
    /// The block that was read from last: the next record is mostly in it too.
    block: Option<Arc<Block>>,
    /// See [`LogReader::ahead`].
    ahead: Option<u64>,
}

impl<'a> LogReader<'a> {
    /// Reads from `log`, as far as `reach` says.
    pub(crate) fn new(log: &'a CommitLog, reach: Reach) -> Self {
        Self {
            log,
            reach,
            block: None,
            ahead: None,
        }
    }

    /// Where [`CommitLog::read_ahead`] should go on now, so that who reads on from the disk need not wait for it.
    pub(crate) fn ahead(&self) -> Option<u64> {
        self.ahead
    }

    /// Log offset of the oldest byte that is kept.
    pub(crate) fn start(&self) -> u64 {
        self.log.segments.start()
    }

    /// Appends the bytes of records that lie one after the other, from `at` to `at + len`, to `out`. If `is_sure`, records
    /// are known to begin and end there; bytes that come from a file are checked all the same. `fits` says what is wrong with a
    /// record of which the caller knows more; on any error `out` is as before.
    pub(crate) fn read(
        &mut self,
        (at, len): (u64, usize),
        is_sure: bool,
        out: &mut Vec<u8>,
        fits: impl FnMut(RecordRef<'_>) -> Option<&'static str>,
    ) -> Result<(), ReadError> {
        let before = out.len();
        let done = if self.log.ring.copy(at, len, out) {
            if is_sure {
                return Ok(());
            }
            self.check_from_ring(at, &out[before..], fits)
        } else {
            self.read_behind_ring((at, len), out, fits)
        };
        match done {
            Ok(()) => self.log.ring.want(at),
            Err(_) => out.truncate(before),
        }
        done
    }

    /// Whether whole records lie in `rest`, which begins at `at`. Their bodies are as they were sent.
    fn check_from_ring(
        &self,
        mut at: u64,
        mut rest: &[u8],
        mut fits: impl FnMut(RecordRef<'_>) -> Option<&'static str>,
    ) -> Result<(), ReadError> {
        while !rest.is_empty() {
            let size = match check(rest, at, true, &mut fits) {
                Ok(size) => size,
                Err(wrong) => return Err(wrong.at(&*self.log.file_of(at, 1)?, at)),
            };
            at += size as u64;
            rest = &rest[size..];
        }
        Ok(())
    }

    fn read_behind_ring(
        &mut self,
        (at, len): (u64, usize),
        out: &mut Vec<u8>,
        mut fits: impl FnMut(RecordRef<'_>) -> Option<&'static str>,
    ) -> Result<(), ReadError> {
        let before = out.len();
        let segment = self.log.file_of(at, len as u64)?;
        if !self.copy_from_blocks(&segment, (at, len), out)? {
            out.resize(before + len, 0);
            self.read_file(&segment, &mut out[before..], at)?;
        }
        let mut rest = &out[before..];
        while !rest.is_empty() {
            let place = at + (len - rest.len()) as u64;
            let block = self.block.as_deref().filter(|block| block.holds(place));
            let is_good = block.is_some_and(|block| block.is_good(place));
            let checked = check(rest, place, is_good, &mut fits);
            let size = checked.map_err(|wrong| wrong.at(&segment, place))?;
            if let Some(block) = block {
                block.set_good(place);
            }
            rest = &rest[size..];
        }
        Ok(())
    }

    /// Reads from a file past all blocks.
    fn read_file(&self, segment: &Segment, buf: &mut [u8], at: u64) -> Result<(), ReadError> {
        let place = at - segment.base();
        if self.reach == Reach::Disk {
            let read = segment.file()?.read_exact_at(buf, place);
            return read.map_err(|error| self.judge(segment, (place, buf.len()), error));
        }
        // What fails is judged by somebody who may wait for the disk.
        let file = segment.if_open();
        let read = file.and_then(|file| file.read_cached_at(buf, place).ok().flatten());
        if read == Some(buf.len()) {
            return Ok(());
        }
        Err(ReadError::Cold)
    }

    /// What a failed read means: that bytes are lost, or that they may come back.
    fn judge(&self, segment: &Segment, (place, len): (u64, usize), error: DiskError) -> ReadError {
        if error.kind() != DiskErrorKind::Device {
            return error.into();
        }
        match self.log.lost_page(segment, place, len) {
            Some(at) => ReadError::Unreadable {
                at,
                source: Arc::new(error),
            },
            None => error.into(),
        }
    }

    /// Appends the bytes to `out` if they are in blocks, or should be. False, with `out` as before, if they are to be
    /// read by themselves.
    fn copy_from_blocks(
        &mut self,
        segment: &Segment,
        (at, len): (u64, usize),
        out: &mut Vec<u8>,
    ) -> Result<bool, ReadError> {
        let before = out.len();
        let end = at + len as u64;
        let mut place = at;
        while place < end {
            let left = usize::try_from(end - place).unwrap_or(len);
            let held = self.block.as_ref().is_some_and(|block| block.holds(place));
            if !held {
                self.block = self.block(segment, place, (left, len));
            }
            let Some(block) = &self.block else {
                out.truncate(before);
                return Ok(false);
            };
            let bytes = block.bytes(place, left);
            out.extend_from_slice(bytes);
            place += bytes.len() as u64;
        }
        Ok(true)
    }

    /// The block with the byte at `at`, of which `left` bytes are wanted, as the rest of `len`. `None` if it is not here
    /// and not worth to be read as a whole.
    fn block(
        &mut self,
        segment: &Segment,
        at: u64,
        (left, len): (usize, usize),
    ) -> Option<Arc<Block>> {
        let blocks = &self.log.blocks;
        let (from, size) = Blocks::place(segment, at);
        let cold = self.reach == Reach::Disk;
        let found = if cold {
            blocks.find_or_wait(from)
        } else {
            blocks.find(from)
        };
        if let Some((block, next)) = found {
            self.ahead = next.or(self.ahead);
            return Some(block);
        }
        // What is not all written will still change.
        if !cold && SPAN_BYTES <= len || self.log.end() < from + size as u64 {
            return None;
        }
        let fetch = Fetch {
            log: self.log,
            segment,
        };
        match blocks.missed(from, left.min(size), cold) {
            Miss::Single => None,
            _ if !cold => fetch.cached(from),
            Miss::Fill => fetch.one(from),
            Miss::Stream => fetch.stream(from, false).map(|(block, end)| {
                self.ahead = Some(end);
                block
            }),
        }
    }
}

impl CommitLog {
    /// Reads a few bytes at the start of a record, unchecked: for single fields.
    pub(crate) fn peek(
        &self,
        reach: Reach,
        at: u64,
        buf: &mut Vec<u8>,
        len: usize,
    ) -> Result<(), ReadError> {
        buf.clear();
        if self.ring.copy(at, len, buf) {
            return Ok(());
        }
        let segment = self.file_of(at, len as u64)?;
        let (from, _) = Blocks::place(&segment, at);
        if let Some((block, _)) = self.blocks.find(from) {
            buf.extend_from_slice(block.bytes(at, len));
            if buf.len() == len {
                return Ok(());
            }
        }
        buf.clear();
        buf.resize(len, 0);
        LogReader::new(self, reach).read_file(&segment, buf, at)
    }

    /// The file that holds `len` bytes from `at`.
    fn file_of(&self, at: u64, len: u64) -> Result<Arc<Segment>, ReadError> {
        let segment = self.segments.find(at);
        segment
            .filter(|s| len <= s.end() - at)
            .ok_or(ReadError::NotFound(LogOffset(at)))
    }

    /// Size of the record at `at`, which must be below the visible end; for callers who know only where it begins.
    pub(crate) fn record_size(
        &self,
        reach: Reach,
        at: u64,
        bytes_max: u64,
    ) -> Result<usize, ReadError> {
        let mut head = Vec::with_capacity(8);
        self.peek(reach, at, &mut head, 8)?;
        let word = |i: usize| {
            head[i..i + 4]
                .iter()
                .fold(0_u32, |n, &b| n << 8 | u32::from(b))
        };
        let size = word(0) as usize;
        let known = word(4) == record::MAGIC_V1 || word(4) == record::MAGIC_V2;
        if !known || size < record::RECORD_BYTES_MIN || bytes_max < size as u64 {
            return Err(ReadError::NotFound(LogOffset(at)));
        }
        Ok(size)
    }
}

/// What is wrong with what was read.
enum Wrong {
    /// The body is not as it was sent.
    Body(String),
    /// There is no record, or another one.
    Place(String),
}

impl Wrong {
    /// The error, for log offset `at` in `segment`.
    fn at(self, segment: &Segment, at: u64) -> ReadError {
        let path = segment.path().to_owned();
        let at = at - segment.base();
        match self {
            Self::Body(cause) => ReadError::Corrupt { path, at, cause },
            Self::Place(cause) => ReadError::Misplaced { path, at, cause },
        }
    }
}

/// Checks the record at the start of `bytes`, which was read from log offset `at`; returns its size. The body of one that
/// `is_good` was checked before.
fn check(
    bytes: &[u8],
    at: u64,
    is_good: bool,
    fits: &mut impl FnMut(RecordRef<'_>) -> Option<&'static str>,
) -> Result<usize, Wrong> {
    let record = RecordRef::parse(bytes).map_err(|e| Wrong::Place(e.to_string()))?;
    if record.physical_offset() != LogOffset(at) {
        return Err(Wrong::Place(format!(
            "the record says it belongs to log offset {}, it lies at {at}",
            record.physical_offset()
        )));
    }
    if let Some(wrong) = fits(record) {
        return Err(Wrong::Place(wrong.to_owned()));
    }
    if !is_good {
        let checked = record.check_body();
        checked.map_err(|e| Wrong::Body(e.to_string()))?;
    }
    Ok(record.size())
}
