//! Searching a queue by time, by RocketMQ's rules.

use std::sync::Arc;
use std::time::Duration;

use ferromq_base::clock::ManualClock;
use ferromq_base::{Millis, QueueId, QueueOffset};
use ferromq_disk::RealDisk;
use ferromq_storage::{Boundary, Queue, Store};

use crate::support::{NOON, message, put, read_bytes, small};

/// Messages at these seconds after noon.
fn store_with(dir: &std::path::Path, seconds: &[u64]) -> (Arc<Store>, Arc<Queue>) {
    let clock = Arc::new(ManualClock::at(NOON));
    let store = Store::open(Arc::new(RealDisk), small(dir), Arc::clone(&clock) as _).unwrap();
    let mut now = 0;
    for &second in seconds {
        clock.advance(Duration::from_secs(second - now));
        now = second;
        put(&store, &message("T", 0, b"x"));
    }
    let queue = store.queue("T", QueueId(0));
    (store, queue)
}

#[test]
fn each_situation_in_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let (store, queue) = store_with(dir.path(), &[10, 20, 20, 20, 40]);
    let at = |second: i64, boundary| {
        let time = Millis(NOON.0 + second * 1000);
        store.offset_by_time(&queue, time, boundary).unwrap().0
    };
    for (second, lower, upper) in [
        (50, 5, 4),
        (5, 0, 0),
        (10, 0, 0),
        (20, 1, 3),
        (30, 4, 3),
        (40, 4, 4),
    ] {
        assert_eq!(at(second, Boundary::Lower), lower, "lower {second}");
        assert_eq!(at(second, Boundary::Upper), upper, "upper {second}");
    }
    assert_eq!(
        store.earliest_time(&queue).unwrap(),
        Some(Millis(NOON.0 + 10_000))
    );
    let time = store.time_of(&queue, QueueOffset(4)).unwrap();
    assert_eq!(time, Some(Millis(NOON.0 + 40_000)));
    assert_eq!(store.time_of(&queue, QueueOffset(5)).unwrap(), None);
}

#[test]
fn with_several_files_each_boundary_has_a_rule_for_the_file_that_decides() {
    let dir = tempfile::tempdir().unwrap();
    // 16 entries in a file: a file ends with second 16, the next begins with 21.
    let seconds: Vec<u64> = (1..=16).chain(21..=40).chain(60..70).collect();
    let (store, queue) = store_with(dir.path(), &seconds);
    let at = |second: i64, boundary| {
        let time = Millis(NOON.0 + second * 1000);
        store.offset_by_time(&queue, time, boundary).unwrap().0
    };
    assert_eq!(at(3, Boundary::Lower), 2);
    assert_eq!(at(16, Boundary::Lower), 15);
    // Between two files: the second decides for the lower boundary, the first for the upper one.
    assert_eq!(at(18, Boundary::Lower), 16);
    assert_eq!(at(18, Boundary::Upper), 15);
    assert_eq!(at(16, Boundary::Upper), 15);
    assert_eq!(at(21, Boundary::Upper), 16);
    assert_eq!(at(0, Boundary::Upper), 0);
    assert_eq!(at(50, Boundary::Lower), 36);
    assert_eq!(at(50, Boundary::Upper), 35);
    assert_eq!(at(69, Boundary::Upper), 45);
    assert_eq!(at(1000, Boundary::Lower), 46);
}

#[test]
fn messages_of_one_moment_may_lie_in_several_files() {
    let dir = tempfile::tempdir().unwrap();
    let seconds: Vec<u64> = (1..=10).chain([30; 30]).chain(40..50).collect();
    let (store, queue) = store_with(dir.path(), &seconds);
    let time = Millis(NOON.0 + 30_000);
    let at = |boundary| store.offset_by_time(&queue, time, boundary).unwrap().0;
    assert_eq!(at(Boundary::Lower), 10);
    assert_eq!(at(Boundary::Upper), 39);
}

#[test]
fn a_queue_without_messages_has_no_times() {
    let dir = tempfile::tempdir().unwrap();
    let (store, queue) = store_with(dir.path(), &[]);
    let found = store.offset_by_time(&queue, NOON, Boundary::Lower).unwrap();
    assert_eq!(found, QueueOffset(0));
    assert_eq!(store.earliest_time(&queue).unwrap(), None);
}

#[test]
fn the_schedule_topic_carries_times_of_delivery_also_when_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(NOON));
    let open = || {
        Store::open(
            Arc::new(RealDisk),
            small(dir.path()),
            Arc::clone(&clock) as _,
        )
        .unwrap()
    };
    let store = open();
    for (level, tag) in [("3", "x"), ("99", "x"), ("0", "x"), ("many", "")] {
        let m = message("SCHEDULE_TOPIC_XXXX", 2, b"x")
            .with("DELAY", level)
            .with("TAGS", tag);
        put(&store, &m);
    }
    let codes = |store: &Store| {
        let queue = store.queue("SCHEDULE_TOPIC_XXXX", QueueId(2));
        let seen = std::cell::RefCell::new(Vec::new());
        let limits = ferromq_storage::ReadLimits {
            count: 32,
            bytes: 100_000,
        };
        let see = |code| {
            seen.borrow_mut().push(code);
            true
        };
        let mut out = Vec::new();
        store
            .read(&queue, QueueOffset(0), limits, &see, &mut out)
            .unwrap();
        assert_eq!(read_bytes(store, &queue, 0, 32).0.count, 4);
        seen.into_inner()
    };
    let x = i64::from(b'x');
    let expected = [NOON.0 + 10_000, NOON.0 + 7_200_000, x, 0];
    assert_eq!(codes(&store), expected);
    store.close().unwrap();
    drop(store);
    std::fs::remove_dir_all(dir.path().join("consumequeue")).unwrap();
    assert_eq!(codes(&open()), expected);
}
