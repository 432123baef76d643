//! Queues and index follow the log, and no offset is given twice.

use std::path::Path;

use ferromq_base::QueueOffset;
use ferromq_disk::{Disk, OpenMode};
use ferromq_storage::{Boundary, ReadStatus};

use super::kept::{Kept, at_most};
use crate::support::{forget_checkpoint, message, put, read};

const FILE: u64 = 4096;

/// A store whose queue `Old` has lost all of its twenty messages.
fn emptied() -> Kept {
    let kept = Kept::new(at_most(3 * FILE));
    kept.put("Old", 0..20);
    kept.put("New", 0..100);
    kept.settle();
    kept.clean();
    assert_eq!(kept.range("Old"), (20, 20));
    kept
}

fn check_next(kept: &Kept) {
    assert_eq!(kept.range("Old"), (20, 20));
    assert_eq!(kept.numbers("New").last(), Some(&99));
    let placed = put(&kept.store, &message("Old", 0, &[9; 50]));
    assert_eq!(placed.queue_offset, QueueOffset(20));
    assert_eq!(kept.range("Old"), (20, 21));
    assert_eq!(read(&kept.store, &kept.queue("Old"), 20, 1).1, [[9; 50]]);
}

#[test]
fn an_emptied_queue_answers_as_rocketmq_does() {
    let kept = emptied();
    let queue = kept.queue("Old");
    let status = |from| read(&kept.store, &queue, from, 32).0.status;
    assert_eq!(status(0), ReadStatus::OffsetTooSmall);
    assert_eq!(status(19), ReadStatus::OffsetTooSmall);
    assert_eq!(status(20), ReadStatus::OffsetOverflowOne);
    assert_eq!(status(21), ReadStatus::OffsetOverflowBadly);
    let at = |boundary| {
        let found = kept
            .store
            .offset_by_time(&queue, crate::support::NOON, boundary);
        found.unwrap().0
    };
    assert_eq!(at(Boundary::Lower), 20);
    assert_eq!(at(Boundary::Upper), 19);
    assert_eq!(kept.store.earliest_time(&queue).unwrap(), None);
    check_next(&kept);
}

#[test]
fn an_emptied_queue_goes_on_after_every_kind_of_restart() {
    check_next(&emptied().closed());
    // A kill.
    check_next(&emptied().reopened(|_| {}));
    // By the queue files alone, as RocketMQ starts.
    check_next(&emptied().reopened(forget_checkpoint));
    let closed = emptied();
    closed.store.close().unwrap();
    check_next(&closed.reopened(forget_checkpoint));
    // With everything made anew from the log.
    for dir in [
        "consumequeue",
        "index",
        "consumequeue/Old",
        "consumequeue/New/0",
    ] {
        let gone = |disk: &ferromq_testkit::SimDisk| {
            disk.remove_dir_all(&Path::new("/store").join(dir)).unwrap();
        };
        let kept = emptied().reopened(gone);
        check_next(&kept);
        check_log_of_new(&kept);
    }
}

fn check_log_of_new(kept: &Kept) {
    let (min, max) = kept.range("New");
    let numbers: Vec<u32> = (u32::try_from(min).unwrap()..100).collect();
    assert_eq!((kept.numbers("New"), max), (numbers, 100));
}

#[test]
fn a_start_that_makes_everything_anew_may_die_and_keeps_the_next_offsets() {
    for operations in 0..60 {
        let kept = emptied();
        kept.sim
            .remove_dir_all(Path::new("/store/consumequeue"))
            .unwrap();
        let config = {
            let mut config = crate::support::simulated(crate::support::ASYNC);
            config.retention = at_most(3 * FILE);
            config
        };
        drop(kept.store);
        kept.sim.power_fails_after(operations);
        let clock = std::sync::Arc::new(ferromq_base::clock::ManualClock::at(crate::support::NOON));
        let _ = ferromq_storage::Store::open_stepped(
            std::sync::Arc::new(kept.sim.clone()),
            config.clone(),
            clock,
        );
        let left = kept
            .sim
            .power_cut(ferromq_testkit::Unsynced::Some(operations));
        let kept = Kept::open(left, config);
        check_next(&kept);
        check_log_of_new(&kept);
    }
}

#[test]
fn files_of_queues_and_index_go_with_what_they_lead_to() {
    let kept = Kept::new(at_most(3 * FILE));
    kept.put("T", 0..200);
    kept.settle();
    let index_before = kept.files("index").len();
    kept.clean();
    let (min, _) = kept.range("T");
    let files = kept.files("consumequeue/T/0");
    // 16 entries of 20 bytes in a file; the one with the entry before the lowest stays.
    assert_eq!(files[0], format!("{:020}", (min - 1) / 16 * 320));
    assert!(kept.files("index").len() < index_before);
    for key in ["k0", "k1", "k2", "k3", "k4"] {
        assert!(!kept.with_key("T", key).is_empty());
    }
    let kept = kept.closed();
    assert_eq!(kept.range("T").0, min);
    let all: usize = (0..5)
        .map(|k| kept.with_key("T", &format!("k{k}")).len())
        .sum();
    assert_eq!(all as u64, 200 - min);
}

