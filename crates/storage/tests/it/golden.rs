//! Small stores that Apache RocketMQ's brokers wrote: they open in place, and what is made anew from their logs is what
//! those brokers had made.
//!
//! A packed store is `FMQSTORE` and then for every file: u16 length of its path, u64 length of the file, u32 length of
//! the bytes that are kept (all but the zeroes at its end), the path, those bytes; numbers are big-endian.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ferromq_base::clock::ManualClock;
use ferromq_base::{LogOffset, Millis, QueueOffset};
use ferromq_disk::RealDisk;
use ferromq_storage::{IndexConfig, Store};
use ferromq_wire::message::{properties, record};

use crate::support::{bodies, message, put, record_bytes, small};

/// A broker's version, and its store.
const STORES: [(&str, &[u8]); 2] = [
    ("5.3.3", include_bytes!("golden/apache-5.3.3.store")),
    ("5.5.0", include_bytes!("golden/apache-5.5.0.store")),
];
const PLAIN: &str = "store-golden-plain1";
const NON_ASCII_KEY: &str = "ключ-0-\u{1F642}";

fn take<'a>(rest: &mut &'a [u8], len: usize) -> &'a [u8] {
    let (taken, left) = rest.split_at(len);
    *rest = left;
    taken
}

fn number(rest: &mut &[u8], bytes: usize) -> usize {
    take(rest, bytes)
        .iter()
        .fold(0, |n, byte| n << 8 | usize::from(*byte))
}

fn unpack(mut packed: &[u8], root: &Path) {
    let rest = &mut packed;
    assert_eq!(take(rest, 8), b"FMQSTORE");
    while !rest.is_empty() {
        let (path, len, kept) = (number(rest, 2), number(rest, 8), number(rest, 4));
        let path = root.join(str::from_utf8(take(rest, path)).unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, take(rest, kept)).unwrap();
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(len as u64).unwrap();
    }
}

/// Opens a store that was written with the file sizes and delays of the golden ones.
fn open(root: &Path) -> Arc<Store> {
    let mut config = small(root);
    config.segment_bytes = 65_536;
    config.queue_file_bytes = 1000;
    config.index = Some(IndexConfig {
        slots: 100,
        entries: 200,
    });
    config.delay_levels = vec![Duration::from_secs(1); 18];
    config.delay_levels[16] = Duration::from_secs(3600);
    let clock = ManualClock::at(Millis(1_900_000_000_000));
    Store::open(Arc::new(RealDisk), config, Arc::new(clock)).unwrap()
}

/// Runs a check with each of the stores, in a folder of its own.
fn with_each(check: impl Fn(&str, &Path)) {
    for (version, packed) in STORES {
        let dir = tempfile::tempdir().unwrap();
        unpack(packed, dir.path());
        check(version, dir.path());
    }
}

/// The bodies of the queues of [`PLAIN`].
fn plain_bodies(queue: usize) -> Vec<String> {
    let mut all: Vec<String> = (queue..180)
        .step_by(3)
        .map(|i| format!("plain-0-{i}"))
        .collect();
    match queue {
        1 => all.extend((0..20).map(|i| format!("batch-0-{i}"))),
        2 => all.push("тело 日本語 \u{1F642} 0".to_owned()),
        _ => {}
    }
    all
}

fn found(store: &Store, key: &str) -> Vec<Vec<u8>> {
    let places = store.query_keys(PLAIN, key, 64, Millis(0), Millis(i64::MAX));
    let record = |at: LogOffset| record_bytes(store, at);
    places.unwrap().into_iter().map(record).collect()
}

fn check_messages(store: &Store, version: &str) {
    for queue in 0..3 {
        let stored = bodies(store, PLAIN, u32::try_from(queue).unwrap());
        let stored: Vec<String> = stored
            .into_iter()
            .map(|b| String::from_utf8(b).unwrap())
            .collect();
        assert_eq!(stored, plain_bodies(queue), "{version}");
    }
    let count = |topic: &str, queue| bodies(store, topic, queue).len();
    let mut counts = vec![
        ("store-golden-delayed4", 0, 1),
        ("store-golden-failing3", 0, 1),
        ("%RETRY%store-golden-failer7", 0, 1),
        ("%DLQ%store-golden-failer7", 0, 1),
        ("SCHEDULE_TOPIC_XXXX", 0, 1),
        ("SCHEDULE_TOPIC_XXXX", 16, 1),
    ];
    // Only this version makes a retry topic that needs the second version of the record.
    let long = format!("%RETRY%store-golden-long8{}", "-group".repeat(30));
    if version == "5.3.3" {
        counts.push((&long, 0, 1));
    }
    for (topic, queue, expected) in counts {
        assert_eq!(count(topic, queue), expected, "{topic} {queue} {version}");
    }
}

