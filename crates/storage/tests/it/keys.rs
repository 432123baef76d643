//! The key index: queries, the bytes of its files, and its way through restarts.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ferromq_base::clock::ManualClock;
use ferromq_base::{LogOffset, Millis};
use ferromq_disk::{Disk, RealDisk};
use ferromq_storage::{IndexConfig, Store, StoreConfig, WorkerKind};
use ferromq_testkit::{SimDisk, Unsynced};
use ferromq_wire::message::sysflag;

use crate::support::{
    ASYNC, NOON, forget_checkpoint, message, open, open_on, put, simulated, small,
};

const ALWAYS: (Millis, Millis) = (Millis(0), Millis(i64::MAX));

fn query(store: &Store, key: &str) -> Vec<u64> {
    let (begin, end) = ALWAYS;
    let found = store.query_keys("TopicTest", key, 64, begin, end);
    found.unwrap().into_iter().map(|at| at.0).collect()
}

#[test]
fn the_file_has_the_bytes_of_the_format() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = small(dir.path());
    config.index = Some(IndexConfig::default());
    let clock = Arc::new(ManualClock::at(NOON));
    let store = Store::open(Arc::new(RealDisk), config, Arc::clone(&clock) as _).unwrap();
    let m = message("TopicTest", 2, b"hello")
        .with("KEYS", "k1")
        .with("TAGS", "TagA")
        .with("WAIT", "true");
    put(&store, &m);
    clock.advance(Duration::from_secs(60));
    put(&store, &m);
    assert_eq!(query(&store, "k1"), [0, 133]);
    store.close().unwrap();
    let name = RealDisk
        .list(&dir.path().join("index"))
        .unwrap()
        .remove(0)
        .name;
    assert!(name.starts_with("202311142213") || name.starts_with("202311142214"));
    let path = dir.path().join("index").join(name);
    assert_eq!(fs::metadata(&path).unwrap().len(), 420_000_040);
    let file = RealDisk.open(&path, ferromq_disk::OpenMode::Read).unwrap();
    let hex = |at, len| {
        let mut bytes = vec![0; len];
        file.read_exact_at(&mut bytes, at).unwrap();
        bytes.iter().map(|b| format!("{b:02x}")).collect::<String>()
    };
    assert_eq!(
        hex(0, 40),
        "0000018bcfe568050000018bcfe6526500000000000000000000000000000085\
         0000000100000003"
    );
    assert_eq!(hex(10_984_136, 4), "00000002");
    assert_eq!(
        hex(20_000_060, 20),
        "0029e6a8000000000000000000000000 00000000".replace(' ', "")
    );
    assert_eq!(
        hex(20_000_080, 20),
        "0029e6a800000000000000850000003c00000001"
    );
}

#[test]
fn messages_are_found_by_each_key_and_by_their_unique_key() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(small(dir.path()));
    let m = message("TopicTest", 0, b"x")
        .with("KEYS", "a  b")
        .with("UNIQ_KEY", "u1");
    let first = put(&store, &m).log_offset.0;
    let second = put(&store, &message("TopicTest", 0, b"y").with("KEYS", "b"));
    for (key, found) in [
        ("a", vec![first]),
        ("b", vec![first, second.log_offset.0]),
        ("u1", vec![first]),
        ("", vec![]),
    ] {
        assert_eq!(query(&store, key), found, "{key}");
    }
    let rolled_back = message("TopicTest", 0, b"z").with("KEYS", "r");
    let rolled_back = crate::support::Message {
        sys_flag: sysflag::TRANSACTION_ROLLBACK,
        ..rolled_back
    };
    put(&store, &rolled_back);
    assert_eq!(query(&store, "r"), [0_u64; 0]);
}

