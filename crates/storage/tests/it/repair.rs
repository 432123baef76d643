//! Damaged files of queues: no wrong message is served, none is lost, and the log makes the file right again.

use std::path::Path;
use std::sync::Arc;

use ferromq_base::clock::ManualClock;
use ferromq_base::{QueueId, QueueOffset};
use ferromq_disk::{Disk, OpenMode};
use ferromq_storage::{
    ENTRY_BYTES, Entry, Reach, ReadLimits, ReadStatus, Store, StoreConfig, WorkerKind,
};
use ferromq_testkit::{Fault, Op, SimDisk, Unsynced};
use ferromq_wire::message::record;

use crate::support::{ASYNC, NOON, message, put, simulated};

/// Messages in each of two queues; a file of a queue holds 16 entries.
const COUNT: usize = 40;
const FIRST_FILE: &str = "/store/consumequeue/T/0/00000000000000000000";

fn config() -> StoreConfig {
    StoreConfig {
        segment_bytes: 64 << 10,
        ..simulated(ASYNC)
    }
}

fn open(disk: &SimDisk) -> Arc<Store> {
    let clock = Arc::new(ManualClock::at(NOON));
    Store::open_stepped(Arc::new(disk.clone()), config(), clock).unwrap()
}

/// A store that was closed: messages alternate between two queues, and body `i` of queue 0 is `[i; 100]`.
fn filled() -> SimDisk {
    let disk = SimDisk::new();
    let store = open(&disk);
    for i in 0..COUNT {
        for queue in 0..2 {
            let tag = format!("tag{}", i % 3);
            let body = vec![u8::try_from(i).unwrap() + queue * 100; 100];
            put(
                &store,
                &message("T", u32::from(queue), &body).with("TAGS", &tag),
            );
        }
    }
    store.close().unwrap();
    disk
}

fn content(disk: &SimDisk, path: &str) -> Vec<u8> {
    disk.read(Path::new(path), 1 << 20).unwrap()
}

/// Writes an entry of the first file of queue 0.
fn write_entry(disk: &SimDisk, number: u64, bytes: &[u8]) {
    let file = disk.open(Path::new(FIRST_FILE), OpenMode::Write).unwrap();
    file.write_at(bytes, number * ENTRY_BYTES as u64).unwrap();
}

/// Reads queue 0 as a consumer that asks again after an error; bodies by offset. How often it had to wait for a repair.
fn consume(store: &Store) -> (Vec<(u64, u8)>, usize) {
    let queue = store.queue("T", QueueId(0));
    let limits = ReadLimits {
        count: 7,
        bytes: 1 << 20,
    };
    let (mut found, mut waited) = (Vec::new(), 0);
    let mut next = queue.min();
    while next < queue.max() {
        let mut out = Vec::new();
        match store.read(&queue, next, limits, &|_| true, &mut out) {
            Ok(outcome) => {
                assert!(next < outcome.next_begin, "{outcome:?}");
                assert_ne!(outcome.status, ReadStatus::MessageWasRemoving);
                next = outcome.next_begin;
            }
            Err(error) => {
                assert!(error.to_string().contains("/store/"), "{error}");
                waited += 1;
                assert!(waited < 20, "{error}");
                while store.step(WorkerKind::Repair) {}
            }
        }
        for record in record::records(&out) {
            assert_eq!((record.topic(), record.queue_id()), ("T", QueueId(0)));
            found.push((record.queue_offset().0, record.body()[0]));
        }
    }
    (found, waited)
}

fn all() -> Vec<(u64, u8)> {
    (0..COUNT).map(|i| (i as u64, i as u8)).collect()
}

/// Damages the first file of queue 0; everything is served all the same, and the file is as before.
fn check_repaired(what: &str, damage: impl Fn(&SimDisk)) {
    let disk = filled();
    let before = content(&disk, FIRST_FILE);
    damage(&disk);
    let store = open(&disk);
    let (found, waited) = consume(&store);
    assert_eq!(found, all(), "{what}");
    assert_eq!(waited, 1, "{what}");
    assert!(store.damaged_messages().is_empty(), "{what}");
    assert_eq!(content(&disk, FIRST_FILE), before, "{what}");
    store.close().unwrap();
    // It stays right.
    drop(store);
    let store = open(&disk.power_cut(Unsynced::Lost));
    assert_eq!(consume(&store), (all(), 0), "{what}");
}

fn entry(disk: &SimDisk, number: usize) -> Entry {
    let bytes = content(disk, FIRST_FILE);
    Entry::from_bytes(&bytes[number * ENTRY_BYTES..]).unwrap()
}

#[test]
fn wrong_entries_are_repaired_from_the_log() {
    for number in [0, 5, 14, 15] {
        let at = number as u64;
        let with = |change: fn(&mut Entry)| {
            move |disk: &SimDisk| {
                let mut wrong = entry(disk, number);
                change(&mut wrong);
                write_entry(disk, at, &wrong.to_bytes());
            }
        };
        check_repaired("zeros", |disk| write_entry(disk, at, &[0; 20]));
        check_repaired("ones", |disk| write_entry(disk, at, &[0xff; 20]));
        check_repaired("half", |disk| write_entry(disk, at, &[0xff; 10]));
        check_repaired("too long", with(|e| e.size += 7));
        check_repaired("too short", with(|e| e.size -= 1));
        check_repaired("far too long", with(|e| e.size = 0x7000_0000));
        check_repaired("beside", with(|e| e.log_offset += 1));
        check_repaired("behind the end", with(|e| e.log_offset += 1 << 40));
        // The next record is of the other queue, and of the same length.
        check_repaired("another", with(|e| e.log_offset += u64::from(e.size)));
    }
    check_repaired("another message of the queue", |disk| {
        write_entry(disk, 3, &entry(disk, 9).to_bytes());
    });
}

