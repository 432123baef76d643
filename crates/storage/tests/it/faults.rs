//! A disk that fails: what was acknowledged stays, what was refused leaves no trace.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ferromq_base::clock::ManualClock;
use ferromq_base::{LogOffset, QueueId, QueueOffset};
use ferromq_storage::{AppendError, FlushMode, NotWritable, Store, StoreConfig, WorkerKind};
use ferromq_testkit::{Fault, Op, SimDisk, Unsynced};

use crate::support::{ASYNC, NOON, bodies, message, open_on, push, put, simulated, wait_for};

const FULL: i32 = 28;
const DEVICE: i32 = 5;

fn open_with_clock(disk: &SimDisk, flush: FlushMode) -> (Arc<Store>, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(NOON));
    let store = Store::open(
        Arc::new(disk.clone()),
        simulated(flush),
        Arc::clone(&clock) as _,
    );
    (store.unwrap(), clock)
}

#[test]
fn with_sync_flush_nothing_is_acknowledged_or_seen_before_it_is_on_the_disk() {
    let disk = SimDisk::new();
    let store = open_on(&disk, simulated(FlushMode::Sync));
    put(&store, &message("T", 0, b"first"));
    wait_for(|| store.ackable().value() != 0);
    let first_end = store.ackable().value();
    // From here on no sync succeeds, so what comes now is never seen.
    disk.inject(Fault::from_now(Op::Sync, DEVICE));
    let mut turn = store.turn();
    push(&store, &mut turn, &message("T", 0, b"second"));
    assert!(store.append(&mut turn).is_ok());
    wait_for(|| store.writable().is_err());
    assert_eq!(store.ackable().value(), first_end);
    assert_eq!(store.queue("T", QueueId(0)).max(), QueueOffset(1));
    assert_eq!(bodies(&store, "T", 0), [b"first"]);
    let mut out = Vec::new();
    assert!(store.record_at(LogOffset(first_end), &mut out).is_err());
}

#[test]
fn what_is_shown_only_after_the_flush_is_acknowledged_before_and_seen_nowhere() {
    let disk = SimDisk::new();
    let config = StoreConfig {
        visible_after_flush: true,
        ..simulated(ASYNC)
    };
    let clock = Arc::new(ManualClock::at(NOON));
    let store = Store::open_stepped(Arc::new(disk.clone()), config, clock).unwrap();
    let keyed = message("T", 0, b"first").with("KEYS", "k");
    let placed = put(&store, &keyed);
    let end = placed.log_offset.0 + u64::from(placed.size);
    assert_eq!((store.ackable().value(), store.visible().value()), (end, 0));
    let queue = store.queue("T", QueueId(0));
    let find = || store.query_keys("T", "k", 9, NOON, NOON).unwrap().len();
    let time = || store.time_of(&queue, QueueOffset(0)).unwrap();
    assert_eq!(queue.max(), QueueOffset(0));
    assert!(bodies(&store, "T", 0).is_empty());
    assert!(store.record_at(placed.log_offset, &mut Vec::new()).is_err());
    assert_eq!((find(), time()), (0, None));
    assert_eq!(store.log_range().1, LogOffset(0));
    while store.step(WorkerKind::Flush) {}
    assert_eq!(store.visible().value(), end);
    assert_eq!(bodies(&store, "T", 0), [b"first"]);
    assert_eq!((find(), time()), (1, Some(NOON)));
    // The end that nobody has seen is all that a power cut takes.
    put(&store, &message("T", 0, b"second"));
    drop(store);
    let store = open_on(&disk.power_cut(Unsynced::Lost), simulated(ASYNC));
    assert_eq!(bodies(&store, "T", 0), [b"first"]);
}

