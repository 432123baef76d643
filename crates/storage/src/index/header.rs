//! The first 40 bytes of an index file.
//!
//! ```text
//!  0 i64 store time of the first entry    24 i64 log offset of the last entry
//!  8 i64 store time of the last entry     32 i32 slots in use
//! 16 i64 log offset of the first entry    36 i32 number of the next entry, from 1
//! ```

use ferromq_base::Millis;

/// Size of the header.
pub(crate) const HEADER_BYTES: usize = 40;

/// The header of an index file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub begin_time: Millis,
    pub end_time: Millis,
    pub begin_offset: u64,
    pub end_offset: u64,
    pub slots_used: u32,
    /// Number of the next entry. Entry 0 is never used.
    pub next: u32,
}

impl Header {
    /// Header of a new file after one that ends with `time` and `offset`.
    pub(crate) fn after(time: Millis, offset: u64) -> Self {
        Self {
            begin_time: time,
            end_time: time,
            begin_offset: offset,
            end_offset: offset,
            slots_used: 0,
            next: 1,
        }
    }

    /// Whether the file has no entry.
    pub(crate) fn is_empty(&self) -> bool {
        self.next <= 1
    }

    /// The stored form.
    pub(crate) fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(&self.begin_time.0.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.end_time.0.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.begin_offset.to_be_bytes());
        bytes[24..32].copy_from_slice(&self.end_offset.to_be_bytes());
        bytes[32..36].copy_from_slice(&self.slots_used.to_be_bytes());
        bytes[36..].copy_from_slice(&self.next.to_be_bytes());
        bytes
    }

    /// Reads the stored form of a file with room for `entries`; numbers out of range are brought into it.
    pub(crate) fn from_bytes(bytes: &[u8; HEADER_BYTES], entries: u32) -> Self {
        let long = |at: usize| {
            let mut raw = [0; 8];
            raw.copy_from_slice(&bytes[at..at + 8]);
            i64::from_be_bytes(raw)
        };
        let short = |at: usize| u32::try_from(long(at) >> 32 & 0xFFFF_FFFF).unwrap_or(0);
        let slots_used = short(32);
        let mut raw = [0; 4];
        raw.copy_from_slice(&bytes[36..]);
        let next = i32::from_be_bytes(raw).max(1).unsigned_abs();
        Self {
            begin_time: Millis(long(0)),
            end_time: Millis(long(8)),
            begin_offset: u64::try_from(long(16)).unwrap_or(0),
            end_offset: u64::try_from(long(24)).unwrap_or(0),
            slots_used,
            next: next.min(entries),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_of_the_format() {
        let header = Header {
            begin_time: Millis(1_700_000_000_005),
            end_time: Millis(1_700_000_060_005),
            begin_offset: 0,
            end_offset: 133,
            slots_used: 1,
            next: 3,
        };
        let hex: String = header
            .to_bytes()
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert_eq!(
            hex,
            "0000018bcfe568050000018bcfe652650000000000000000000000000000008500000001 00000003"
                .replace(' ', "")
        );
        assert_eq!(Header::from_bytes(&header.to_bytes(), 100), header);
        assert_eq!(Header::from_bytes(&[0; 40], 100).next, 1);
        assert_eq!(Header::from_bytes(&header.to_bytes(), 2).next, 2);
    }
}
