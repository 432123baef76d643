//! By size, by age, on request; and what readers see afterwards.

use std::sync::Arc;
use std::time::Duration;

use ferromq_base::{LogOffset, Millis};
use ferromq_disk::Disk;
use ferromq_storage::{Boundary, ReadError, ReadStatus, Retention, WorkerKind};
use ferromq_testkit::Op;

use super::kept::{Kept, at_most};
use crate::support::{NOON, read};

const FILE: u64 = 4096;
const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn a_log_that_is_too_large_loses_its_oldest_files_and_nothing_else() {
    let kept = Kept::new(at_most(3 * FILE));
    kept.put("T", 0..100);
    kept.settle();
    assert_eq!(kept.log_start(), 0);
    kept.clean();
    let files = kept.files("commitlog");
    assert!((2..=3).contains(&files.len()), "{files:?}");
    let start = kept.log_start();
    assert_eq!(files[0], format!("{start:020}"));
    let (min, max) = kept.range("T");
    assert!(0 < min && min < max && max == 100, "{min} {max}");
    let numbers: Vec<u32> = (u32::try_from(min).unwrap()..100).collect();
    assert_eq!(kept.numbers("T"), numbers);
    let kept = kept.closed();
    assert_eq!(kept.log_start(), start);
    assert_eq!(kept.range("T"), (min, max));
    assert_eq!(kept.numbers("T"), numbers);
}

#[test]
fn readers_of_what_is_deleted_are_sent_on() {
    let kept = Kept::new(at_most(3 * FILE));
    for number in 0..60 {
        kept.put("T", number..number + 1);
        kept.pass(Duration::from_secs(1));
    }
    kept.settle();
    kept.clean();
    let queue = kept.queue("T");
    let (min, _) = kept.range("T");
    let (outcome, _) = read(&kept.store, &queue, min - 1, 32);
    assert_eq!(outcome.status, ReadStatus::OffsetTooSmall);
    assert_eq!(outcome.next_begin.0, min);
    let mut out = Vec::new();
    let gone = kept.store.record_at(LogOffset(0), &mut out);
    assert!(matches!(gone, Err(ReadError::NotFound(_))), "{gone:?}");
    for key in ["k0", "k1", "k2", "k3", "k4"] {
        let found = kept.with_key("T", key);
        assert!(!found.is_empty() && found.iter().all(|at| kept.log_start() <= *at));
    }
    let time = Millis(NOON.0 + i64::try_from(min).unwrap() * 1000);
    assert_eq!(kept.store.earliest_time(&queue).unwrap(), Some(time));
    assert_eq!(kept.store.oldest_time().unwrap(), Some(time));
    let at = |time, boundary| kept.store.offset_by_time(&queue, time, boundary).unwrap().0;
    assert_eq!(at(time, Boundary::Lower), min);
    // RocketMQ answers the start of the deciding file, whose first messages are gone. It has 16 entries.
    assert_eq!(at(NOON, Boundary::Lower), min / 16 * 16);
    assert_eq!(at(NOON, Boundary::Upper), 0);
}

#[test]
fn a_file_goes_when_it_is_old_enough_and_the_hour_has_come() {
    // The test begins at ten past ten in the evening.
    let kept = Kept::new(Retention {
        delete_hours: vec![4],
        reserved: 10 * HOUR,
        ..Retention::everything()
    });
    kept.put("T", 0..30);
    kept.settle();
    for _ in 0..5 {
        kept.clean();
        assert_eq!(kept.log_start(), 0);
        kept.pass(HOUR);
    }
    // Past three: younger than ten hours.
    kept.pass(HOUR);
    kept.clean();
    assert_eq!(kept.log_start(), 0, "the hour has come, but not the age");
    kept.pass(8 * HOUR);
    kept.clean();
    assert_eq!(kept.log_start(), 0, "old enough at noon, but not the hour");
    kept.pass(16 * HOUR);
    kept.clean();
    assert_eq!(kept.files("commitlog").len(), 1, "all but the last");
    assert!(!kept.numbers("T").is_empty());
}

