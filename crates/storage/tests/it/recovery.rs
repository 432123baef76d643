//! What a store does with what an earlier run left.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ferromq_base::clock::ManualClock;
use ferromq_base::{LogOffset, QueueId, QueueOffset};
use ferromq_disk::{Disk, OpenMode};
use ferromq_storage::{OpenError, ReadStatus, Store, StoreConfig, WorkerKind};
use ferromq_testkit::{SimDisk, Unsynced};

use crate::support::{
    ASYNC, NOON, bodies, forget_checkpoint, message, open, open_on, push, put, read, simulated,
    small, try_open, wait_for,
};

/// A folder with 60 messages in three queues, the last run of which ended cleanly or not.
fn store_of_60(root: &Path, clean: bool) -> u64 {
    let store = open(small(root));
    for i in 0..60_u8 {
        put(
            &store,
            &message("T", u32::from(i % 3), &[i; 100]).with("K", "v"),
        );
    }
    if clean {
        store.close().unwrap();
    }
    store.log_range().1.0
}

fn check_60(config: StoreConfig) {
    let store = open(config);
    for queue in 0..3_u8 {
        let expected: Vec<Vec<u8>> = (0..60_u8)
            .filter(|i| i % 3 == queue)
            .map(|i| vec![i; 100])
            .collect();
        assert_eq!(bodies(&store, "T", u32::from(queue)), expected);
        let next = put(&store, &message("T", u32::from(queue), b"next"));
        assert_eq!(next.queue_offset, QueueOffset(20), "offsets go on");
    }
}

#[test]
fn everything_is_there_after_a_clean_stop() {
    let dir = tempfile::tempdir().unwrap();
    store_of_60(dir.path(), true);
    assert!(!dir.path().join("abort").exists());
    check_60(small(dir.path()));
}

#[test]
fn everything_is_there_after_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    store_of_60(dir.path(), false);
    assert!(dir.path().join("abort").exists());
    check_60(small(dir.path()));
}

#[test]
fn everything_is_there_after_a_kill_without_our_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    store_of_60(dir.path(), true);
    fs::write(dir.path().join("abort"), "1").unwrap();
    fs::remove_file(dir.path().join("ferromq.checkpoint")).unwrap();
    check_60(small(dir.path()));
}

#[test]
fn a_clean_store_opens_by_the_queue_files_alone() {
    let dir = tempfile::tempdir().unwrap();
    store_of_60(dir.path(), true);
    fs::remove_file(dir.path().join("ferromq.checkpoint")).unwrap();
    fs::remove_file(dir.path().join("checkpoint")).unwrap();
    check_60(small(dir.path()));
}

#[test]
fn queue_files_that_were_deleted_come_back() {
    for clean in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        store_of_60(dir.path(), true);
        if !clean {
            fs::write(dir.path().join("abort"), "1").unwrap();
        }
        let one = dir.path().join("consumequeue/T/1/00000000000000000000");
        fs::remove_file(one).unwrap();
        check_60(small(dir.path()));
        open(small(dir.path())).close().unwrap();
        fs::remove_dir_all(dir.path().join("consumequeue")).unwrap();
        let store = open(small(dir.path()));
        assert_eq!(bodies(&store, "T", 2).len(), 21);
    }
}

#[test]
fn a_damaged_checkpoint_gives_way_to_the_older_one_and_then_to_the_files() {
    let dir = tempfile::tempdir().unwrap();
    store_of_60(dir.path(), true);
    let path = dir.path().join("ferromq.checkpoint");
    fs::write(&path, b"nonsense").unwrap();
    fs::write(dir.path().join("ferromq.checkpoint.bak"), b"more of it").unwrap();
    check_60(small(dir.path()));
}