#[test]
fn the_newest_are_found_first_and_the_time_range_counts() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(NOON));
    let config = small(dir.path());
    let store = Store::open(Arc::new(RealDisk), config, Arc::clone(&clock) as _).unwrap();
    let mut places = Vec::new();
    // 100 entries fill two files of 39 and begin a third.
    for _ in 0..100 {
        places.push(put(&store, &message("TopicTest", 0, b"x").with("KEYS", "k")).log_offset);
        clock.advance(Duration::from_secs(1));
    }
    let found = |count, begin: i64, end: i64| {
        let at = |s: i64| Millis(NOON.0 + s * 1000);
        let found = store.query_keys("TopicTest", "k", count, at(begin), at(end));
        found.unwrap()
    };
    assert_eq!(found(1000, 0, 100), places);
    assert_eq!(found(5, 0, 100), places[95..]);
    assert_eq!(found(1000, 50, 60), places[50..=60]);
    assert_eq!(found(1000, 200, 300), [LogOffset(0); 0]);
    assert_eq!(fs::read_dir(dir.path().join("index")).unwrap().count(), 3);
}

/// RocketMQ names by local time: west of Greenwich its newest file has a smaller name than one of ours.
#[test]
fn the_order_of_index_files_is_that_of_the_log_whatever_their_names() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(small(dir.path()));
    let mut places: Vec<_> = (0..50)
        .map(|_| put(&store, &message("TopicTest", 0, b"x").with("KEYS", "k")).log_offset)
        .collect();
    store.close().unwrap();
    drop(store);
    let index = dir.path().join("index");
    let names = || -> Vec<_> {
        let names = fs::read_dir(&index).unwrap();
        let mut names: Vec<_> = names.map(|e| e.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = names();
    assert_eq!(before.len(), 2);
    fs::rename(index.join(&before[1]), index.join("20200101000000000")).unwrap();
    fs::remove_file(dir.path().join("ferromq.checkpoint")).unwrap();
    let _ = fs::remove_file(dir.path().join("ferromq.checkpoint.bak"));
    let store = open(small(dir.path()));
    let more = || put(&store, &message("TopicTest", 0, b"x").with("KEYS", "k")).log_offset;
    places.extend((0..50).map(|_| more()));
    let found = store.query_keys("TopicTest", "k", 1000, Millis(0), Millis(i64::MAX));
    assert_eq!(found.unwrap(), places);
    store.close().unwrap();
    let after = names();
    assert_eq!(after.len(), 3, "nothing was made anew");
    assert_eq!(after[0], "20200101000000000");
    assert_eq!(after[1], before[0]);
}

/// RocketMQ's broker throws the file away that is not full, and reads the log again from the times it finds here.
#[test]
fn after_a_kill_rocketmq_is_sent_back_to_the_first_entry_of_the_file_that_is_not_full() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(NOON));
    let config = small(dir.path());
    let store = Store::open(Arc::new(RealDisk), config, Arc::clone(&clock) as _).unwrap();
    // 50 entries fill a file of 39 and begin a second.
    for _ in 0..50 {
        put(&store, &message("TopicTest", 0, b"x").with("KEYS", "k"));
        clock.advance(Duration::from_secs(1));
    }
    store.close().unwrap();
    let checkpoint = fs::read(dir.path().join("checkpoint")).unwrap();
    let field = |at: usize| i64::from_be_bytes(checkpoint[at..at + 8].try_into().unwrap());
    let seconds = [0, 8, 16].map(|at| (field(at) - NOON.0) / 1000);
    assert_eq!(seconds, [49, 39, 38], "log, queues, full index files");
}

fn fill(store: &Store) -> Vec<u64> {
    let put = |i: u8| {
        let key = format!("k{}", i % 7);
        put(store, &message("TopicTest", 0, &[i; 50]).with("KEYS", &key))
    };
    (0..100).map(|i| put(i).log_offset.0).collect()
}

fn check(config: StoreConfig, places: &[u64], open: impl Fn(StoreConfig) -> Arc<Store>) {
    let store = open(config);
    for key in 0..7 {
        let expected: Vec<u64> = places.iter().skip(key).step_by(7).copied().collect();
        assert_eq!(query(&store, &format!("k{key}")), expected, "key {key}");
    }
}