#[test]
fn an_operator_does_not_wait_for_the_hour_but_for_the_age() {
    let kept = Kept::new(Retention {
        reserved: 10 * HOUR,
        ..Retention::default()
    });
    kept.put("T", 0..30);
    kept.settle();
    kept.store.delete_expired();
    kept.clean();
    assert_eq!(kept.log_start(), 0);
    kept.pass(10 * HOUR);
    kept.clean();
    assert_eq!(kept.log_start(), 0, "the wish was for then, not for now");
    kept.store.delete_expired();
    kept.clean();
    assert_eq!(kept.files("commitlog").len(), 1);
}

#[test]
fn what_the_last_checkpoint_does_not_cover_stays() {
    let kept = Kept::new(at_most(FILE));
    kept.put("T", 0..40);
    for _ in 0..50 {
        kept.store.step(WorkerKind::Clean);
    }
    assert_eq!(kept.log_start(), 0);
    kept.clean();
    assert_eq!(kept.files("commitlog").len(), 1);
}

#[test]
fn a_checkpoint_is_saved_also_while_the_log_is_never_quite_synced() {
    let kept = Kept::new(Retention::everything());
    let path = std::path::Path::new("/store/ferromq.checkpoint");
    for number in 0..4 {
        kept.put("T", 2 * number..2 * number + 1);
        for _ in 0..2 {
            kept.store.step(WorkerKind::Flush);
        }
        kept.put("T", 2 * number + 1..2 * number + 2);
        kept.pass(Duration::from_secs(11));
        for _ in 0..2 {
            kept.store.step(WorkerKind::Dispatch);
        }
    }
    assert!(kept.sim.exists(path).unwrap());
}

/// A store that is about to free files, a kilobyte at once.
fn with_files_to_free() -> Kept {
    let kept = Kept::new(Retention::everything());
    kept.put("T", 0..14);
    kept.settle();
    kept.clean();
    kept.store.set_retention(Retention {
        step_bytes: 1024,
        ..at_most(FILE)
    });
    kept
}

#[test]
fn a_file_is_freed_in_steps_after_its_name_is_gone() {
    let kept = with_files_to_free();
    let before = kept.sim.used();
    let syncs = kept.sim.count(Op::SyncDir);
    while kept.log_start() == 0 {
        assert!(kept.store.step(WorkerKind::Clean));
    }
    assert!(kept.store.step(WorkerKind::Clean));
    assert_eq!(kept.files("commitlog").len(), 1);
    assert_eq!(kept.sim.count(Op::SyncDir), syncs + 1);
    assert_eq!(kept.sim.used(), before);
    let mut used = vec![before];
    for _ in 0..20 {
        kept.store.step(WorkerKind::Clean);
        if *used.last().unwrap() != kept.sim.used() {
            used.push(kept.sim.used());
        }
    }
    let expected: Vec<u64> = (0..=4).map(|step| before - step * 1024).collect();
    assert_eq!(used, expected);
}

#[test]
fn a_slow_disk_rests_after_each_step_but_not_while_the_log_grows() {
    let kept = with_files_to_free();
    let slow = Duration::from_millis(10);
    kept.sim
        .set_slow(Op::Allocate, slow, Arc::clone(&kept.clock));
    // How many turns the cleaner takes until the file is shorter.
    let turns_of_step = || {
        let before = kept.sim.used();
        (1..100)
            .find(|_| kept.store.step(WorkerKind::Clean) && kept.sim.used() != before)
            .unwrap()
    };
    turns_of_step();
    // 490 ms: 32 as the settings say, the others in parts of 50.
    assert_eq!(turns_of_step(), 1 + 10);
    // More than half a step.
    kept.put("T", 14..16);
    assert_eq!(turns_of_step(), 1);
}

#[test]
fn new_settings_count_at_once_and_a_batch_ends_with_a_pause() {
    let kept = Kept::new(Retention::everything());
    kept.put("T", 0..100);
    kept.settle();
    kept.clean();
    let files = kept.files("commitlog").len();
    kept.store.set_retention(Retention {
        batch: 2,
        ..at_most(FILE)
    });
    kept.clean();
    assert!(3 < files);
    assert_eq!(kept.files("commitlog").len(), 1);
}