fn check_keys(store: &Store, version: &str) {
    for i in 0..180 {
        let records = found(store, &format!("key-0-{i}"));
        assert_eq!(records.len(), 1, "key-0-{i} {version}");
        let record = record::records(&records[0]).next().unwrap();
        assert_eq!(record.body(), format!("plain-0-{i}").as_bytes());
        let property = |name| record.properties().get(name).map(str::to_owned);
        assert_eq!(property("number"), Some(i.to_string()));
        assert_eq!(property(properties::TAGS), Some(format!("Tag{}", i % 4)));
        let unique = property(properties::UNIQ_KEY).unwrap();
        assert_eq!(found(store, &unique), records, "{unique} {version}");
    }
    for (key, count) in [("decade-0-7", 10), ("batch-key-0-7", 1), (NON_ASCII_KEY, 1)] {
        assert_eq!(found(store, key).len(), count, "{key} {version}");
    }
}

/// Everything is there, and offsets go on.
fn check(root: &Path, version: &str) {
    let store = open(root);
    check_messages(&store, version);
    check_keys(&store, version);
    for queue in 0..3 {
        let placed = put(&store, &message(PLAIN, queue, b"next"));
        let expected = plain_bodies(queue as usize).len() as u64;
        assert_eq!(placed.queue_offset, QueueOffset(expected), "{version}");
    }
    store.close().unwrap();
}

/// All files below a folder.
fn files(root: &Path, below: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![root.join(below)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_owned();
                all.insert(name, fs::read(path).unwrap());
            }
        }
    }
    all
}

#[test]
fn a_store_opens_after_a_clean_stop() {
    with_each(|version, root| check(root, version));
}

#[test]
fn a_store_opens_after_a_kill() {
    with_each(|version, root| {
        fs::write(root.join("abort"), "4711").unwrap();
        check(root, version);
    });
}

#[test]
fn opening_alone_changes_no_message_file() {
    with_each(|version, root| {
        let all = || ["commitlog", "consumequeue", "index"].map(|below| files(root, below));
        let before = all();
        open(root).close().unwrap();
        assert!(before == all(), "{version}");
    });
}

#[test]
fn queues_made_anew_are_those_that_the_broker_made() {
    with_each(|version, root| {
        let before = files(root, "consumequeue");
        fs::remove_dir_all(root.join("consumequeue")).unwrap();
        open(root).close().unwrap();
        let after = files(root, "consumequeue");
        assert!(before.keys().eq(after.keys()), "{version}");
        for (path, bytes) in before {
            assert!(bytes == after[&path], "{} {version}", path.display());
        }
        check(root, version);
    });
}

/// An entry of an index file without its time and its link to others: key hash and log offset.
fn entries(files: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<&[u8]> {
    let all = files.values().flat_map(|file| {
        let next = u32::from_be_bytes(file[36..40].try_into().unwrap()) as usize;
        (1..next).map(|i| &file[40 + 4 * 100 + 20 * i..][..12])
    });
    all.collect()
}

#[test]
fn an_index_made_anew_is_that_which_the_broker_made() {
    with_each(|version, root| {
        let before = files(root, "index");
        fs::remove_dir_all(root.join("index")).unwrap();
        fs::remove_dir_all(root.join("consumequeue")).unwrap();
        fs::write(root.join("abort"), "4711").unwrap();
        open(root).close().unwrap();
        let after = files(root, "index");
        if version == "5.5.0" {
            // It also notes tags, under keys of their own, which messages are not looked for by here.
            let (before, after) = (entries(&before), entries(&after));
            let noted: BTreeSet<&[u8]> = before.iter().copied().collect();
            assert!(after.iter().all(|entry| noted.contains(entry)));
            assert_eq!(before.len() - after.len(), 210);
        } else {
            // Files are named by the time at which they were made.
            assert!(before.values().eq(after.values()), "{version}");
        }
        check(root, version);
    });
}
