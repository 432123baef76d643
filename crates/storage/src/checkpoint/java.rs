//! RocketMQ's file `checkpoint`: 4096 bytes that begin with five big-endian `i64`.
//!
//! ```text
//!  0 store time up to which the commit log is synced     24 used by replication
//!  8 store time up to which queue entries are synced     32 confirmed log offset
//! 16 newest store time in the full index files
//! ```
//!
//! A RocketMQ broker that opens our store after a crash begins to recover at the smaller of the first two.

use std::path::{Path, PathBuf};

use ferromq_base::Millis;
use ferromq_disk::{Disk, DiskError, OpenMode};

/// Size of the file.
const FILE_BYTES: u64 = 4096;
/// Safety margin that RocketMQ takes off the times.
const MARGIN_MS: i64 = 3000;

/// The fields that matter to us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct JavaCheckpoint {
    /// Messages stored up to here are synced.
    pub log_time: Millis,
    /// Queue entries of messages stored up to here are synced.
    pub queue_time: Millis,
    /// The full index files end here.
    pub index_time: Millis,
    /// Used by replication.
    pub master_flushed: u64,
    /// Confirmed log offset.
    pub confirmed: u64,
}

impl JavaCheckpoint {
    /// Where it lies.
    pub(crate) fn path(root: &Path) -> PathBuf {
        root.join("checkpoint")
    }

    /// Reads it; all zero if it is not there. Older versions wrote fewer fields and read as zero there.
    pub(crate) fn load(disk: &dyn Disk, root: &Path) -> Result<Self, DiskError> {
        let path = Self::path(root);
        if !disk.exists(&path)? {
            return Ok(Self::default());
        }
        let mut bytes = [0; 40];
        disk.open(&path, OpenMode::Read)?.read_at(&mut bytes, 0)?;
        Ok(Self::from_bytes(&bytes))
    }

    /// Writes and syncs it.
    pub(crate) fn save(&self, disk: &dyn Disk, root: &Path) -> Result<(), DiskError> {
        let file = disk.open(&Self::path(root), OpenMode::Create)?;
        if file.len()? != FILE_BYTES {
            file.set_len(FILE_BYTES)?;
        }
        // Less than a sector, so a power cut leaves the old bytes or the new.
        file.write_at(&self.to_bytes(), 0)?;
        file.sync_data()
    }

    /// Messages stored before this time are in log and queues for sure.
    pub(crate) fn safe_time(&self) -> Millis {
        Millis((self.log_time.0.min(self.queue_time.0) - MARGIN_MS).max(0))
    }

    fn to_bytes(self) -> [u8; 40] {
        let mut bytes = [0; 40];
        bytes[..8].copy_from_slice(&self.log_time.0.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.queue_time.0.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.index_time.0.to_be_bytes());
        bytes[24..32].copy_from_slice(&self.master_flushed.to_be_bytes());
        bytes[32..].copy_from_slice(&self.confirmed.to_be_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; 40]) -> Self {
        let field = |at: usize| {
            let mut raw = [0; 8];
            raw.copy_from_slice(&bytes[at..at + 8]);
            raw
        };
        Self {
            log_time: Millis(i64::from_be_bytes(field(0))),
            queue_time: Millis(i64::from_be_bytes(field(8))),
            index_time: Millis(i64::from_be_bytes(field(16))),
            master_flushed: u64::from_be_bytes(field(24)),
            confirmed: u64::from_be_bytes(field(32)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_of_the_format() {
        let checkpoint = JavaCheckpoint {
            log_time: Millis(1_700_000_000_005),
            queue_time: Millis(1_700_000_000_004),
            index_time: Millis(1_700_000_000_003),
            master_flushed: 1_048_576,
            confirmed: 1_048_576,
        };
        let hex: String = checkpoint
            .to_bytes()
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert_eq!(
            hex,
            "0000018bcfe568050000018bcfe568040000018bcfe5680300000000001000000000000000100000"
        );
        assert_eq!(
            JavaCheckpoint::from_bytes(&checkpoint.to_bytes()),
            checkpoint
        );
        assert_eq!(checkpoint.safe_time(), Millis(1_699_999_997_004));
        assert_eq!(JavaCheckpoint::default().safe_time(), Millis(0));
    }
}
