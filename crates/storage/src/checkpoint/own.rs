//! Our own checkpoint, the file `ferromq.checkpoint`, which RocketMQ ignores: a log position below which all queue and
//! index entries are synced, and where every queue stood there. A start needs to read the log from there on only.
//!
//! ```text
//! "FMQCKPT2"  u32 CRC-32 of what follows
//! u64 log start   u64 position   u64 synced end of the log   i64 store time before position
//! u32 index files, each: u16 length, name, 40 bytes of its header   u32 entries in the table of the last one
//! u32 queues, each: u16 length, topic, u32 queue, u64 lowest offset, u64 next offset
//! ```

use std::path::{Path, PathBuf};

use ferromq_base::Millis;
use ferromq_disk::{Disk, DiskError, crashsafe};
use thiserror::Error;

use crate::index::HEADER_BYTES;

const MAGIC: &[u8; 8] = b"FMQCKPT2";
/// Of the form without the number of entries in the table, which held them all.
const MAGIC_FULL_TABLE: &[u8; 8] = b"FMQCKPT1";
/// Largest file that is read back: room for some 50 million queues.
const BYTES_MAX: u64 = 4 << 30;

/// The checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    /// Start of the oldest file of the log.
    pub start: u64,
    /// Entries of all records that begin before this are synced in their files.
    pub position: u64,
    /// The log is synced up to here, at least up to `position`.
    pub synced: u64,
    /// Store timestamp of the last record before `position`.
    pub stored: Millis,
    /// Index files, oldest first, with their headers.
    pub index: Vec<(String, [u8; HEADER_BYTES])>,
    /// The hash table of the last index file leads to all entries below this number.
    pub slots_to: u32,
    /// All queues that ever had a message.
    pub queues: Vec<QueueMark>,
}

/// Where a queue stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QueueMark {
    pub topic: String,
    pub id: u32,
    pub min: u64,
    pub next: u64,
}

/// Why bytes are no checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum FormatError {
    #[error("it does not begin as a checkpoint does")]
    Magic,
    #[error("its checksum is wrong")]
    Checksum,
    #[error("it is too short for what it says")]
    Short,
}

impl Checkpoint {
    fn path(root: &Path) -> PathBuf {
        root.join("ferromq.checkpoint")
    }

    /// Saves it as the newest generation.
    pub(crate) fn save(&self, disk: &dyn Disk, root: &Path) -> Result<(), DiskError> {
        crashsafe::replace(disk, &Self::path(root), &self.to_bytes())
    }

