//! Reading records: from the ring while they are there, else from their file, checked.

use std::sync::Arc;

use ferromq_base::LogOffset;
use ferromq_wire::message::RecordRef;
use ferromq_wire::message::record;

use super::log::CommitLog;
use super::segment::Segment;
use crate::error::ReadError;

impl CommitLog {
    /// Appends the bytes of records that lie one after the other, from `at` to `at + len`, to `out`. Bytes that come
    /// from a file are checked, and `fits` says what is wrong with a record of which the caller knows more; on any error
    /// `out` is as before.
    pub(crate) fn read(
        &self,
        (at, len): (u64, usize),
        out: &mut Vec<u8>,
        fits: impl FnMut(RecordRef<'_>) -> Option<&'static str>,
    ) -> Result<(), ReadError> {
        if self.ring.copy(at, len, out) {
            return Ok(());
        }
        let before = out.len();
        let done = self.read_file((at, len), out, fits);
        if done.is_err() {
            out.truncate(before);
        }
        done
    }

    fn read_file(
        &self,
        (at, len): (u64, usize),
        out: &mut Vec<u8>,
        mut fits: impl FnMut(RecordRef<'_>) -> Option<&'static str>,
    ) -> Result<(), ReadError> {
        let before = out.len();
        let segment = self.file_of(at, len as u64)?;
        out.resize(before + len, 0);
        segment
            .file()?
            .read_exact_at(&mut out[before..], at - segment.base())?;
        let mut rest = &out[before..];
        while !rest.is_empty() {
            let place = at + (len - rest.len()) as u64;
            let size = check(rest, place, &mut fits).map_err(|cause| ReadError::Corrupt {
                path: segment.path().to_owned(),
                at: place - segment.base(),
                cause,
            })?;
            rest = &rest[size..];
        }
        Ok(())
    }

    /// Reads a few bytes at the start of a record, unchecked: for single fields.
    pub(crate) fn peek(&self, at: u64, buf: &mut Vec<u8>, len: usize) -> Result<(), ReadError> {
        buf.clear();
        if self.ring.copy(at, len, buf) {
            return Ok(());
        }
        let segment = self.file_of(at, len as u64)?;
        buf.resize(len, 0);
        segment.file()?.read_exact_at(buf, at - segment.base())?;
        Ok(())
    }

    /// The file that holds `len` bytes from `at`.
    fn file_of(&self, at: u64, len: u64) -> Result<Arc<Segment>, ReadError> {
        let segment = self.segments.find(at);
        segment
            .filter(|s| len <= s.end() - at)
            .ok_or(ReadError::NotFound(LogOffset(at)))
    }

    /// Size of the record at `at`, which must be below the visible end; for callers who know only where it begins.
    pub(crate) fn record_size(&self, at: u64, bytes_max: u64) -> Result<usize, ReadError> {
        let mut head = Vec::with_capacity(8);
        self.peek(at, &mut head, 8)?;
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

/// Checks the record at the start of `bytes`, which was read from log offset `at`; returns its size.
fn check(
    bytes: &[u8],
    at: u64,
    fits: &mut impl FnMut(RecordRef<'_>) -> Option<&'static str>,
) -> Result<usize, String> {
    let record = RecordRef::parse(bytes).map_err(|e| e.to_string())?;
    record.check_body().map_err(|e| e.to_string())?;
    if record.physical_offset() != LogOffset(at) {
        return Err(format!(
            "the record says it belongs to log offset {}, it lies at {at}",
            record.physical_offset()
        ));
    }
    match fits(record) {
        Some(wrong) => Err(wrong.to_owned()),
        None => Ok(record.size()),
    }
}
