//! One entry of a consume queue: where a message is in the log, how long it is, and what to filter by.

/// Size of a stored entry in bytes.
pub const ENTRY_BYTES: usize = 20;

/// An entry. Stored big-endian as `i64` log offset, `i32` size, `i64` tag code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Log offset of the record.
    pub log_offset: u64,
    /// Size of the record in bytes.
    pub size: u32,
    /// Hash of the tags; in the schedule topic the time of delivery.
    pub tag_code: i64,
}

impl Entry {
    /// Stands before the first message of a queue whose first offset is not 0. Points at nothing.
    pub const PRE_BLANK: Self = Self {
        log_offset: 0,
        size: 0x7FFF_FFFF,
        tag_code: 0,
    };

    /// Stands for bytes that are no entry, where there should be one: points behind the end of any log.
    pub(crate) const INVALID: Self = Self {
        log_offset: i64::MAX.cast_unsigned(),
        size: 0,
        tag_code: 0,
    };

    /// Whether it points at nothing.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        *self == Self::PRE_BLANK
    }

    /// End of the record in the log; 0 if it points at nothing.
    #[must_use]
    pub fn end(&self) -> u64 {
        if self.is_blank() {
            return 0;
        }
        self.log_offset.saturating_add(u64::from(self.size))
    }

    /// The stored form.
    #[must_use]
    pub fn to_bytes(self) -> [u8; ENTRY_BYTES] {
        let mut bytes = [0; ENTRY_BYTES];
        bytes[..8].copy_from_slice(&self.log_offset.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.size.to_be_bytes());
        bytes[12..].copy_from_slice(&self.tag_code.to_be_bytes());
        bytes
    }

    /// Reads the stored form; `None` if the place was never written or holds nonsense.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let log_offset = i64::from_be_bytes(*bytes.first_chunk()?);
        let size = i32::from_be_bytes(*bytes.get(8..)?.first_chunk()?);
        let tag_code = i64::from_be_bytes(*bytes.get(12..)?.first_chunk()?);
        if size <= 0 {
            return None;
        }
        Some(Self {
            log_offset: u64::try_from(log_offset).ok()?,
            size: u32::try_from(size).ok()?,
            tag_code,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(entry: Entry, hex: &str) {
        let text: String = entry
            .to_bytes()
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert_eq!(text, hex);
        assert_eq!(Entry::from_bytes(&entry.to_bytes()), Some(entry));
    }

    #[test]
    fn bytes_are_those_of_the_format() {
        let entry = |log_offset, size, tag_code| Entry {
            log_offset,
            size,
            tag_code,
        };
        check(
            entry(0, 133, 2_598_919),
            "000000000000000000000085000000000027a807",
        );
        check(
            entry(4096, 200, -392_709_271),
            "0000000000001000000000c8ffffffffe897bb69",
        );
        check(
            entry(8192, 300, 1_700_000_010_005),
            "00000000000020000000012c0000018bcfe58f15",
        );
        check(Entry::PRE_BLANK, "00000000000000007fffffff0000000000000000");
    }

    #[test]
    fn places_that_were_never_written_hold_no_entry() {
        assert_eq!(Entry::from_bytes(&[0; 20]), None);
        assert_eq!(Entry::from_bytes(&[0xff; 20]), None);
        assert_eq!(Entry::from_bytes(&[1; 19]), None);
    }
}
