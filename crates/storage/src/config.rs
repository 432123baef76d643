//! What a store must be told when it is opened. Names in parentheses are RocketMQ's keys.

use std::path::PathBuf;
use std::time::Duration;

use crate::retention::Retention;

/// Settings of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// Folder of all data (`storePathRootDir`); created if missing.
    pub root: PathBuf,
    /// Folder of the commit log (`storePathCommitLog`); `commitlog` below the root if `None`.
    pub commit_log_dir: Option<PathBuf>,
    /// Size of a commit-log file in bytes (`mappedFileSizeCommitLog`). Fixed for the life of a store.
    pub segment_bytes: u64,
    /// Size of a consume-queue file in bytes (`mappedFileSizeConsumeQueue`); rounded up to whole entries of 20.
    pub queue_file_bytes: u64,
    /// The key index; `None` switches it off (`messageIndexEnable`).
    pub index: Option<IndexConfig>,
    /// What makes a message acknowledgeable (`flushDiskType`).
    pub flush: FlushMode,
    /// Whether consumers see only what is synced, also with [`FlushMode::Async`] (`visibleAfterFlush`).
    pub visible_after_flush: bool,
    /// Bytes of the newest part of the log that are kept in memory for consumers at the tail (`tailRingBytes`).
    pub tail_ring_bytes: usize,
    /// Most bytes of older parts of the log that are kept in memory while consumers read them (`blockBytesMax`).
    pub block_bytes_max: usize,
    /// Delays of the levels of `SCHEDULE_TOPIC_XXXX` (`messageDelayLevel`), level 1 first.
    pub delay_levels: Vec<Duration>,
    /// Largest record in bytes: the largest body and 64 KiB for all the rest.
    pub record_bytes_max: usize,
    /// How much one read returns at most.
    pub transfer: TransferLimits,
    /// Consume-queue files that are open at the same time.
    pub queue_files_open_max: usize,
    /// How long queue and index entries may wait in memory before they are written to their files.
    pub dispatch_delay: Duration,
    /// What is deleted when.
    pub retention: Retention,
    /// Whether recovery compares bodies with their checksums (`checkCRCOnRecover`).
    pub check_crc: bool,
}

/// When an appended message may be acknowledged, and seen if [`StoreConfig::visible_after_flush`] does not say otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlushMode {
    /// As soon as it is with the operating system: survives the death of the process, not of the machine.
    Async {
        /// Longest time between an append and the sync of it (`flushIntervalCommitLog`).
        interval: Duration,
    },
    /// When it is on the disk: survives a loss of power.
    Sync,
}

/// Sizes of a key index file. Fixed for the life of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexConfig {
    /// Hash slots of a file (`maxHashSlotNum`).
    pub slots: u32,
    /// Entries of a file, of which the first is never used (`maxIndexNum`).
    pub entries: u32,
}

/// How much one read returns at most. The first message is returned whatever its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferLimits {
    /// Messages nearer than this to the end of the log are taken to be in memory, in bytes.
    pub memory_window_bytes: u64,
    /// Bytes of messages in memory (`maxTransferBytesOnMessageInMemory`).
    pub memory_bytes: usize,
    /// Messages in memory (`maxTransferCountOnMessageInMemory`).
    pub memory_count: u32,
    /// Bytes of messages on disk (`maxTransferBytesOnMessageInDisk`).
    pub disk_bytes: usize,
    /// Messages on disk (`maxTransferCountOnMessageInDisk`).
    pub disk_count: u32,
    /// Queue entries one read looks at when its filter passes few of them (`maxFilterMessageSize` / 20).
    pub scan_count: u32,
}

impl StoreConfig {
    /// RocketMQ's defaults, for a store in `root`.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            commit_log_dir: None,
            segment_bytes: 1 << 30,
            queue_file_bytes: 6_000_000,
            index: Some(IndexConfig::default()),
            flush: FlushMode::default(),
            visible_after_flush: false,
            tail_ring_bytes: 16 << 20,
            block_bytes_max: 32 << 20,
            delay_levels: delay_levels(),
            record_bytes_max: ferromq_base::limits::MESSAGE_BYTES_MAX + 65_536,
            transfer: TransferLimits::default(),
            queue_files_open_max: 512,
            dispatch_delay: Duration::from_millis(200),
            retention: Retention::default(),
            check_crc: true,
        }
    }

    /// Folder of the commit log.
    #[must_use]
    pub fn commit_log_dir(&self) -> PathBuf {
        match &self.commit_log_dir {
            Some(dir) => dir.clone(),
            None => self.root.join("commitlog"),
        }
    }

    /// Whether what consumers have seen survives a loss of power.
    #[must_use]
    pub fn shows_only_synced(&self) -> bool {
        self.visible_after_flush || self.flush == FlushMode::Sync
    }

    /// Entries in one consume-queue file.
    #[must_use]
    pub fn queue_file_entries(&self) -> u64 {
        self.queue_file_bytes.div_ceil(20).max(1)
    }
}

/// `1s 5s 10s 30s 1m … 10m 20m 30m 1h 2h`.
fn delay_levels() -> Vec<Duration> {
    const SECONDS: [u64; 18] = [
        1, 5, 10, 30, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 1200, 1800, 3600, 7200,
    ];
    SECONDS.map(Duration::from_secs).to_vec()
}

impl Default for FlushMode {
    fn default() -> Self {
        Self::Async {
            interval: Duration::from_millis(500),
        }
    }
}

impl Default for IndexConfig {
    fn default() -> Self {
        Self {
            slots: 5_000_000,
            entries: 20_000_000,
        }
    }
}

impl Default for TransferLimits {
    fn default() -> Self {
        Self {
            memory_window_bytes: 1 << 30,
            memory_bytes: 262_144,
            memory_count: 32,
            disk_bytes: 65_536,
            disk_count: 8,
            scan_count: 800,
        }
    }
}