#[test]
fn a_whole_file_of_zeros_or_of_another_queue_is_repaired() {
    check_repaired("zeros", |disk| write_entry(disk, 0, &[0; 320]));
    check_repaired("another queue", |disk| {
        let other = FIRST_FILE.replace("/0/", "/1/");
        write_entry(disk, 0, &content(disk, &other));
    });
}

/// With files of a few pages.
#[test]
fn entries_that_the_device_does_not_read_are_repaired() {
    const ENTRIES: u64 = 1000;
    const SECTOR: u64 = 512;
    let config = StoreConfig {
        queue_file_bytes: ENTRIES * ENTRY_BYTES as u64,
        ..config()
    };
    let disk = SimDisk::new();
    let open = |disk: &SimDisk| {
        let clock = Arc::new(ManualClock::at(NOON));
        Store::open_stepped(Arc::new(disk.clone()), config.clone(), clock).unwrap()
    };
    let store = open(&disk);
    for i in 0..ENTRIES {
        put(&store, &message("T", 0, &[i as u8]));
    }
    store.close().unwrap();
    drop(store);
    let all: Vec<_> = (0..ENTRIES).map(|i| (i, i as u8)).collect();
    for (from, to) in [(0, 1), (8, 16), (3, 30), (39, 40), (0, 40)] {
        let disk = disk.power_cut(Unsynced::Kept);
        let before = content(&disk, FIRST_FILE);
        disk.set_bad(Path::new(FIRST_FILE), from * SECTOR..to * SECTOR);
        let store = open(&disk);
        assert_eq!(consume(&store), (all.clone(), 1), "{from} {to}");
        assert!(store.damaged_messages().is_empty());
        assert_eq!(content(&disk, FIRST_FILE), before);
    }
}

#[test]
fn a_read_that_fails_once_costs_nothing() {
    let disk = filled();
    let store = open(&disk);
    disk.inject(Fault {
        path: "consumequeue",
        times: 2,
        ..Fault::from_now(Op::Read, 5)
    });
    assert_eq!(consume(&store).0, all());
    assert!(store.damaged_messages().is_empty());
}

#[test]
fn a_message_that_the_log_does_not_have_is_given_up_and_told_once() {
    let disk = filled();
    let lost = entry(&disk, 4);
    let log = Path::new("/store/commitlog/00000000000000000000");
    let log = disk.open(log, OpenMode::Write).unwrap();
    log.write_at(&[0; 60], lost.log_offset).unwrap();
    drop(log);
    write_entry(&disk, 3, &[0; 20]);
    let store = open(&disk);
    let (found, _) = consume(&store);
    let mut expected = all();
    expected.remove(4);
    assert_eq!(found, expected);
    assert_eq!(consume(&store), (expected, 0));
    let told = store.damaged_messages();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("message 4 of") && told[0].contains(FIRST_FILE));
    // The entry still leads to what a backup of the log may bring back.
    assert_eq!(entry(&disk, 4), lost);
    assert_ne!(entry(&disk, 3), Entry::PRE_BLANK);
}

#[test]
fn messages_of_a_deleted_topic_do_not_come_back() {
    let disk = SimDisk::new();
    let store = open(&disk);
    for i in 0..30 {
        put(&store, &message("T", 0, &[100 + i; 100]));
    }
    store.destroy_queues("T").unwrap();
    for i in 0..COUNT {
        put(&store, &message("T", 0, &[i as u8; 100]));
    }
    store.close().unwrap();
    drop(store);
    write_entry(&disk, 0, &[0; 320]);
    let store = open(&disk);
    assert_eq!(consume(&store), (all(), 1));
}

#[test]
fn entries_that_were_right_when_the_messages_were_in_memory_are_looked_at_there_too() {
    let disk = SimDisk::new();
    let store = open(&disk);
    for i in 0..100_u8 {
        put(&store, &message("T", 0, &[i; 100]));
        put(&store, &message("T", 1, &[i; 100]));
    }
    store.step(WorkerKind::Dispatch);
    while store.step(WorkerKind::Dispatch) {}
    // While it runs: the messages are in memory, the entries are not.
    write_entry(&disk, 3, &entry(&disk, 5).to_bytes());
    let queue = store.queue("T", QueueId(0));
    let limits = ReadLimits {
        count: 2,
        bytes: 1 << 20,
    };
    let read = |reach| {
        let mut out = Vec::new();
        let place = (&*queue, QueueOffset(3));
        let read = store.read_within(reach, place, limits, &|_| true, &mut out);
        let bodies = record::records(&out).map(|r| r.body()[0]);
        read.map(|_| bodies.collect::<Vec<u8>>())
    };
    assert!(read(Reach::Disk).is_err());
    assert!(read(Reach::Memory).is_err());
    while store.step(WorkerKind::Repair) {}
    assert_eq!(read(Reach::Disk).unwrap(), [3, 4]);
}

#[test]
fn a_repair_that_cannot_be_written_is_tried_again() {
    let disk = filled();
    write_entry(&disk, 7, &[0; 20]);
    let store = open(&disk);
    disk.inject(Fault {
        path: "consumequeue",
        times: 1,
        ..Fault::from_now(Op::Write, 28)
    });
    let (found, waited) = consume(&store);
    assert_eq!((found, waited), (all(), 2));
}
