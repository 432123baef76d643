//! Batch bodies: items one after the other, and the inner batch of one stored record.
//!
//! ```text
//! i32 total size, i32 magic (0), i32 body CRC (0), i32 flag, i32 + body, i16 + properties
//! ```

use thiserror::Error;

use super::properties::Properties;
use super::record::RecordRef;
use super::sysflag;

/// Bytes of an item with nothing in it.
pub const ITEM_BYTES_MIN: usize = 22;

/// One message of a batch body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchItem<'a> {
    /// The application's own flag.
    pub flag: i32,
    /// Body.
    pub body: &'a [u8],
    /// Property string.
    pub properties: &'a [u8],
}

/// Why a batch body cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BatchError {
    /// An item's size is impossible or reaches past the end.
    #[error("batch item {index} claims {size} bytes, {left} are left")]
    Size {
        /// Number of the item, from 0.
        index: usize,
        /// Claimed size in bytes.
        size: i32,
        /// Bytes left in the body.
        left: usize,
    },
    /// The parts of an item do not add up to its size.
    #[error("lengths within batch item {index} do not fit its size")]
    Parts {
        /// Number of the item, from 0.
        index: usize,
    },
    /// An item does not fit its length fields.
    #[error("a batch item may have at most {max} bytes of properties and {body_max} of body")]
    TooLong {
        /// Most bytes of properties.
        max: usize,
        /// Most bytes of body.
        body_max: usize,
    },
}

/// The items of a batch body; ends after the first error.
#[must_use]
pub fn items(body: &[u8]) -> BatchItems<'_> {
    BatchItems {
        rest: body,
        index: 0,
    }
}

/// Iterator over the items of a batch body; see [`items`].
#[derive(Clone, Debug)]
pub struct BatchItems<'a> {
    rest: &'a [u8],
    index: usize,
}

impl<'a> Iterator for BatchItems<'a> {
    type Item = Result<BatchItem<'a>, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let item = self.read();
        if item.is_err() {
            self.rest = &[];
        }
        self.index += 1;
        Some(item)
    }
}

impl<'a> BatchItems<'a> {
    fn read(&mut self) -> Result<BatchItem<'a>, BatchError> {
        let left = self.rest.len();
        let size = self
            .rest
            .first_chunk()
            .map_or(0, |b| i32::from_be_bytes(*b));
        let len = usize::try_from(size).unwrap_or_default();
        if len < ITEM_BYTES_MIN || len > left {
            return Err(BatchError::Size {
                index: self.index,
                size,
                left,
            });
        }
        let (item, rest) = self.rest.split_at(len);
        self.rest = rest;
        parts(item).ok_or(BatchError::Parts { index: self.index })
    }
}

fn parts(item: &[u8]) -> Option<BatchItem<'_>> {
    let flag = i32::from_be_bytes(*item.get(12..)?.first_chunk()?);
    let body_len = i32::from_be_bytes(*item.get(16..)?.first_chunk()?);
    let after = item.get(20..)?;
    let body = after.get(..usize::try_from(body_len).ok()?)?;
    let after = &after[body.len()..];
    let properties_len = i16::from_be_bytes(*after.first_chunk()?);
    let properties = after.get(2..)?;
    if properties.len() != usize::try_from(properties_len).ok()? {
        return None;
    }
    Some(BatchItem {
        flag,
        body,
        properties,
    })
}

impl<'a> BatchItem<'a> {
    /// View of the property string.
    #[must_use]
    pub fn properties(&self) -> Properties<'a> {
        Properties::new(self.properties)
    }

    /// Appends the item to a batch body.
    ///
    /// # Errors
    /// A part does not fit its length field; `out` is unchanged.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), BatchError> {
        let max = i16::MAX as usize;
        let body_max = i32::MAX as usize - ITEM_BYTES_MIN - max;
        if self.properties.len() > max || self.body.len() > body_max {
            return Err(BatchError::TooLong { max, body_max });
        }
        let size = ITEM_BYTES_MIN + self.body.len() + self.properties.len();
        out.extend_from_slice(&(size as u32).to_be_bytes());
        out.extend_from_slice(&[0; 8]);
        out.extend_from_slice(&self.flag.to_be_bytes());
        out.extend_from_slice(&(self.body.len() as u32).to_be_bytes());
        out.extend_from_slice(self.body);
        out.extend_from_slice(&(self.properties.len() as u16).to_be_bytes());
        out.extend_from_slice(self.properties);
        Ok(())
    }
}

/// The items of an inner batch with their queue offsets; none if `record` is an ordinary record.
#[must_use]
pub fn inner<'a>(
    record: &RecordRef<'a>,
) -> Option<impl Iterator<Item = Result<(u64, BatchItem<'a>), BatchError>>> {
    let both = sysflag::INNER_BATCH | sysflag::NEED_UNWRAP;
    if record.sys_flag() & both != both {
        return None;
    }
    let first = record.queue_offset().0;
    let numbered = items(record.body()).zip(0_u64..);
    Some(numbered.map(move |(item, i)| Ok((first.saturating_add(i), item?))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &[u8] = b"\x00\x00\x00\x31\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02hi\x00\x19KEYS\x01k1\x02WAIT\x01true\x02TAGS\x01A\x02";

    #[test]
    fn the_sample_item_reads_and_writes() {
        let item = items(SAMPLE).next().unwrap().unwrap();
        assert_eq!((item.flag, item.body), (0, &b"hi"[..]));
        assert_eq!(item.properties().get("TAGS"), Some("A"));
        let mut out = Vec::new();
        item.encode(&mut out).unwrap();
        assert_eq!(out, SAMPLE);
    }

    #[test]
    fn several_items_follow_each_other_and_an_error_ends() {
        let mut body = SAMPLE.repeat(2);
        assert_eq!(items(&body).filter(Result::is_ok).count(), 2);
        body.extend_from_slice(b"\x00\x00\x00\xffjunk");
        let all: Vec<_> = items(&body).collect();
        assert_eq!(all.len(), 3);
        assert_eq!(
            all[2],
            Err(BatchError::Size {
                index: 2,
                size: 255,
                left: 8
            })
        );
    }

    #[test]
    fn every_cut_is_an_error_and_none_panics() {
        for end in 1..SAMPLE.len() {
            assert!(items(&SAMPLE[..end]).next().unwrap().is_err(), "{end}");
        }
        let mut wrong = SAMPLE.to_vec();
        wrong[19] = 3;
        assert_eq!(
            items(&wrong).next(),
            Some(Err(BatchError::Parts { index: 0 }))
        );
    }
}