#[test]
fn nothing_is_forgotten_over_restarts_and_kills() {
    let dir = tempfile::tempdir().unwrap();
    let config = || small(dir.path());
    let store = open(config());
    let places = fill(&store);
    store.close().unwrap();
    drop(store);
    check(config(), &places, open);
    // The store that just looked was not closed, so this is the start after a kill.
    check(config(), &places, open);
    fs::remove_dir_all(dir.path().join("index")).unwrap();
    check(config(), &places, open);
    fs::remove_file(dir.path().join("ferromq.checkpoint")).unwrap();
    let _ = fs::remove_file(dir.path().join("ferromq.checkpoint.bak"));
    check(config(), &places, open);
    fs::remove_dir_all(dir.path().join("index")).unwrap();
    fs::remove_dir_all(dir.path().join("consumequeue")).unwrap();
    check(config(), &places, open);
}

#[test]
fn an_index_of_another_size_is_built_anew() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(small(dir.path()));
    let places = fill(&store);
    store.close().unwrap();
    drop(store);
    let mut config = small(dir.path());
    config.index = Some(IndexConfig {
        slots: 10,
        entries: 300,
    });
    check(config, &places, open);
}

#[test]
fn nothing_that_was_stored_is_forgotten_after_power_cuts() {
    for seed in 0..40 {
        let mut disk = SimDisk::new();
        let store = open_on(&disk, simulated(ASYNC));
        let places = fill(&store);
        store.close().unwrap();
        drop(store);
        let store = open_on(&disk, simulated(ASYNC));
        // More entries, of which the index files may keep some and the log none.
        fill(&store);
        query(&store, "k1");
        drop(store);
        disk = disk.power_cut(Unsynced::Some(seed));
        let store = open_on(&disk, simulated(ASYNC));
        for key in 0..7 {
            let found = query(&store, &format!("k{key}"));
            let expected: Vec<u64> = places.iter().skip(key).step_by(7).copied().collect();
            assert_eq!(found[..expected.len()], expected, "seed {seed} key {key}");
            for at in found {
                let mut out = Vec::new();
                store.record_at(LogOffset(at), &mut out).unwrap();
            }
        }
        assert!(!Path::new("/store").exists());
    }
}

/// A store on `disk` with so many messages of one key, and a checkpoint over them; where they lie.
fn checkpointed(disk: &SimDisk, count: u8) -> (Arc<Store>, Vec<u64>) {
    let clock = Arc::new(ManualClock::at(NOON));
    let as_clock = Arc::clone(&clock);
    let opened = Store::open_stepped(Arc::new(disk.clone()), simulated(ASYNC), as_clock as _);
    let store = opened.unwrap();
    let put = |i| put(&store, &message("TopicTest", 0, &[i]).with("KEYS", "k"));
    let places = (0..count).map(|i| put(i).log_offset.0).collect();
    while store.step(WorkerKind::Flush) {}
    clock.advance(Duration::from_secs(11));
    for _ in 0..4 {
        store.step(WorkerKind::Dispatch);
    }
    (store, places)
}

/// Checkpoints leave the table of the newest file behind its entries, by ten of them here.
#[test]
fn entries_that_the_table_lacks_are_found_after_a_power_cut_and_are_in_it_after_a_stop() {
    for count in [1, 10, 11, 35] {
        let disk = SimDisk::new();
        let (store, places) = checkpointed(&disk, count);
        drop(store);
        let disk = disk.power_cut(Unsynced::Lost);
        for _ in 0..2 {
            let store = open_on(&disk, simulated(ASYNC));
            assert_eq!(query(&store, "k"), places, "{count} after a power cut");
        }

        let disk = SimDisk::new();
        let (store, places) = checkpointed(&disk, count);
        store.close().unwrap();
        drop(store);
        forget_checkpoint(&disk);
        let store = open_on(&disk, simulated(ASYNC));
        assert_eq!(query(&store, "k"), places, "{count} after a stop");
    }
}
