//! From the keys of a configuration to the settings of the store.

use std::path::PathBuf;

use ferromq_config::{BrokerConfig, FlushDiskType, StoreKeys};
use ferromq_storage::{FlushMode, IndexConfig, Retention, StoreConfig, TransferLimits};

/// Properties, topic and fixed fields of a record beside its body.
const RECORD_BYTES_BESIDE_BODY: usize = 65_536;

/// Size of an entry of a consume queue, in which `maxFilterMessageSize` is counted.
const QUEUE_ENTRY_BYTES: u64 = 20;

/// The settings of the store of a broker.
pub(crate) fn store_config(keys: &StoreKeys, broker: &BrokerConfig) -> StoreConfig {
    let defaults = StoreConfig::at(&keys.root_dir);
    StoreConfig {
        commit_log_dir: keys.commit_log_dir.as_ref().map(PathBuf::from),
        segment_bytes: keys.commit_log_file_bytes,
        queue_file_bytes: keys.consume_queue_file_bytes,
        index: keys.message_index_enable.then_some(IndexConfig {
            slots: keys.index_slots,
            entries: keys.index_entries,
        }),
        flush: flush_mode(keys),
        visible_after_flush: keys.visible_after_flush,
        tail_ring_bytes: size(keys.tail_ring_bytes),
        block_bytes_max: size(keys.block_bytes_max),
        delay_levels: broker.message_delay_level.delays().to_vec(),
        record_bytes_max: size(broker.max_message_size).saturating_add(RECORD_BYTES_BESIDE_BODY),
        transfer: transfer_limits(keys),
        retention: retention(keys),
        check_crc: keys.check_crc_on_recover,
        ..defaults
    }
}

fn flush_mode(keys: &StoreKeys) -> FlushMode {
    match keys.flush_disk_type {
        FlushDiskType::SyncFlush => FlushMode::Sync,
        FlushDiskType::AsyncFlush => FlushMode::Async {
            interval: keys.flush_interval_commit_log,
        },
    }
}

fn transfer_limits(keys: &StoreKeys) -> TransferLimits {
    TransferLimits {
        memory_window_bytes: memory_bytes() / 100
            * u64::from(keys.access_message_in_memory_max_ratio),
        memory_bytes: size(keys.max_transfer_bytes_in_memory),
        memory_count: keys.max_transfer_count_in_memory,
        disk_bytes: size(keys.max_transfer_bytes_in_disk),
        disk_count: keys.max_transfer_count_in_disk,
        scan_count: u32::try_from(keys.max_filter_message_bytes / QUEUE_ENTRY_BYTES)
            .unwrap_or(u32::MAX),
    }
}

fn retention(keys: &StoreKeys) -> Retention {
    let percent = |ratio: u32| u8::try_from(ratio).unwrap_or(100);
    Retention {
        delete_hours: keys.delete_when.clone(),
        reserved: keys.file_reserved_time,
        used_percent_max: percent(keys.disk_max_used_space_ratio),
        used_percent_forced: percent(keys.disk_space_clean_forcibly_ratio),
        used_percent_refused: percent(keys.disk_space_warning_level_ratio),
        forced: keys.clean_file_forcibly_enable,
        batch: keys.delete_file_batch_max,
        file_pause: keys.delete_commit_log_files_interval,
        queue_pause: keys.delete_consume_queue_files_interval,
        look_pause: keys.clean_resource_interval,
        log_bytes_max: keys.max_commit_log_bytes,
        free_bytes_min: keys.min_free_disk_bytes,
        ..Retention::default()
    }
}

/// Memory of this host in bytes.
#[cfg(target_os = "linux")]
fn memory_bytes() -> u64 {
    let info = rustix::system::sysinfo();
    info.totalram.saturating_mul(u64::from(info.mem_unit))
}

/// Taken for the memory of this host: it only tells from how far behind on a pull counts as one from the disk.
#[cfg(not(target_os = "linux"))]
fn memory_bytes() -> u64 {
    8 << 30
}

fn size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