#[test]
fn the_torn_end_is_cut_wherever_it_is_torn() {
    let disk = SimDisk::new();
    let store = open_on(&disk, simulated(ASYNC));
    for i in 0..60_u8 {
        put(
            &store,
            &message("T", u32::from(i % 3), &[i; 100]).with("K", "v"),
        );
    }
    let end = store.log_range().1.0;
    drop(store);
    let record = 91 + 1 + 100 + 4;
    let last_two = end - 2 * record;
    for cut in last_two..end {
        let torn = disk.power_cut(Unsynced::Kept);
        // No checkpoint that would tell what was synced.
        let _ = torn.remove(Path::new("/store/ferromq.checkpoint"));
        let base = last_two / 4096 * 4096;
        let path = format!("/store/commitlog/{base:020}");
        let file = torn.open(Path::new(&path), OpenMode::Write).unwrap();
        file.zero_range(cut - base, end - cut).unwrap();
        let store = open_on(&torn, simulated(ASYNC));
        let left = u64::from(end - record <= cut);
        let expected_end = last_two + left * record;
        assert_eq!(store.log_range().1, LogOffset(expected_end), "cut at {cut}");
        // Message 58 went to queue 1, message 59 to queue 2.
        assert_eq!(bodies(&store, "T", 1).len() as u64, 19 + left);
        assert_eq!(bodies(&store, "T", 2).len(), 19);
        let next = put(&store, &message("T", 2, b"again"));
        assert_eq!(next.queue_offset, QueueOffset(19));
        assert_eq!(next.log_offset.0, expected_end);
        assert_eq!(bodies(&store, "T", 2)[19], b"again");
        let aside = torn.exists(Path::new("/store/cut")).unwrap();
        assert!(!aside, "no message was behind the tear");
    }
}

#[test]
fn leftovers_behind_a_torn_end_do_not_come_back_later_and_are_kept_aside() {
    let dir = tempfile::tempdir().unwrap();
    let end = store_of_60(dir.path(), false);
    let record = 91 + 1 + 100 + 4;
    let _ = fs::remove_file(dir.path().join("ferromq.checkpoint"));
    // A hole where the last record but one was: the last is valid but must not be seen.
    let log = dir.path().join("commitlog");
    cut_log(&log, end - 2 * record, end - record);
    let (file, base) = file_of(&log, end - 1);
    assert!(base <= end - 2 * record, "both are in one file");
    let place = |at: u64| usize::try_from(at - base).unwrap();
    let behind = fs::read(file).unwrap()[place(end - 2 * record)..place(end)].to_vec();
    let store = open(small(dir.path()));
    let aside = dir.path().join(format!("cut/{:020}", end - 2 * record));
    assert_eq!(fs::read(aside).unwrap(), behind, "kept for who wants it");
    assert_eq!(store.log_range().1, LogOffset(end - 2 * record));
    // A message of the very size of the hole; after a kill it must be the last.
    put(&store, &message("T", 0, &[9; 100]).with("K", "v"));
    drop(store);
    let store = open(small(dir.path()));
    assert_eq!(store.log_range().1, LogOffset(end - record));
    assert_eq!(bodies(&store, "T", 2).len(), 19);
}

#[test]
fn damage_before_what_was_synced_is_reported_and_nothing_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    let end = store_of_60(dir.path(), true);
    fs::write(dir.path().join("abort"), "1").unwrap();
    let log = dir.path().join("commitlog");
    let last = file_of(&log, end - 1);
    let before = fs::read(&last.0).unwrap();
    // Our checkpoint reaches to the end, so nothing of the damaged record is read at start; a reader sees it.
    cut_log(&log, end - 50, end - 40);
    let store = open(small(dir.path()));
    assert_eq!(store.log_range().1, LogOffset(end));
    let queue = store.queue("T", QueueId(2));
    let limits = ferromq_storage::ReadLimits {
        count: 32,
        bytes: 1 << 20,
    };
    let mut out = Vec::new();
    let outcome = store
        .read(&queue, QueueOffset(10), limits, &|_| true, &mut out)
        .unwrap();
    assert_eq!((outcome.count, outcome.next_begin.0), (9, 20));
    let told = store.damaged_messages();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("message 19 of Queue(T:2)"), "{told:?}");
    assert!(told[0].contains(last.0.to_str().unwrap()), "{told:?}");
    // Passed over again, and not told again.
    let outcome = store
        .read(&queue, QueueOffset(19), limits, &|_| true, &mut out)
        .unwrap();
    assert_eq!(outcome.status, ReadStatus::NoMatchedMessage);
    assert_eq!((outcome.count, outcome.next_begin.0), (0, 20));
    assert_eq!(store.damaged_messages(), told);
    store.close().unwrap();
    assert_ne!(
        fs::read(&last.0).unwrap(),
        before,
        "the damage is still there"
    );
}

