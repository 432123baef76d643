//! Damaged files: a store starts or refuses, and never serves a wrong message.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ferromq_base::clock::ManualClock;
use ferromq_base::{QueueId, QueueOffset};
use ferromq_disk::{Disk, OpenMode};
use ferromq_storage::{ReadLimits, Store};
use ferromq_testkit::{SimDisk, Unsynced};
use ferromq_wire::message::record;

use crate::support::{ASYNC, NOON, message, open_on, put, simulated};

/// 60 messages in three queues; message `i` has the body `[i; 100]`.
fn full_disk() -> SimDisk {
    let disk = SimDisk::new();
    let store = open_on(&disk, simulated(ASYNC));
    for i in 0..60_u8 {
        let m = message("T", u32::from(i % 3), &[i; 100])
            .with("KEYS", "k")
            .with("TAGS", "t");
        put(&store, &m);
    }
    store.close().unwrap();
    disk
}

/// All files below a folder.
fn files(disk: &SimDisk, dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in disk.list(dir).unwrap() {
        let path = dir.join(&entry.name);
        if entry.is_dir {
            found.extend(files(disk, &path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Opens a damaged store and reads all it gives.
fn check(disk: &SimDisk, what: &str) {
    let clock = Arc::new(ManualClock::at(NOON));
    let opened = Store::open(Arc::new(disk.clone()), simulated(ASYNC), clock);
    let store = match opened {
        Ok(store) => store,
        Err(error) => {
            assert!(error.to_string().contains("/store"), "{what}: {error}");
            return;
        }
    };
    let limits = ReadLimits {
        count: 32,
        bytes: 1 << 20,
    };
    for number in 0..3_u32 {
        let queue = store.queue("T", QueueId(number));
        let mut next = queue.min();
        let mut out = Vec::new();
        while next < queue.max() {
            out.clear();
            match store.read(&queue, next, limits, &|_| true, &mut out) {
                Ok(outcome) => {
                    assert!(next < outcome.next_begin, "{what}: {outcome:?}");
                    next = outcome.next_begin;
                }
                Err(error) => {
                    assert!(error.to_string().contains("/store"), "{what}: {error}");
                    next = QueueOffset(next.0 + 1);
                }
            }
            for record in record::records(&out) {
                let i = record.queue_offset().0 * 3 + u64::from(number);
                assert_eq!(record.body(), [i as u8; 100], "{what}");
                assert_eq!(record.topic(), "T", "{what}");
            }
        }
    }
    // What comes now gets a place of its own.
    let before = store.queue("T", QueueId(0)).max();
    assert_eq!(put(&store, &message("T", 0, b"x")).queue_offset, before);
}

/// A generator of numbers; any will do.
fn random(state: &mut u64) -> usize {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1);
    (*state >> 33) as usize
}

#[test]
fn single_flipped_bits() {
    let disk = full_disk();
    let all = files(&disk, Path::new("/store"));
    let mut state = 7;
    for case in 0..800 {
        let damaged = disk.power_cut(Unsynced::Kept);
        let path = &all[random(&mut state) % all.len()];
        let file = damaged.open(path, OpenMode::Write).unwrap();
        let len = file.len().unwrap() as usize;
        if len == 0 {
            continue;
        }
        let at = (random(&mut state) % len) as u64;
        let mut byte = [0];
        file.read_exact_at(&mut byte, at).unwrap();
        let bit = random(&mut state) % 8;
        byte[0] ^= 1 << bit;
        file.write_at(&byte, at).unwrap();
        drop(file);
        // With and without knowing that the last run ended cleanly.
        if case % 2 == 0 {
            damaged
                .open(Path::new("/store/abort"), OpenMode::Create)
                .unwrap();
        }
        check(
            &damaged,
            &format!("case {case}: bit {bit} of {at} in {}", path.display()),
        );
    }
}

#[test]
fn files_cut_short() {
    let disk = full_disk();
    for path in files(&disk, Path::new("/store")) {
        let len = disk.file_len(&path).unwrap();
        for cut in (0..len).step_by(97) {
            let damaged = disk.power_cut(Unsynced::Kept);
            let file = damaged.open(&path, OpenMode::Write).unwrap();
            file.set_len(cut).unwrap();
            drop(file);
            check(&damaged, &format!("{} cut to {cut}", path.display()));
        }
    }
}

#[test]
fn files_removed() {
    let disk = full_disk();
    for path in files(&disk, Path::new("/store")) {
        let damaged = disk.power_cut(Unsynced::Kept);
        damaged.remove(&path).unwrap();
        check(&damaged, &format!("{} removed", path.display()));
    }
}

#[test]
fn damaged_messages_are_passed_over_and_those_around_them_served() {
    let disk = full_disk();
    let limits = ReadLimits {
        count: 32,
        bytes: 1 << 20,
    };
    let read = |store: &Store, from| {
        let mut out = Vec::new();
        let queue = store.queue("T", QueueId(1));
        let outcome = store
            .read(&queue, QueueOffset(from), limits, &|_| true, &mut out)
            .unwrap();
        (outcome, out)
    };
    let store = open_on(&disk, simulated(ASYNC));
    let (_, all) = read(&store, 0);
    store.close().unwrap();
    drop(store);
    // One at the very beginning, two in a row.
    let damaged = [0, 4, 5];
    for record in record::records(&all) {
        if !damaged.contains(&record.queue_offset().0) {
            continue;
        }
        let in_body = record.physical_offset().0 + 150;
        let log = format!("/store/commitlog/{:020}", in_body / 4096 * 4096);
        let file = disk.open(Path::new(&log), OpenMode::Write).unwrap();
        let mut byte = [0];
        file.read_exact_at(&mut byte, in_body % 4096).unwrap();
        file.write_at(&[!byte[0]], in_body % 4096).unwrap();
    }
    let store = open_on(&disk, simulated(ASYNC));
    let offsets = |out: &[u8]| -> Vec<u64> {
        let records = record::records(out);
        records.map(|record| record.queue_offset().0).collect()
    };
    let whole: Vec<u64> = (0..20).filter(|i| !damaged.contains(i)).collect();
    for _ in 0..2 {
        let (outcome, out) = read(&store, 0);
        assert_eq!(offsets(&out), whole);
        assert_eq!(outcome.next_begin, QueueOffset(20));
    }
    let (outcome, out) = read(&store, 4);
    assert_eq!(offsets(&out)[0], 6);
    assert_eq!(outcome.next_begin, QueueOffset(20));
    let told = store.damaged_messages();
    assert_eq!(told.len(), 3, "{told:?}");
    let is_named = |text: &String| text.contains("/store/commitlog/") && text.contains("checksum");
    assert!(told.iter().all(is_named), "{told:?}");
}
