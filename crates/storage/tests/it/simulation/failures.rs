//! The n-th operation of a kind fails, for every n that there is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ferromq_base::clock::ManualClock;
use ferromq_base::{LogOffset, QueueOffset};
use ferromq_storage::{AppendError, FlushMode, NotWritable, Store, Turn, WorkerKind};
use ferromq_testkit::{Fault, Op, SimDisk, Unsynced};

use crate::support::{ASYNC, NOON, bodies, message, open_on, push, simulated};

const FULL: i32 = 28;
const DEVICE: i32 = 5;
const ROUNDS: u8 = 24;

/// A store whose workers are stepped, and what was asked of it.
struct Work {
    clock: Arc<ManualClock>,
    store: Arc<Store>,
    failed: Arc<AtomicBool>,
    turn: Turn,
    /// Bodies that were appended, with the end of their turn.
    appended: Vec<(Vec<u8>, LogOffset)>,
}

impl Work {
    /// A store on a disk with a fault; nothing if that makes it impossible to open.
    fn on(disk: &SimDisk, flush: FlushMode) -> Option<Self> {
        let clock = Arc::new(ManualClock::at(NOON));
        let as_clock = Arc::clone(&clock);
        let opened = Store::open_stepped(Arc::new(disk.clone()), simulated(flush), as_clock as _);
        let store = match opened {
            Ok(store) => store,
            Err(error) => {
                let text = error.to_string();
                assert!(text.contains("/store") && text.contains('('), "{text}");
                return None;
            }
        };
        let failed = Arc::new(AtomicBool::new(false));
        let tell = Arc::clone(&failed);
        store.on_fatal(Box::new(move |_| tell.store(true, Ordering::SeqCst)));
        Some(Self {
            clock,
            turn: store.turn(),
            store,
            failed,
            appended: Vec::new(),
        })
    }

    fn fill(&mut self, round: u8) -> Vec<Vec<u8>> {
        self.turn.clear();
        let mut sent = Vec::new();
        for k in 0..=round % 3 {
            let body = vec![round * 3 + k; 300];
            let message = message("T", 0, &body).with("KEYS", "k");
            push(&self.store, &mut self.turn, &message);
            sent.push(body);
        }
        sent
    }

    fn append(&mut self, sent: Vec<Vec<u8>>) -> Result<(), AppendError> {
        let end = self.store.append(&mut self.turn)?;
        let first = self.turn.placed(0).queue_offset;
        assert_eq!(first, QueueOffset(self.appended.len() as u64));
        self.appended
            .extend(sent.into_iter().map(|body| (body, end)));
        Ok(())
    }

    fn step(&self) {
        self.clock.advance(Duration::from_secs(11));
        for worker in [WorkerKind::Files, WorkerKind::Flush, WorkerKind::Flush] {
            self.store.step(worker);
        }
        for _ in 0..3 {
            self.store.step(WorkerKind::Dispatch);
        }
    }

    fn acknowledged(&self) -> usize {
        let mark = self.store.ackable().value();
        self.appended
            .iter()
            .take_while(|(_, end)| end.0 <= mark)
            .count()
    }

    /// What the store has must be a beginning of what was appended, of at least `least` messages.
    fn check(&self, found: &[Vec<u8>], least: usize) {
        assert!(least <= found.len() && found.len() <= self.appended.len());
        for (found, (sent, _)) in found.iter().zip(&self.appended) {
            assert_eq!(found, sent);
        }
    }
}