#[test]
fn a_log_that_ends_before_what_was_synced_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let end = store_of_60(dir.path(), true);
    let log = dir.path().join("commitlog");
    // The whole last file is lost: the checkpoint lies beyond the log.
    let (path, base) = file_of(&log, end - 1);
    let saved = fs::read(&path).unwrap();
    fs::write(&path, vec![0; 4096]).unwrap();
    assert!(base < end);
    let store = try_open(small(dir.path()));
    // Position and synced end are the same after a clean stop, so the log is taken to end there.
    assert!(store.is_ok());
    drop(store);
    fs::write(&path, saved).unwrap();
    fs::remove_file(&path).unwrap();
    // The next one may have been made already.
    let _ = fs::remove_file(path.with_file_name(format!("{:020}", base + 4096)));
    let refused = try_open(small(dir.path()));
    assert!(
        matches!(refused, Err(OpenError::Damaged { .. })),
        "{refused:?}"
    );
}

#[test]
fn files_of_another_size_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    store_of_60(dir.path(), true);
    let mut config = small(dir.path());
    config.segment_bytes = 2048;
    let refused = try_open(config);
    assert!(
        matches!(refused, Err(OpenError::FileSize { .. })),
        "{refused:?}"
    );
}

#[test]
fn a_last_file_that_was_cut_is_refused_and_an_unfinished_one_is_completed() {
    let dir = tempfile::tempdir().unwrap();
    let end = store_of_60(dir.path(), true);
    let (last, base) = file_of(&dir.path().join("commitlog"), end - 1);
    let next = last.with_file_name(format!("{:020}", base + 4096));
    let _ = fs::remove_file(&next);
    fs::write(&next, [0; 100]).unwrap();
    let store = open(small(dir.path()));
    assert_eq!(store.log_range().1, LogOffset(end));
    store.close().unwrap();
    drop(store);
    let _ = fs::remove_file(&next);
    let file = OpenOptions::new().write(true).open(&last).unwrap();
    file.set_len(3000).unwrap();
    let refused = try_open(small(dir.path()));
    let text = refused.unwrap_err().to_string();
    assert!(text.contains(last.to_str().unwrap()), "{text}");
}

#[test]
fn a_missing_file_in_the_middle_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    store_of_60(dir.path(), true);
    fs::remove_file(dir.path().join("commitlog/00000000000000004096")).unwrap();
    let refused = try_open(small(dir.path()));
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("00000000000000004096"), "{text}");
}

#[test]
fn a_folder_in_use_is_refused_before_anything_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(small(dir.path()));
    let refused = try_open(small(dir.path()));
    assert!(matches!(refused, Err(OpenError::Disk(_))), "{refused:?}");
    store.close().unwrap();
    open(small(dir.path()));
}

#[test]
fn old_log_files_that_were_removed_move_the_lowest_offsets() {
    let dir = tempfile::tempdir().unwrap();
    store_of_60(dir.path(), true);
    fs::remove_file(dir.path().join("commitlog/00000000000000000000")).unwrap();
    let store = open(small(dir.path()));
    let queue = store.queue("T", QueueId(0));
    // 20 records of 196 bytes fit a file of 4096 with its filler; 7 of them are of this queue.
    assert_eq!(queue.min(), QueueOffset(7));
    let (outcome, _) = read(&store, &queue, 0, 32);
    assert_eq!(outcome.status, ReadStatus::OffsetTooSmall);
    assert_eq!(outcome.next_begin, QueueOffset(7));
    assert_eq!(bodies(&store, "T", 0).len(), 13);
}

#[test]
fn queues_whose_beginning_is_gone_are_rebuilt_at_their_offsets() {
    let dir = tempfile::tempdir().unwrap();
    store_of_60(dir.path(), true);
    fs::remove_file(dir.path().join("commitlog/00000000000000000000")).unwrap();
    fs::remove_dir_all(dir.path().join("consumequeue")).unwrap();
    let store = open(small(dir.path()));
    let queue = store.queue("T", QueueId(0));
    assert_eq!(
        (queue.min(), queue.max()),
        (QueueOffset(7), QueueOffset(20))
    );
    assert_eq!(bodies(&store, "T", 0).len(), 13);
    store.close().unwrap();
    // The file begins with entries that point at nothing, as RocketMQ writes them.
    let file = fs::read(dir.path().join("consumequeue/T/0/00000000000000000000")).unwrap();
    assert_eq!(file[..12], [0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff]);
    // Without our checkpoint the same is found.
    fs::remove_file(dir.path().join("ferromq.checkpoint")).unwrap();
    let store = open(small(dir.path()));
    let queue = store.queue("T", QueueId(0));
    assert_eq!(
        (queue.min(), queue.max()),
        (QueueOffset(7), QueueOffset(20))
    );
}