    /// The newest generation that can be read. An older one is as good, only more of the log must be read; with none
    /// at all the start goes by RocketMQ's files.
    pub(crate) fn load(disk: &dyn Disk, root: &Path) -> Result<Option<Self>, DiskError> {
        match crashsafe::load(disk, &Self::path(root), BYTES_MAX, Self::from_bytes) {
            Ok(loaded) => Ok(loaded.map(|l| l.value)),
            Err(crashsafe::LoadError::Disk(error)) => Err(error),
            Err(error @ crashsafe::LoadError::Content { .. }) => {
                tracing::warn!(%error, "starting without the checkpoint");
                Ok(None)
            }
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 + self.queues.len() * 64);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&[0; 4]);
        for number in [self.start, self.position, self.synced] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        out.extend_from_slice(&self.stored.0.to_be_bytes());
        put_count(&mut out, self.index.len());
        for (name, header) in &self.index {
            put_text(&mut out, name);
            out.extend_from_slice(header);
        }
        out.extend_from_slice(&self.slots_to.to_be_bytes());
        put_count(&mut out, self.queues.len());
        for queue in &self.queues {
            put_text(&mut out, &queue.topic);
            out.extend_from_slice(&queue.id.to_be_bytes());
            for number in [queue.min, queue.next] {
                out.extend_from_slice(&number.to_be_bytes());
            }
        }
        let crc = crc32fast::hash(&out[12..]);
        out[8..12].copy_from_slice(&crc.to_be_bytes());
        out
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut fields = Fields(bytes);
        let magic = fields.take(8)?;
        if magic != MAGIC && magic != MAGIC_FULL_TABLE {
            return Err(FormatError::Magic);
        }
        let crc = fields.u32()?;
        if crc != crc32fast::hash(fields.0) {
            return Err(FormatError::Checksum);
        }
        let mut checkpoint = Self {
            start: fields.u64()?,
            position: fields.u64()?,
            synced: fields.u64()?,
            stored: Millis(fields.u64()?.cast_signed()),
            ..Self::default()
        };
        for _ in 0..fields.u32()? {
            let name = fields.text()?;
            let mut header = [0; HEADER_BYTES];
            header.copy_from_slice(fields.take(HEADER_BYTES)?);
            checkpoint.index.push((name, header));
        }
        checkpoint.slots_to = if magic == MAGIC {
            fields.u32()?
        } else {
            u32::MAX
        };
        for _ in 0..fields.u32()? {
            checkpoint.queues.push(QueueMark {
                topic: fields.text()?,
                id: fields.u32()?,
                min: fields.u64()?,
                next: fields.u64()?,
            });
        }
        Ok(checkpoint)
    }
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    let count = u32::try_from(count).expect("fewer queues and index files than fit in memory");
    out.extend_from_slice(&count.to_be_bytes());
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    let len = u16::try_from(text.len()).expect("names of files are at most 255 bytes long");
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// Reads field after field.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], FormatError> {
        let (now, later) = self.0.split_at_checked(len).ok_or(FormatError::Short)?;
        self.0 = later;
        Ok(now)
    }

    fn u32(&mut self) -> Result<u32, FormatError> {
        let (now, later) = self.0.split_first_chunk().ok_or(FormatError::Short)?;
        self.0 = later;
        Ok(u32::from_be_bytes(*now))
    }

    fn u64(&mut self) -> Result<u64, FormatError> {
        let (now, later) = self.0.split_first_chunk().ok_or(FormatError::Short)?;
        self.0 = later;
        Ok(u64::from_be_bytes(*now))
    }

    fn text(&mut self) -> Result<String, FormatError> {
        let len = self.take(2)?;
        let len = usize::from(len[0]) << 8 | usize::from(len[1]);
        Ok(String::from_utf8_lossy(self.take(len)?).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Checkpoint {
        Checkpoint {
            start: 1 << 30,
            position: 1 << 40,
            synced: (1 << 40) + 5,
            stored: Millis(1_700_000_000_005),
            index: vec![("20231114221320005".to_owned(), [7; HEADER_BYTES])],
            slots_to: 4,
            queues: vec![QueueMark {
                topic: "TopicTest".to_owned(),
                id: 3,
                min: 2,
                next: 9,
            }],
        }
    }

    #[test]
    fn comes_back_as_it_was_saved() {
        assert_eq!(Checkpoint::from_bytes(&example().to_bytes()), Ok(example()));
    }

    #[test]
    fn without_a_number_the_table_of_the_index_holds_all_entries() {
        let empty = Checkpoint::default();
        let mut bytes = empty.to_bytes();
        bytes[..8].copy_from_slice(MAGIC_FULL_TABLE);
        bytes.truncate(bytes.len() - 4);
        let crc = crc32fast::hash(&bytes[12..]);
        bytes[8..12].copy_from_slice(&crc.to_be_bytes());
        let read = Checkpoint::from_bytes(&bytes).unwrap();
        assert_eq!(
            read,
            Checkpoint {
                slots_to: u32::MAX,
                ..empty
            }
        );
    }

    #[test]
    fn any_damage_is_noticed() {
        let good = example().to_bytes();
        for len in 0..good.len() {
            assert!(
                Checkpoint::from_bytes(&good[..len]).is_err(),
                "cut to {len}"
            );
        }
        for i in 0..good.len() {
            let mut bad = good.clone();
            bad[i] ^= 0x10;
            assert!(Checkpoint::from_bytes(&bad).is_err(), "flipped in {i}");
        }
    }
}
