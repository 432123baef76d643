//! Walks through the log from record to record: the only reader of its framing besides the append.

use ferromq_base::{LogOffset, Millis};
use ferromq_wire::message::RecordRef;
use ferromq_wire::message::record::Scanned;

use super::segment::Segment;
use super::segments::Segments;
use crate::error::OpenError;

/// The smallest piece that a disk writes as a whole.
const SECTOR: usize = 512;
/// Bytes read at once.
const READ_BYTES: usize = 1 << 20;

/// A walk through the log.
#[derive(Debug)]
pub(crate) struct Scan<'s> {
    segments: &'s Segments,
    check_crc: bool,
    at: u64,
    buf: Vec<u8>,
    /// Log offset of the first byte of `buf`.
    buf_at: u64,
}

/// Where a walk ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// Log offset of the first byte that belongs to no valid record.
    pub at: u64,
    /// What is wrong with the bytes there; `None` if nothing was written there.
    pub damage: Option<String>,
}

/// What is at the present place.
enum Found {
    Record(usize),
    NextSegment,
    End(Option<String>),
    Need(usize),
}

impl<'s> Scan<'s> {
    /// A walk that begins at `at`, where a record or filler must begin.
    pub(crate) fn new(segments: &'s Segments, at: u64, check_crc: bool) -> Self {
        Self {
            segments,
            check_crc,
            at,
            buf: Vec::new(),
            buf_at: at,
        }
    }

    /// Calls `visit` with every valid record and its place, up to the first bytes that are none.
    pub(crate) fn run(
        &mut self,
        mut visit: impl FnMut(RecordRef<'_>, u64) -> Result<(), OpenError>,
    ) -> Result<End, OpenError> {
        self.run_while(|record, at| visit(record, at).map(|()| true))
    }

    /// Like [`Scan::run`], but ends also after a record for which `visit` says false.
    pub(crate) fn run_while(
        &mut self,
        mut visit: impl FnMut(RecordRef<'_>, u64) -> Result<bool, OpenError>,
    ) -> Result<End, OpenError> {
        loop {
            let Some(segment) = self.segments.find(self.at) else {
                return Ok(self.end(None));
            };
            let have = self.buffered();
            match self.look(have, &segment) {
                Found::Record(size) => {
                    let go_on = match RecordRef::parse(&have[..size]) {
                        Ok(record) => visit(record, self.at)?,
                        Err(_) => false,
                    };
                    self.at += size as u64;
                    if !go_on {
                        return Ok(self.end(None));
                    }
                }
                Found::NextSegment => self.at = segment.end(),
                Found::End(damage) => return Ok(self.end(damage)),
                Found::Need(bytes) => {
                    let rest = usize::try_from(segment.end() - self.at).unwrap_or(usize::MAX);
                    if rest < bytes {
                        let text = format!("a record of {bytes} bytes does not fit the file");
                        return Ok(self.end(Some(text)));
                    }
                    self.fill(&segment, bytes.max(READ_BYTES).min(rest))?;
                }
            }
        }
    }

    fn end(&self, damage: Option<String>) -> End {
        End {
            at: self.at,
            damage,
        }
    }

    /// The bytes from the present place on that are in memory.
    fn buffered(&self) -> &[u8] {
        let skip = usize::try_from(self.at - self.buf_at).unwrap_or(usize::MAX);
        self.buf.get(skip..).unwrap_or_default()
    }

    fn look(&self, have: &[u8], segment: &Segment) -> Found {
        if have.len() < 8 {
            return Found::Need(8);
        }
        match RecordRef::scan(have) {
            Scanned::Record(record) => {
                if record.physical_offset() != LogOffset(self.at) {
                    let text = format!("the record belongs to {}", record.physical_offset());
                    return Found::End(Some(text));
                }
                if let Some(text) = torn(&record, self.at - segment.base()) {
                    return Found::End(Some(text.to_owned()));
                }
                match record.check_body() {
                    Err(error) if self.check_crc => Found::End(Some(error.to_string())),
                    _ => Found::Record(record.size()),
                }
            }
            Scanned::Blank { remaining } if u64::from(remaining) == segment.end() - self.at => {
                Found::NextSegment
            }
            Scanned::Blank { remaining } => Found::End(Some(format!(
                "a filler of {remaining} bytes before the end"
            ))),
            Scanned::Zeros => Found::End(None),
            Scanned::Short { need } => Found::Need(need),
            Scanned::Corrupt(error) => Found::End(Some(error.to_string())),
        }
    }

    /// Reads `bytes` from the present place on.
    fn fill(&mut self, segment: &Segment, bytes: usize) -> Result<(), OpenError> {
        self.buf.resize(bytes, 0);
        self.buf_at = self.at;
        let at = self.at - segment.base();
        segment.file()?.read_exact_at(&mut self.buf, at)?;
        Ok(())
    }
}

/// The checksum covers only the body. These signs of a record whose rest did not reach the disk can be seen besides:
/// bytes that were never written are zero. `place` is where it lies in its file.
pub(super) fn torn(record: &RecordRef<'_>, place: u64) -> Option<&'static str> {
    if record.topic().contains('\0') {
        return Some("the topic has bytes that were never written");
    }
    let properties = record.properties().as_bytes();
    let properties_at = place + (record.size() - properties.len()) as u64;
    let is_cut = properties.last() == Some(&0);
    if is_cut || properties.contains(&0) && lacks_sector(properties, properties_at) {
        return Some("the properties have bytes that were never written");
    }
    if record.store_timestamp() <= Millis(0) {
        return Some("there is no store timestamp");
    }
    None
}

/// Whether a sector of the disk that `bytes` lie in was never written. `place` is where they lie in their file.
fn lacks_sector(mut bytes: &[u8], mut place: u64) -> bool {
    while !bytes.is_empty() {
        let room = SECTOR - usize::try_from(place % SECTOR as u64).unwrap_or(0);
        let (now, later) = bytes.split_at(bytes.len().min(room));
        if now.iter().all(|&b| b == 0) {
            return true;
        }
        place += now.len() as u64;
        bytes = later;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sector_of_zeros_was_never_written() {
        let mut bytes = [b'p'; 1500];
        assert!(!lacks_sector(&bytes, 100));
        // A zero here and there may be meant.
        bytes[412..900].fill(0);
        assert!(!lacks_sector(&bytes, 100));
        bytes[412..924].fill(0);
        assert!(lacks_sector(&bytes, 100));
        assert!(!lacks_sector(&bytes, 101));
        assert!(lacks_sector(&[b'p', 0, 0], 511));
        assert!(!lacks_sector(&[], 0));
    }
}