#[test]
fn a_deleted_topic_stays_deleted_after_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    store_of_60(dir.path(), true);
    let store = open(small(dir.path()));
    put(&store, &message("U", 0, b"other"));
    let path = dir.path().join("ferromq.checkpoint");
    let before = fs::read(&path).unwrap();
    store.destroy_queues("T").unwrap();
    wait_for(|| fs::read(&path).is_ok_and(|now| now != before));
    drop(store);
    let store = open(small(dir.path()));
    assert!(store.find_queue("T", QueueId(0)).is_none());
    assert_eq!(bodies(&store, "U", 0), [b"other"]);
    assert_eq!(put(&store, &message("T", 0, b"new")).queue_offset.0, 0);
}

#[test]
fn a_deleted_topic_begins_anew() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(small(dir.path()));
    let mut turn = store.turn();
    for i in 0..40 {
        push(&store, &mut turn, &message("T", 0, &[i]));
        push(&store, &mut turn, &message("U", 0, &[i]));
    }
    store.append(&mut turn).unwrap();
    wait_for(|| dir.path().join("consumequeue/T/0").exists());
    turn.clear();
    push(&store, &mut turn, &message("T", 0, b"too late"));
    store.destroy_queues("T").unwrap();
    let refused = store.append(&mut turn).unwrap_err().to_string();
    assert!(refused.contains("topic T was deleted"), "{refused}");
    assert!(!dir.path().join("consumequeue/T").exists());
    assert!(store.find_queue("T", QueueId(0)).is_none());
    let placed = put(&store, &message("T", 0, b"new"));
    assert_eq!(placed.queue_offset, QueueOffset(0));
    assert_eq!(bodies(&store, "T", 0), [b"new"]);
    store.close().unwrap();
    drop(store);
    // Even when everything is made anew from the log, in which the old messages still are.
    fs::remove_dir_all(dir.path().join("consumequeue")).unwrap();
    let store = open(small(dir.path()));
    assert_eq!(bodies(&store, "T", 0), [b"new"]);
    assert_eq!(bodies(&store, "U", 0).len(), 40);
}

/// The file that holds log offset `at`, and its base.
fn file_of(log: &Path, at: u64) -> (std::path::PathBuf, u64) {
    let base = at / 4096 * 4096;
    (log.join(format!("{base:020}")), base)
}

/// Clears log offsets `from..to`.
fn cut_log(log: &Path, from: u64, to: u64) {
    for at in from..to {
        let (path, base) = file_of(log, at);
        let file = OpenOptions::new().write(true).open(path).unwrap();
        file.write_all_at(&[0], at - base).unwrap();
    }
}

/// Under load the log is never synced up to what was dispatched last.
#[test]
fn a_checkpoint_is_saved_although_more_comes_than_is_synced() {
    let disk = SimDisk::new();
    let clock = Arc::new(ManualClock::at(NOON));
    let as_clock = Arc::clone(&clock);
    let opened = Store::open_stepped(Arc::new(disk.clone()), simulated(ASYNC), as_clock as _);
    let store = opened.unwrap();
    let checkpoint = Path::new("/store/ferromq.checkpoint");
    for i in 0..3_u8 {
        clock.advance(Duration::from_secs(11));
        put(&store, &message("T", 0, &[i]));
        // The flusher has synced when the next message is there already, and dispatched.
        store.step(WorkerKind::Dispatch);
        store.step(WorkerKind::Dispatch);
        while store.step(WorkerKind::Flush) {}
        put(&store, &message("T", 0, &[100 + i]));
        store.step(WorkerKind::Dispatch);
        store.step(WorkerKind::Dispatch);
        assert!(disk.exists(checkpoint).unwrap(), "after {i}");
        disk.remove(checkpoint).unwrap();
    }
}

