//! What a read does without waiting for the disk, and where its bytes come from.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;

use ferromq_base::clock::ManualClock;
use ferromq_base::{QueueId, QueueOffset};
use ferromq_storage::{Reach, ReadError, ReadLimits, ReadStatus, Store, StoreConfig};
use ferromq_testkit::{Op, SimDisk};
use ferromq_wire::message::record;

use crate::support::{ASYNC, NOON, message, open_on, put, wait_for};

const LIMITS: ReadLimits = ReadLimits {
    count: 32,
    bytes: 1 << 20,
};
const QUEUES: u32 = 8;
const MESSAGES: u32 = 4_000;

/// Files large enough for several blocks; the ring holds the last 256 KiB only.
fn config() -> StoreConfig {
    let mut config = StoreConfig::at(Path::new("/store"));
    config.segment_bytes = 1 << 20;
    config.tail_ring_bytes = 256 * 1024;
    config.flush = ASYNC;
    config.index = None;
    config.block_bytes_max = 1 << 20;
    config
}

/// About four megabytes of messages that lie mixed in the log; number `i` has a body of `i`s.
fn mixed() -> (SimDisk, Arc<Store>) {
    let disk = SimDisk::new();
    let store = open_on(&disk, config());
    for i in 0..MESSAGES {
        put(&store, &message("T", i % QUEUES, &[i as u8; 900]));
    }
    // Opened anew, so that nothing is in memory.
    store.close().unwrap();
    drop(store);
    let store = open_on(&disk, config());
    (disk, store)
}

/// Reads a queue from its beginning to its end; checks every message, and returns how many there were.
fn read_all(store: &Store, reach: Reach, queue: u32) -> Result<u64, ReadError> {
    let queue = store.queue("T", QueueId(queue));
    let mut next = QueueOffset(0);
    let mut out = Vec::new();
    while next < queue.max() {
        out.clear();
        let outcome = store.read_within(reach, (&queue, next), LIMITS, &|_| true, &mut out)?;
        assert_eq!(outcome.status, ReadStatus::Found);
        for (i, record) in record::records(&out).enumerate() {
            let offset = next.0 + i as u64;
            assert_eq!(record.queue_offset().0, offset);
            let number = offset * u64::from(QUEUES) + u64::from(queue.id().0);
            assert_eq!(record.body(), [number as u8; 900]);
            record.check_body().unwrap();
        }
        next = outcome.next_begin;
    }
    Ok(next.0)
}

#[test]
fn all_readers_of_a_mixed_log_get_their_messages_and_share_the_reads() {
    let (disk, store) = mixed();
    let before = disk.count(Op::Read);
    for group in 0..3 {
        for queue in 0..QUEUES {
            let count = read_all(&store, Reach::Disk, queue).unwrap();
            assert_eq!(count, u64::from(MESSAGES / QUEUES), "group {group}");
        }
    }
    // One reader after the other through a log four times as large as the memory: each reads every block once, and every
    // reply needs its queue entries.
    let reads = disk.count(Op::Read) - before;
    let blocks = 5_000_000 / (128 * 1024) * u64::from(3 * QUEUES);
    let replies = u64::from(3 * MESSAGES / 32) + 100;
    assert!(reads < blocks + replies, "{reads}");
}

#[test]
fn readers_side_by_side_read_each_block_once() {
    let (disk, store) = mixed();
    let mut out = Vec::new();
    let before = disk.count(Op::Read);
    for from in (0..u64::from(MESSAGES / QUEUES)).step_by(20) {
        for queue in 0..QUEUES {
            let queue = store.queue("T", QueueId(queue));
            out.clear();
            let limits = ReadLimits {
                count: 20,
                ..LIMITS
            };
            let read = store.read(&queue, QueueOffset(from), limits, &|_| true, &mut out);
            assert_eq!(read.unwrap().count, 20);
        }
    }
    let entries = u64::from(MESSAGES / 20);
    // The last block will still grow, so that its messages are read one by one: up to 130 of them.
    let reads = disk.count(Op::Read) - before;
    assert!(reads < entries + 80 + 130, "{reads}");
}

#[test]
fn without_blocks_every_message_is_still_found() {
    let (disk, store) = mixed();
    store.close().unwrap();
    drop(store);
    let mut config = config();
    config.block_bytes_max = 0;
    let store = open_on(&disk, config);
    for queue in 0..QUEUES {
        let count = read_all(&store, Reach::Disk, queue).unwrap();
        assert_eq!(count, u64::from(MESSAGES / QUEUES));
    }
}