#[test]
fn a_failed_sync_ends_the_store_for_good_and_loses_nothing_acknowledged() {
    for flush in [FlushMode::Sync, ASYNC] {
        let disk = SimDisk::new();
        let store = open_on(&disk, simulated(flush));
        let told = Arc::new(AtomicUsize::new(0));
        let tell = Arc::clone(&told);
        store.on_fatal(Box::new(move |_| {
            tell.fetch_add(1, Ordering::SeqCst);
        }));
        let mut turn = store.turn();
        push(&store, &mut turn, &message("T", 0, b"safe"));
        store.append_wait(&mut turn).unwrap();
        disk.inject(Fault {
            path: "commitlog",
            times: 1,
            ..Fault::from_now(Op::Sync, DEVICE)
        });
        turn.clear();
        push(&store, &mut turn, &message("T", 0, b"unsafe"));
        let appended = store.append_wait(&mut turn);
        wait_for(|| told.load(Ordering::SeqCst) != 0);
        if flush == FlushMode::Sync {
            assert!(
                matches!(appended, Err(AppendError::Fatal(_))),
                "{appended:?}"
            );
        }
        // The disk is fine again, but the store must not trust what it wrote before.
        turn.clear();
        push(&store, &mut turn, &message("T", 0, b"later"));
        let refused = store.append(&mut turn);
        assert!(matches!(refused, Err(AppendError::Fatal(_))), "{refused:?}");
        assert!(store.close().is_err());
        assert_eq!(told.load(Ordering::SeqCst), 1);
        drop(store);
        if flush == FlushMode::Sync {
            let store = open_on(&disk.power_cut(Unsynced::Lost), simulated(flush));
            assert_eq!(bodies(&store, "T", 0), [b"safe"]);
        }
    }
}

#[test]
fn a_full_disk_refuses_writes_with_the_cause_and_takes_them_again_later() {
    let disk = SimDisk::new();
    let (store, clock) = open_with_clock(&disk, ASYNC);
    put(&store, &message("T", 0, b"one"));
    let end = store.log_range().1;
    disk.inject(Fault {
        path: "commitlog",
        ..Fault::from_now(Op::Write, FULL)
    });
    let mut turn = store.turn();
    push(&store, &mut turn, &message("T", 0, b"two"));
    push(&store, &mut turn, &message("T", 1, b"three"));
    let refused = store.append(&mut turn);
    let Err(AppendError::NotWritable(NotWritable::Disk(cause))) = refused else {
        panic!("{refused:?}");
    };
    assert!(cause.to_string().contains("free space"), "{cause}");
    assert!(store.writable().is_err());
    assert_eq!(store.log_range().1, end);
    assert_eq!(bodies(&store, "T", 0), [b"one"], "reads go on");
    disk.heal();
    assert!(store.append(&mut turn).is_err(), "not tried again at once");
    clock.advance(Duration::from_secs(1));
    assert!(store.writable().is_ok());
    store.append(&mut turn).unwrap();
    assert_eq!(
        turn.placed(0).queue_offset,
        QueueOffset(1),
        "no offset was used up"
    );
    assert_eq!(turn.placed(0).log_offset, end);
    assert_eq!(bodies(&store, "T", 0), [b"one".to_vec(), b"two".to_vec()]);
    assert_eq!(bodies(&store, "T", 1), [b"three"]);
}

#[test]
fn a_refused_turn_does_not_come_back_after_a_crash() {
    let disk = SimDisk::new();
    let (store, clock) = open_with_clock(&disk, ASYNC);
    put(&store, &message("T", 0, b"before"));
    // Half of a turn of equal records gets to the file before the disk refuses the rest.
    disk.inject(Fault {
        path: "commitlog",
        times: 1,
        ..Fault::from_now(Op::Write, FULL)
    });
    let mut turn = store.turn();
    for _ in 0..8 {
        push(&store, &mut turn, &message("T", 0, b"refused"));
    }
    assert!(store.append(&mut turn).is_err());
    clock.advance(Duration::from_secs(1));
    turn.clear();
    push(&store, &mut turn, &message("T", 0, b"another"));
    store.append(&mut turn).unwrap();
    drop(store);
    let store = open_on(&disk.power_cut(Unsynced::Kept), simulated(ASYNC));
    let expected = [b"before".to_vec(), b"another".to_vec()];
    assert_eq!(bodies(&store, "T", 0), expected);
}

#[test]
fn no_room_for_the_next_file_refuses_the_turn_as_a_whole() {
    let disk = SimDisk::new();
    let (store, clock) = open_with_clock(&disk, ASYNC);
    put(&store, &message("T", 0, &[1; 1000]));
    disk.inject(Fault {
        path: "commitlog",
        ..Fault::from_now(Op::Allocate, FULL)
    });
    let mut turn = store.turn();
    for i in 0..12 {
        push(&store, &mut turn, &message("T", 0, &[i; 1000]));
    }
    assert!(store.append(&mut turn).is_err());
    assert_eq!(bodies(&store, "T", 0).len(), 1);
    disk.heal();
    clock.advance(Duration::from_secs(1));
    store.append(&mut turn).unwrap();
    assert_eq!(bodies(&store, "T", 0).len(), 13);
    store.close().unwrap();
    drop(store);
    let store = open_on(&disk.power_cut(Unsynced::Lost), simulated(ASYNC));
    assert_eq!(bodies(&store, "T", 0).len(), 13);
}