/// Whether the fault was reached.
fn sync_fails(after: u64, flush: FlushMode) -> bool {
    let disk = SimDisk::new();
    disk.inject(Fault {
        after,
        times: 1,
        ..Fault::from_now(Op::Sync, DEVICE)
    });
    let Some(mut work) = Work::on(&disk, flush) else {
        let reopened = open_on(&disk.power_cut(Unsynced::Lost), simulated(flush));
        return bodies(&reopened, "T", 0).is_empty();
    };
    let mut at_failure = None;
    for round in 0..ROUNDS {
        let sent = work.fill(round);
        let appended = work.append(sent);
        if let Some(mark) = at_failure {
            assert!(
                matches!(appended, Err(AppendError::Fatal(_))),
                "{appended:?}"
            );
            assert_eq!(work.store.ackable().value(), mark, "acknowledged after it");
        } else if let Err(error) = appended {
            // A new file of the log could not be synced: nothing was in it, so it was removed and is tried again.
            assert!(matches!(error, AppendError::NotWritable(_)), "{error}");
        }
        let syncs = disk.count(Op::Sync);
        work.step();
        if at_failure.is_none() && work.failed.load(Ordering::SeqCst) {
            at_failure = Some(work.store.ackable().value());
        }
        assert!(
            at_failure.is_none() || after < disk.count(Op::Sync),
            "{syncs}"
        );
    }
    let acknowledged = if flush == FlushMode::Sync {
        work.acknowledged()
    } else {
        0
    };
    let before_close = disk.count(Op::Sync);
    let closed = work.store.close();
    let in_close = (before_close..disk.count(Op::Sync)).contains(&after);
    let has_failed = at_failure.is_some() || in_close;
    assert_eq!(closed.is_err(), has_failed, "{closed:?}");
    for unsynced in [Unsynced::Lost, Unsynced::Some(after)] {
        let reopened = open_on(&disk.power_cut(unsynced), simulated(flush));
        work.check(&bodies(&reopened, "T", 0), acknowledged);
    }
    after < disk.count(Op::Sync)
}

#[test]
fn after_any_sync_that_fails_nothing_is_acknowledged_and_nothing_acknowledged_is_lost() {
    for flush in [FlushMode::Sync, ASYNC] {
        let failures = (0..).take_while(|&n| sync_fails(n, flush)).count();
        assert!(30 < failures, "{failures} syncs are too few");
    }
}

/// Whether the fault was reached.
fn disk_is_full(op: Op, after: u64, flush: FlushMode) -> bool {
    let disk = SimDisk::new();
    disk.inject(Fault {
        after,
        times: 1,
        ..Fault::from_now(op, FULL)
    });
    let Some(mut work) = Work::on(&disk, flush) else {
        open_on(&disk, simulated(flush)).close().unwrap();
        return true;
    };
    for round in 0..ROUNDS {
        let sent = work.fill(round);
        if let Err(error) = work.append(sent.clone()) {
            let refused = matches!(error, AppendError::NotWritable(NotWritable::Disk(_)));
            assert!(
                refused && error.to_string().contains("free space"),
                "{error}"
            );
            let seen = bodies(&work.store, "T", 0);
            work.check(&seen, work.acknowledged());
            work.clock.advance(Duration::from_secs(1));
            let resumed = work.append(sent);
            assert!(resumed.is_ok(), "{resumed:?}");
        }
        work.step();
        assert!(!work.failed.load(Ordering::SeqCst));
    }
    work.check(&bodies(&work.store, "T", 0), work.appended.len());
    let Work {
        store, appended, ..
    } = work;
    drop(store);
    let is_reached = after < disk.count(op);
    disk.heal();
    // A kill: what was refused does not come back beside what was appended afterwards.
    let reopened = open_on(&disk, simulated(flush));
    let found = bodies(&reopened, "T", 0);
    assert!(found.iter().eq(appended.iter().map(|(body, _)| body)));
    is_reached
}

#[test]
fn after_any_write_that_finds_the_disk_full_the_store_goes_on_and_nothing_is_half_there() {
    for flush in [FlushMode::Sync, ASYNC] {
        for (op, least) in [(Op::Write, 80), (Op::Allocate, 8)] {
            let failures = (0..).take_while(|&n| disk_is_full(op, n, flush)).count();
            assert!(least < failures, "{failures} of {op:?} are too few");
        }
    }
}