#[test]
fn what_is_on_the_disk_only_is_cold_until_somebody_has_read_it() {
    let (disk, store) = mixed();
    disk.set_cold(Some("/store"));
    let queue = store.queue("T", QueueId(0));
    let read = |reach, from| {
        let mut out = b"before".to_vec();
        let read = store.read_within(
            reach,
            (&queue, QueueOffset(from)),
            LIMITS,
            &|_| true,
            &mut out,
        );
        assert!(out.starts_with(b"before"));
        (read, out.len() - 6)
    };
    let (cold, appended) = read(Reach::Memory, 0);
    assert!(matches!(cold, Err(ReadError::Cold)), "{cold:?}");
    assert_eq!(appended, 0);
    let (found, _) = read(Reach::Disk, 0);
    assert_eq!(found.unwrap().count, 32);
    // The entries of the queue are still on the disk only.
    assert!(matches!(read(Reach::Memory, 0).0, Err(ReadError::Cold)));
    disk.set_cold(None);
    assert_eq!(read(Reach::Memory, 0).0.unwrap().count, 32);
    // Once somebody reads there, the tail is in memory whatever the disk does.
    let newest = put(&store, &message("T", 0, b"new")).queue_offset;
    assert_eq!(read(Reach::Memory, newest.0).0.unwrap().count, 1);
    disk.set_cold(Some("/store"));
    let new = put(&store, &message("T", 0, b"new")).queue_offset;
    assert_eq!(read(Reach::Memory, new.0).0.unwrap().count, 1);
}

#[test]
fn who_reads_on_from_the_disk_finds_the_log_in_memory_soon() {
    let (disk, store) = mixed();
    disk.set_cold(Some("/store/commitlog"));
    let queue = store.queue("T", QueueId(0));
    let mut next = QueueOffset(0);
    let mut read = |reach| {
        let read = store.read_within(reach, (&queue, next), LIMITS, &|_| true, &mut Vec::new());
        read.inspect(|outcome| next = outcome.next_begin)
            .map(|_| next)
    };
    for _ in 0..4 {
        read(Reach::Disk).unwrap();
    }
    // Up to the last block, which will still grow. Nobody reads from the disk but who reads ahead.
    let end = u64::from(MESSAGES / QUEUES) - 40;
    wait_for(|| match read(Reach::Memory) {
        Err(ReadError::Cold) => false,
        other => end <= other.unwrap().0,
    });
}

#[test]
fn a_read_without_waiting_brings_what_there_is() {
    let (disk, store) = mixed();
    let queue = store.queue("T", QueueId(3));
    // Warms the blocks at the beginning of the log, and opens the file of the queue.
    let mut out = Vec::new();
    for from in [0, 16] {
        let limits = ReadLimits {
            count: 16,
            ..LIMITS
        };
        store
            .read(&queue, QueueOffset(from), limits, &|_| true, &mut out)
            .unwrap();
    }
    disk.set_cold(Some("/store/commitlog"));
    out.clear();
    let limits = ReadLimits {
        count: 500,
        ..LIMITS
    };
    let outcome = store
        .read_within(
            Reach::Memory,
            (&queue, QueueOffset(8)),
            limits,
            &|_| true,
            &mut out,
        )
        .unwrap();
    assert_eq!(outcome.status, ReadStatus::Found);
    assert!((8..=32).contains(&outcome.count), "{outcome:?}");
    assert_eq!(outcome.next_begin.0, 8 + u64::from(outcome.count));
}

#[test]
fn deferred_work_is_done_in_order_until_the_store_is_closed() {
    let disk = SimDisk::new();
    let clock = Arc::new(ManualClock::at(NOON));
    let store = Store::open(Arc::new(disk), config(), clock).unwrap();
    let (sender, receiver) = channel();
    for i in 0..100 {
        let sender = sender.clone();
        assert!(store.defer(Box::new(move || sender.send(i).unwrap())));
    }
    drop(sender);
    let mut all: Vec<i32> = receiver.iter().collect();
    all.sort_unstable();
    assert_eq!(all, (0..100).collect::<Vec<_>>());
    store.close().unwrap();
    assert!(!store.defer(Box::new(|| unreachable!("the store is closed"))));
}
