//! Walks over the whole records of a part of the log, past whatever is damaged or lost between them.
//!
//! For repairs: a start stops at damage instead, because there it may be the end of the log. Records are recognised by the
//! place in the log that each of them names.

use ferromq_base::LogOffset;
use ferromq_disk::DiskError;
use ferromq_wire::message::RecordRef;
use ferromq_wire::message::record::Scanned;

use super::beyond::{HEAD_BYTES, names_place};
use super::log::CommitLog;
use super::scan::torn;
use super::segment::Segment;

/// Bytes read at once.
const READ_BYTES: usize = 1 << 20;

/// A walk.
#[derive(Debug)]
pub(crate) struct Salvage {
    at: u64,
    to: u64,
    record_bytes_max: usize,
    buf: Vec<u8>,
}

impl Salvage {
    /// Over the records that begin from `from` on and before `to`, which must not be after the end of the log. What claims to be
    /// longer than `record_bytes_max` is no record.
    pub(crate) fn new(from: u64, to: u64, record_bytes_max: usize) -> Self {
        Self {
            at: from,
            to,
            record_bytes_max,
            buf: Vec::new(),
        }
    }

    /// Goes some 16 MiB on and calls `visit` with each record and its log offset; whether there is more. An error means that
    /// something cannot be read now, but may be later.
    pub(crate) fn step(
        &mut self,
        log: &CommitLog,
        mut visit: impl FnMut(RecordRef<'_>, u64),
    ) -> Result<bool, DiskError> {
        for _ in 0..16 {
            // Old files may go meanwhile.
            self.at = self.at.max(log.segments.start());
            let Some(segment) = log.segments.find(self.at) else {
                return Ok(false);
            };
            if self.to <= self.at {
                return Ok(false);
            }
            self.step_within(log, &segment, &mut visit)?;
        }
        Ok(true)
    }

    /// Reads once, and goes over what that brings.
    fn step_within(
        &mut self,
        log: &CommitLog,
        segment: &Segment,
        visit: &mut impl FnMut(RecordRef<'_>, u64),
    ) -> Result<(), DiskError> {
        let rest = usize::try_from(segment.end() - self.at).unwrap_or(usize::MAX);
        let mut wanted = READ_BYTES.min(rest);
        loop {
            self.buf.resize(wanted, 0);
            log.read_left(segment, &mut self.buf, self.at - segment.base())?;
            let (done, need) = self.walk(segment, rest, visit);
            self.at += done as u64;
            if done != 0 || need <= wanted {
                return Ok(());
            }
            // One record that is longer than what was read.
            wanted = need;
        }
    }

    /// Goes over the buffer, whose first byte is at the present place: how many bytes are done, and how many the record
    /// there takes that is not in the buffer as a whole.
    fn walk(
        &self,
        segment: &Segment,
        rest: usize,
        visit: &mut impl FnMut(RecordRef<'_>, u64),
    ) -> (usize, usize) {
        let mut done = 0;
        while done < self.buf.len() && self.at + (done as u64) < self.to {
            let (at, have) = (self.at + done as u64, &self.buf[done..]);
            match RecordRef::scan(have) {
                Scanned::Record(record) if is_whole(&record, at, segment) => {
                    visit(record, at);
                    done += record.size();
                    continue;
                }
                Scanned::Blank { remaining } if u64::from(remaining) == segment.end() - at => {
                    return (rest, 0);
                }
                Scanned::Short { need } if need <= self.record_bytes_max.min(rest - done) => {
                    return (done, need);
                }
                _ => {}
            }
            // The next place where one may begin.
            let from = done + 1;
            let heads = self.buf.get(from..).unwrap_or_default();
            let next = heads
                .windows(HEAD_BYTES)
                .zip(at + 1..)
                .position(|(head, at)| names_place(head, at));
            done = match next {
                Some(next) => from + next,
                None if self.buf.len() == rest => rest,
                // One may begin in the last bytes of the buffer.
                None => from.max((self.buf.len() + 1).saturating_sub(HEAD_BYTES)),
            };
        }
        (done, 0)
    }
}

/// Whether a record is as it was written, as far as that can be known.
fn is_whole(record: &RecordRef<'_>, at: u64, segment: &Segment) -> bool {
    record.physical_offset() == LogOffset(at)
        && torn(record, at - segment.base()).is_none()
        && record.check_body().is_ok()
}