/// The search for the lowest offset may meet any entry.
#[test]
fn a_damaged_entry_hides_no_messages_before_it_when_others_are_deleted() {
    let lowest = |damaged: Option<u64>| {
        let kept = Kept::new(at_most(3 * FILE));
        kept.put("T", 0..200);
        kept.settle();
        kept.store.close().unwrap();
        // Not from memory any more.
        let kept = kept.reopened(|sim| {
            let Some(entry) = damaged else { return };
            let path = format!("/store/consumequeue/T/0/{:020}", entry / 16 * 320);
            let file = sim.open(Path::new(&path), OpenMode::Write).unwrap();
            // Looks like the entry of a message that is deleted.
            file.write_at(&[0; 8], entry % 16 * 20).unwrap();
        });
        kept.clean();
        kept.range("T").0
    };
    let min = lowest(None);
    for entry in min + 1..200 {
        assert_eq!(lowest(Some(entry)), min, "entry {entry} is damaged");
    }
}

#[test]
fn queue_files_that_were_rightly_deleted_are_not_missed_by_an_older_checkpoint() {
    let kept = Kept::new(at_most(3 * FILE));
    kept.put("T", 0..100);
    kept.settle();
    let older = kept
        .sim
        .read(Path::new("/store/ferromq.checkpoint"), 1 << 20)
        .unwrap();
    kept.clean();
    let (min, max) = kept.range("T");
    let kept = kept.reopened(|disk| {
        ferromq_disk::crashsafe::replace(disk, Path::new("/store/ferromq.checkpoint"), &older)
            .unwrap();
    });
    assert_eq!(kept.range("T"), (min, max));
    // Made anew, the files would begin with entries that point at nothing.
    let first = kept.files("consumequeue/T/0")[0].clone();
    assert_eq!(first, format!("{:020}", (min - 1) / 16 * 320));
    check_log(&kept);
}

/// A store with a queue whose lowest offset begins a file.
fn at_file_start() -> Kept {
    let kept = (100..116).find_map(|count| {
        let kept = Kept::new(at_most(3 * FILE));
        // Moves the borders of the files of the log.
        kept.put("Old", 0..count % 100);
        kept.put("T", 0..count);
        kept.settle();
        kept.clean();
        kept.range("T").0.is_multiple_of(16).then_some(kept)
    });
    kept.expect("one of sixteen numbers of messages")
}

fn first_file(kept: &Kept) -> String {
    kept.files("consumequeue/T/0")[0].clone()
}

/// RocketMQ looks for the lowest offset in the first file only.
#[test]
fn a_clean_stop_leaves_no_file_without_entries_of_messages() {
    let kept = at_file_start();
    let (min, max) = kept.range("T");
    assert_eq!(first_file(&kept), format!("{:020}", (min - 16) * 20));
    // With nothing new since the last checkpoint, and with something.
    for end in [max, max + 1] {
        let kept = at_file_start();
        kept.put(
            "T",
            u32::try_from(max).unwrap()..u32::try_from(end).unwrap(),
        );
        kept.store.close().unwrap();
        assert_eq!(first_file(&kept), format!("{:020}", min * 20));
        let kept = kept.reopened(|_| {});
        assert_eq!(kept.range("T"), (min, end));
        check_log(&kept);
    }
}

#[test]
fn a_stop_that_removes_such_files_may_be_cut_short_and_nothing_is_made_anew() {
    let marker = Path::new("/store/consumequeue/T/marker");
    let prepared = || {
        let kept = at_file_start();
        let file = kept.sim.open(marker, OpenMode::Create).unwrap();
        file.sync_all().unwrap();
        // With the files that went before: a power cut brings none of them back.
        for dir in [marker.parent().unwrap(), &marker.with_file_name("0")] {
            kept.sim.sync_dir(dir).unwrap();
        }
        kept
    };
    let kept = prepared();
    let range = kept.range("T");
    let before = kept.sim.changes();
    kept.store.close().unwrap();
    let operations = kept.sim.changes() - before;
    assert!(4 < operations, "{operations}: what is there to interrupt?");
    for operation in 0..=operations {
        let kept = prepared();
        kept.sim.power_fails_after(operation);
        let _ = kept.store.close();
        kept.sim.for_each_power_cut(40, |left| {
            let mut config = crate::support::simulated(crate::support::ASYNC);
            config.retention = at_most(3 * FILE);
            let kept = Kept::open(left, config);
            assert_eq!(kept.range("T"), range);
            check_log(&kept);
            // Who makes the queues anew removes their folder first.
            assert!(kept.sim.exists(marker).unwrap(), "cut after {operation}");
        });
    }
}

fn check_log(kept: &Kept) {
    let (min, max) = kept.range("T");
    let (min, max) = (u32::try_from(min).unwrap(), u32::try_from(max).unwrap());
    assert_eq!(kept.numbers("T"), (min..max).collect::<Vec<u32>>());
}

#[test]
fn a_request_cleans_the_queues_at_once() {
    let kept = Kept::new(at_most(3 * FILE));
    kept.put("T", 0..100);
    kept.settle();
    kept.store.clean_queues();
    kept.clean();
    check_log(&kept);
}
