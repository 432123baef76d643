//! Keys of the message store.

mod idle;

use crate::key::keys;
use crate::kind::{Bool, Bytes, Count, Hours, HoursOfDay, MaybeText, Ms, Text, choice};

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
        "visibleAfterFlush" => visible_after_flush: Bool = "false", fixed;
            "With ASYNC_FLUSH, let consumers see a message only when it is on the disk, so that not even a loss of power takes back what was seen; it comes later by up to `flushIntervalCommitLog`. FerroMQ only.";
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
        "blockBytesMax" => block_bytes_max: Bytes = "33554432", 0..=17_179_869_184, fixed;
            "Most memory for older parts of the commit log, in blocks of 128 KiB that several queues and groups share; taken while consumers read them and given back afterwards. 0 is none. FerroMQ only.";
        "deleteWhen" => delete_when: HoursOfDay = "04", live;
            "Hours of the day, local time, separated by `;`, in which files of the commit log that are older than `fileReservedTime` are deleted.";
        "fileReservedTime" => file_reserved_time: Hours = "72", 0..=876_000, live;
            "How long a file of the commit log is kept after it was last written to.";
        "diskMaxUsedSpaceRatio" => disk_max_used_space_ratio: Count = "75", 10..=95, live;
            "Used share of the disk in percent above which old files are deleted at any hour.";
        "diskSpaceCleanForciblyRatio" => disk_space_clean_forcibly_ratio: Count = "85", 30..=85, live;
            "Used share of the disk in percent above which the oldest files are deleted whatever their age.";
        "diskSpaceWarningLevelRatio" => disk_space_warning_level_ratio: Count = "90", 35..=90, live;
            "Used share of the disk in percent above which messages are refused, until it is not above `diskSpaceCleanForciblyRatio`.";
        "cleanFileForciblyEnable" => clean_file_forcibly_enable: Bool = "true", live;
            "Whether files may be deleted before their time when the disk is too full.";
        "deleteFileBatchMax" => delete_file_batch_max: Count = "10", 1..=1_000_000, live;
            "Most files of the commit log that are deleted before a pause of `cleanResourceInterval`.";
        "deleteCommitLogFilesInterval" => delete_commit_log_files_interval: Ms = "100", 0..=3_600_000, live;
            "Pause between two deleted files of the commit log.";
        "deleteConsumeQueueFilesInterval" => delete_consume_queue_files_interval: Ms = "100", 0..=3_600_000, live;
            "Pause between two queues whose old files are deleted.";
        "cleanResourceInterval" => clean_resource_interval: Ms = "10000", 100..=3_600_000, live;
            "Shortest time between two looks at the free space while messages arrive.";
        "maxCommitLogBytes" => max_commit_log_bytes: Bytes = "0", live;
            "Largest size of the commit log, with the next file that is made ahead; the oldest files beyond are deleted at once. 0 is no limit. FerroMQ only.";
        "minFreeDiskBytes" => min_free_disk_bytes: Bytes = "0", live;
            "If set, it decides instead of `diskSpaceWarningLevelRatio` and `diskSpaceCleanForciblyRatio`: with less free space messages are refused, with less than twice as much the oldest files are deleted. FerroMQ only.";
    }
}