#[test]
fn queue_files_that_cannot_be_written_catch_up_when_they_can() {
    let disk = SimDisk::new();
    let store = open_on(&disk, simulated(ASYNC));
    disk.inject(Fault {
        path: "consumequeue",
        ..Fault::from_now(Op::Write, FULL)
    });
    for i in 0..5 {
        put(&store, &message("T", 0, &[i]));
    }
    wait_for(|| store.writable().is_err());
    assert_eq!(bodies(&store, "T", 0).len(), 5, "read from memory");
    disk.heal();
    wait_for(|| store.writable().is_ok());
    put(&store, &message("T", 0, &[5]));
    store.close().unwrap();
    drop(store);
    let store = open_on(&disk.power_cut(Unsynced::Lost), simulated(ASYNC));
    assert_eq!(bodies(&store, "T", 0).len(), 6);
}

/// Appends until something fails, at most 40 messages in turns of various sizes; how many were acknowledged.
fn work(disk: &SimDisk, flush: FlushMode) -> usize {
    let clock = Arc::new(ManualClock::at(NOON));
    let Ok(store) = Store::open(Arc::new(disk.clone()), simulated(flush), clock) else {
        return 0;
    };
    let mut turn = store.turn();
    let mut acked = 0;
    for i in 0..16_u8 {
        let first = acked;
        for k in 0..=usize::from(i % 4) {
            let number = u8::try_from(first + k).unwrap();
            push(
                &store,
                &mut turn,
                &message("T", 0, &[number; 200]).with("KEYS", "k"),
            );
        }
        if store.append_wait(&mut turn).is_err() {
            break;
        }
        acked += turn.len();
        turn.clear();
    }
    let _ = store.close();
    acked
}

#[test]
fn with_sync_flush_no_single_failure_and_power_cut_loses_what_was_acknowledged() {
    let ops = [
        Op::Write,
        Op::Sync,
        Op::Allocate,
        Op::Open,
        Op::SyncDir,
        Op::Rename,
    ];
    for (i, op) in ops.into_iter().enumerate() {
        for after in 0..20 {
            let disk = SimDisk::new();
            disk.inject(Fault {
                after,
                times: 1,
                ..Fault::from_now(op, DEVICE)
            });
            let acked = work(&disk, FlushMode::Sync);
            let seed = after * 31 + i as u64;
            let left = disk.power_cut(Unsynced::Some(seed));
            let store = open_on(&left, simulated(FlushMode::Sync));
            let found = bodies(&store, "T", 0);
            assert!(
                acked <= found.len(),
                "{op:?} {after}: {acked} > {}",
                found.len()
            );
            for (number, body) in found.iter().enumerate() {
                assert_eq!(*body, vec![number as u8; 200], "{op:?} {after}");
            }
            let next = put(&store, &message("T", 0, b"next"));
            assert_eq!(next.queue_offset.0 as usize, found.len());
            assert!(!Path::new("/store").exists());
        }
    }
}

/// No inode is left, or the quota is used up, although there is space.
#[test]
fn without_room_for_another_file_messages_are_refused_with_the_cause_and_taken_again_later() {
    const QUOTA: i32 = 122;
    for errno in [FULL, QUOTA] {
        // The next file of the log, or the first file of a new queue.
        for new_queue in [false, true] {
            let disk = SimDisk::new();
            let (store, clock) = open_with_clock(&disk, ASYNC);
            put(&store, &message("T", 0, &[0; 1000]));
            disk.limit_files(errno);
            let mut refused = None;
            let queue = u32::from(new_queue);
            wait_for(|| {
                let mut turn = store.turn();
                push(&store, &mut turn, &message("T", queue, &[1; 1000]));
                refused = store.append(&mut turn).err();
                refused.is_some()
            });
            let text = refused.map(|error| error.to_string()).unwrap();
            assert!(text.contains("inodes or quota"), "{text}");
            assert!(text.contains("/store/"), "{text}");
            let before = bodies(&store, "T", 0).len() + bodies(&store, "T", 1).len();
            disk.heal();
            wait_for(|| {
                clock.advance(Duration::from_secs(1));
                store.writable().is_ok()
            });
            put(&store, &message("T", queue, &[2; 1000]));
            store.close().unwrap();
            drop(store);
            let store = open_on(&disk.power_cut(Unsynced::Lost), simulated(ASYNC));
            let after = bodies(&store, "T", 0).len() + bodies(&store, "T", 1).len();
            assert!(before < after, "{before} {after}");
        }
    }
}
