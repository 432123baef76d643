//! What the flusher hands over for write-back while it waits for the time of its sync.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ferromq_base::clock::ManualClock;
use ferromq_storage::{FlushMode, Store, WorkerKind};
use ferromq_testkit::{Op, SimDisk};

use crate::support::{NOON, message, put, simulated};

const SEGMENT: u64 = 1 << 20;

/// A store whose workers take their turns when the test says so.
fn open(disk: &SimDisk) -> Arc<Store> {
    let mut config = simulated(FlushMode::Async {
        interval: Duration::from_millis(100),
    });
    config.segment_bytes = SEGMENT;
    let clock = Arc::new(ManualClock::at(NOON));
    Store::open_stepped(Arc::new(disk.clone()), config, clock).unwrap()
}

fn put_bytes(store: &Store, bytes: u64) {
    let end = store.log_range().1.0 + bytes;
    while store.log_range().1.0 < end {
        put(store, &message("T", 0, &[7; 10_000]));
    }
}

/// What was handed over of the log, in log offsets.
fn handed_over(disk: &SimDisk) -> Vec<std::ops::Range<u64>> {
    let log = Path::new("/store/commitlog");
    let parts = disk.handed_over().into_iter();
    parts
        .filter(|(path, _)| path.starts_with(log))
        .map(|(path, part)| {
            let base: u64 = path.file_name().unwrap().to_str().unwrap().parse().unwrap();
            base + part.start..base + part.end
        })
        .collect()
}

#[test]
fn much_is_handed_over_at_once_in_whole_blocks_and_no_part_twice() {
    let disk = SimDisk::new();
    let store = open(&disk);
    for _ in 0..5 {
        put_bytes(&store, 400_000);
        store.step(WorkerKind::Files);
        store.step(WorkerKind::Flush);
    }
    let parts = handed_over(&disk);
    let mut at = 0;
    for part in &parts {
        assert_eq!(part.start, at, "{parts:?}");
        assert!(part.end - part.start <= 1 << 20);
        at = part.end;
    }
    let appended = store.log_range().1.0;
    assert!(at <= appended && appended - at < 4096, "{parts:?}");
    assert_eq!(at % 4096, 0);
    assert!(SEGMENT < at, "no file ended");
    let syncs = disk.count(Op::Sync);
    while store.step(WorkerKind::Flush) {}
    // Two files are not synced yet.
    assert_eq!(disk.count(Op::Sync), syncs + 2);
}

#[test]
fn little_is_left_to_the_sync() {
    let disk = SimDisk::new();
    let store = open(&disk);
    put_bytes(&store, 100_000);
    let syncs = disk.count(Op::Sync);
    while store.step(WorkerKind::Flush) {}
    assert_eq!(disk.count(Op::Sync), syncs + 1);
    assert_eq!(handed_over(&disk), []);
}

#[test]
fn much_after_little_is_handed_over_in_parts_at_once() {
    let disk = SimDisk::new();
    let store = open(&disk);
    for _ in 0..10 {
        put_bytes(&store, 10_000);
        while store.step(WorkerKind::Flush) {}
    }
    assert_eq!(handed_over(&disk), []);
    let syncs = disk.count(Op::Sync);
    put_bytes(&store, 10_000);
    store.step(WorkerKind::Flush);
    put_bytes(&store, 400_000);
    store.step(WorkerKind::Flush);
    assert_eq!(disk.count(Op::Sync), syncs, "not yet");
    assert!(!handed_over(&disk).is_empty());
}
