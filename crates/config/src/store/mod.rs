//! Keys of the message store.

mod idle;

use crate::key::keys;
use crate::kind::{Bool, Bytes, Count, MaybeText, Ms, Text, choice};

pub use idle::STORE_IDLE;

choice! {
    /// `flushDiskType`: what must have happened before a message is acknowledged.
    FlushDiskType {
        /// The message is with the operating system: survives the death of the process.
        AsyncFlush = "ASYNC_FLUSH",
        /// The message is on the disk: survives a loss of power.
        SyncFlush = "SYNC_FLUSH",
    }
}

keys! {
    /// What the message store reads.
    pub struct StoreKeys {
        "storePathRootDir" => root_dir: Text = "${user.home}/store", fixed, important;
            "Directory of all data.";
        "storePathCommitLog" => commit_log_dir: MaybeText = "", fixed, important;
            "Directory of the commit log; if unset, `commitlog` below the root.";
        "mappedFileSizeCommitLog" | "mapedFileSizeCommitLog" => commit_log_file_bytes: Bytes
            = "1073741824", 65_536..=4_294_967_296, fixed, important;
            "Size of one file of the commit log; must not change during the life of a store.";
        "mappedFileSizeConsumeQueue" | "mapedFileSizeConsumeQueue" => consume_queue_file_bytes: Bytes
            = "6000000", 20..=2_147_483_640, fixed;
            "Size of one file of a consume queue; rounded up to a multiple of 20.";
        "maxHashSlotNum" => index_slots: Count = "5000000", 1..=100_000_000, fixed;
            "Hash slots of one index file.";
        "maxIndexNum" => index_entries: Count = "20000000", 2..=100_000_000, fixed;
            "Entries of one index file.";
        "messageIndexEnable" => message_index_enable: Bool = "true", fixed;
            "Index messages by key and id.";
        "flushDiskType" => flush_disk_type: FlushDiskType = "ASYNC_FLUSH", fixed, important;
            "What must have happened before a message is acknowledged.";
        "flushIntervalCommitLog" => flush_interval_commit_log: Ms = "500", 1..=3_600_000, fixed;
            "Longest time between an append and its flush to the disk with ASYNC_FLUSH.";
        "maxTransferBytesOnMessageInMemory" => max_transfer_bytes_in_memory: Bytes = "262144", 1..=15_000_000, fixed;
            "Most bytes of one pull reply when the messages are recent.";
        "maxTransferCountOnMessageInMemory" => max_transfer_count_in_memory: Count = "32", 1..=100_000, fixed;
            "Most messages of one pull reply when the messages are recent.";
        "maxTransferBytesOnMessageInDisk" => max_transfer_bytes_in_disk: Bytes = "65536", 1..=15_000_000, fixed;
            "Most bytes of one pull reply when the messages are old.";
        "maxTransferCountOnMessageInDisk" => max_transfer_count_in_disk: Count = "8", 1..=100_000, fixed;
            "Most messages of one pull reply when the messages are old.";
        "accessMessageInMemoryMaxRatio" => access_message_in_memory_max_ratio: Count = "40", 0..=100, fixed;
            "Share of the memory in percent up to which messages count as recent.";
        "maxFilterMessageSize" => max_filter_message_bytes: Bytes = "16000", 20..=20_000_000, fixed;
            "Queue entries, at 20 bytes each, that one pull looks at when its filter passes few of them.";
        "checkCRCOnRecover" => check_crc_on_recover: Bool = "true", fixed;
            "Check the checksum of every message that recovery reads.";
        "tailRingBytes" => tail_ring_bytes: Bytes = "16777216", 65_536..=17_179_869_184, fixed;
            "Memory for the newest part of the commit log, from which consumers at the tail are served. FerroMQ only.";
    }
}
