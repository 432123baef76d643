//! Every state that a power cut can leave while a checkpoint is saved: sectors and names in any order, old or new.

use std::sync::Arc;
use std::time::Duration;

use ferromq_base::clock::ManualClock;
use ferromq_base::{Millis, QueueId, QueueOffset};
use ferromq_storage::{Store, WorkerKind};
use ferromq_testkit::{SimDisk, Unsynced};

use super::seeds;
use crate::support::{ASYNC, NOON, bodies, message, put, simulated};

/// States looked at for each place in the work where the power can fail, by default.
const FEW: u64 = 60;

struct Life {
    store: Arc<Store>,
    clock: Arc<ManualClock>,
}

impl Life {
    fn on(disk: &SimDisk) -> Self {
        let clock = Arc::new(ManualClock::at(NOON));
        let as_clock = Arc::clone(&clock);
        let disk = Arc::new(disk.clone());
        let store = Store::open_stepped(disk, simulated(ASYNC), as_clock as _);
        Self {
            store: store.unwrap(),
            clock,
        }
    }

    /// Stores a message with a key and syncs the log.
    fn put(&self, number: u8) {
        let queue = u32::from(number % 2);
        put(
            &self.store,
            &message("T", queue, &[number]).with("KEYS", "k"),
        );
        while self.store.step(WorkerKind::Flush) {}
    }

    /// Has the dispatcher write everything and save a checkpoint, unless the power fails.
    fn save(&self) {
        self.clock.advance(Duration::from_secs(11));
        for _ in 0..4 {
            self.store.step(WorkerKind::Dispatch);
        }
    }

    /// Every message below `count` is there, in its place, and under its key; and the next one goes behind them.
    fn check(&self, count: u8) {
        for queue in 0..2 {
            let expected: Vec<Vec<u8>> = (0..count)
                .filter(|number| u32::from(number % 2) == queue)
                .map(|number| vec![number])
                .collect();
            assert_eq!(bodies(&self.store, "T", queue), expected);
        }
        let found = self
            .store
            .query_keys("T", "k", 1000, Millis(0), Millis(i64::MAX));
        assert_eq!(found.unwrap().len(), usize::from(count));
        self.put(count);
        let ends: u64 = (0..2)
            .map(|queue| self.store.queue("T", QueueId(queue)).max())
            .map(|QueueOffset(end)| end)
            .sum();
        assert_eq!(ends, u64::from(count) + 1);
    }
}

/// A disk with a checkpoint over the first two messages, two more in the log, and a store about to save the next.
fn about_to_save() -> (SimDisk, Life) {
    let disk = SimDisk::new();
    let life = Life::on(&disk);
    life.put(0);
    life.put(1);
    life.save();
    life.put(2);
    life.put(3);
    (disk, life)
}

#[test]
fn every_crash_state_of_a_checkpoint_has_every_message_and_key() {
    let operations = {
        let (disk, life) = about_to_save();
        let before = disk.changes();
        life.save();
        disk.changes() - before
    };
    assert!(8 < operations, "{operations} are no checkpoint");
    let most = usize::try_from(seeds::count(FEW)).unwrap();
    let mut states = 0;
    for cut in 0..=operations {
        let (disk, life) = about_to_save();
        disk.power_fails_after(cut);
        life.save();
        drop(life);
        states += disk.for_each_power_cut(most, |left| {
            let again = left.power_cut(Unsynced::Kept);
            Life::on(&left).check(4);
            // And once more, after a kill in the middle of the recovery's own writes.
            again.power_fails_after(cut);
            let clock = Arc::new(ManualClock::at(NOON));
            drop(Store::open_stepped(
                Arc::new(again.clone()),
                simulated(ASYNC),
                clock,
            ));
            Life::on(&again.power_cut(Unsynced::Some(cut))).check(4);
        });
    }
    assert!(100 < states, "{states} states are too few");
}