/// No checkpoint knew the queue when a power cut took its messages; its file outlived them.
#[test]
fn files_of_a_queue_that_lost_everything_say_nothing_later() {
    let disk = SimDisk::new();
    let store = open_on(&disk, simulated(ASYNC));
    put(&store, &message("T", 0, b"safe"));
    store.close().unwrap();
    drop(store);
    let clock = Arc::new(ManualClock::at(NOON));
    let config = simulated(ASYNC);
    let store = Store::open_stepped(Arc::new(disk.clone()), config, clock).unwrap();
    for body in [b"lost"; 6] {
        put(&store, &message("T", 1, body));
    }
    for _ in 0..4 {
        store.step(WorkerKind::Dispatch);
    }
    let path = Path::new("/store/consumequeue/T/1/00000000000000000000");
    let mut outlived = 0;
    for (seed, later) in (0..600).flat_map(|seed| [(seed, 0), (seed, 1)]) {
        let disk = disk.power_cut(Unsynced::Some(seed));
        let file = disk.read(path, 1 << 20);
        let has_entries = file.is_ok_and(|bytes| bytes.iter().any(|&byte| byte != 0));
        let store = open_on(&disk, simulated(ASYNC));
        if !has_entries || !bodies(&store, "T", 1).is_empty() {
            continue;
        }
        outlived += 1;
        for _ in 0..later {
            put(&store, &message("T", 1, b"later"));
        }
        store.close().unwrap();
        drop(store);
        forget_checkpoint(&disk);
        let store = open_on(&disk, simulated(ASYNC));
        assert_eq!(bodies(&store, "T", 1).len(), later, "seed {seed}");
        // Nothing is left out before it in the log: all records are of about this size.
        let new = put(&store, &message("T", 1, b"new"));
        let before = (1 + later as u64) * u64::from(new.size + 2);
        assert!(new.log_offset.0 <= before, "seed {seed}: {new:?}");
        assert_eq!(bodies(&store, "T", 1).last().unwrap(), b"new");
        assert_eq!(bodies(&store, "T", 0), [b"safe"]);
    }
    assert!(8 < outlived, "{outlived} are too few");
}

/// A power cut keeps any part of what was not synced: entries behind a gap, later files, files of queues that lost everything.
#[test]
fn files_hold_nothing_of_lost_messages_after_a_while() {
    let disk = SimDisk::new();
    let store = open_on(&disk, simulated(ASYNC));
    for i in 0..5 {
        put(&store, &message("T", 0, &[i]));
    }
    store.close().unwrap();
    drop(store);
    let write = |path: &str, at: u64| {
        let path = Path::new(path);
        disk.create_dirs(path.parent().unwrap()).unwrap();
        let file = disk.open(path, OpenMode::Create).unwrap();
        file.set_len(320).unwrap();
        file.write_at(&[7; 20], at).unwrap();
        file.sync_all().unwrap();
        disk.sync_dir(path.parent().unwrap()).unwrap();
    };
    let first = "/store/consumequeue/T/0/00000000000000000000";
    let later = "/store/consumequeue/T/0/00000000000000000320";
    let much_later = "/store/consumequeue/T/0/00000000000000000960";
    let known = "/store/consumequeue/T/1/00000000000000000000";
    let unknown = "/store/consumequeue/Unknown/3/00000000000000000000";
    write(first, 9 * 20);
    for path in [later, much_later, known, unknown] {
        write(path, 40);
    }
    disk.open(Path::new("/store/abort"), OpenMode::Create)
        .unwrap();
    let clock = Arc::new(ManualClock::at(NOON));
    let store = Store::open_stepped(Arc::new(disk.clone()), simulated(ASYNC), clock).unwrap();
    // A queue that is asked for, but has no messages.
    let idle = store.queue("T", QueueId(1));
    while store.step(WorkerKind::Dispatch) {}
    assert_eq!(idle.max(), QueueOffset(0));
    drop(store);
    let disk = disk.power_cut(Unsynced::Lost);
    let left = disk.read(Path::new(first), 1000).unwrap();
    assert!(left[5 * 20..].iter().all(|&byte| byte == 0));
    for path in [later, much_later, known, unknown] {
        assert!(!disk.exists(Path::new(path)).unwrap(), "{path}");
    }
    let store = open_on(&disk, simulated(ASYNC));
    assert_eq!(bodies(&store, "T", 0).len(), 5);
}
