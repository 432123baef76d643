//! What lies behind the end of the log: nothing, a record that did not get to the disk as a whole, or whole records
//! behind damage.

use super::scan::Scan;
use super::segments::Segments;
use crate::error::OpenError;

/// Whole records behind the first bytes that are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Beyond {
    /// How many there are.
    pub records: u64,
    /// Log offset after the last of them.
    pub end: u64,
}

/// So many zeros in a row, and nothing is expected after them any more. A start must not read a file to its end for
/// nothing.
const ZEROS_MAX: usize = 16 << 20;
const READ_BYTES: usize = 1 << 20;
/// Place of a record's own log offset in it.
const OFFSET_AT: usize = 28;
/// Bytes of a record up to the end of that.
pub(super) const HEAD_BYTES: usize = OFFSET_AT + 8;
/// First byte of the magic numbers of records, which stand at place 4.
const MAGIC_FIRST: u8 = 0xDA;

static ZEROS: [u8; READ_BYTES] = [0; READ_BYTES];

impl Beyond {
    /// Looks for records that begin at `from` or later. A record names its own place in the log, so neither a message that holds
    /// records in its body nor leftovers of another file are taken for some.
    pub(crate) fn find(
        segments: &Segments,
        from: u64,
        check_crc: bool,
    ) -> Result<Option<Self>, OpenError> {
        let (mut at, mut zeros) = (from, 0);
        let mut found: Option<Self> = None;
        let mut buf = Vec::new();
        while let Some(segment) = segments.find(at) {
            let rest = usize::try_from(segment.end() - at).unwrap_or(usize::MAX);
            buf.resize(rest.min(READ_BYTES), 0);
            segment
                .file()?
                .read_exact_at(&mut buf, at - segment.base())?;
            if let Some(some) = first_of(segments, &buf, at, check_crc)? {
                let before = found.map_or(0, |found| found.records);
                at = some.end;
                zeros = 0;
                found = Some(Self {
                    records: before + some.records,
                    ..some
                });
                continue;
            }
            zeros = if buf == ZEROS[..buf.len()] {
                zeros + buf.len()
            } else {
                0
            };
            if ZEROS_MAX <= zeros {
                break;
            }
            // A record may begin in the last bytes of what was read.
            at += if buf.len() == rest {
                rest as u64
            } else {
                (buf.len() - HEAD_BYTES + 1) as u64
            };
        }
        Ok(found)
    }
}

/// Whether `head`, of [`HEAD_BYTES`] bytes, may begin a record at `place`.
pub(super) fn names_place(head: &[u8], place: u64) -> bool {
    head[4] == MAGIC_FIRST && head[OFFSET_AT..] == place.to_be_bytes()
}

/// The first records in `buf`, which begins at log offset `at`, up to the next bytes that are none.
fn first_of(
    segments: &Segments,
    buf: &[u8],
    at: u64,
    check_crc: bool,
) -> Result<Option<Beyond>, OpenError> {
    for (i, head) in buf.windows(HEAD_BYTES).enumerate() {
        let place = at + i as u64;
        if !names_place(head, place) {
            continue;
        }
        let mut some = Beyond {
            records: 0,
            end: place,
        };
        Scan::new(segments, place, check_crc).run(|record, at| {
            some.records += 1;
            some.end = at + record.size() as u64;
            Ok(())
        })?;
        if some.records != 0 {
            return Ok(Some(some));
        }
    }
    Ok(None)
}
