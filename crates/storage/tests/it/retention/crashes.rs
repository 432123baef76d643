//! The power fails at every operation of a deletion, and leaves whatever it may leave.

use ferromq_storage::{Retention, WorkerKind};
use ferromq_testkit::SimDisk;

use super::kept::{Kept, at_most};
use crate::support::{ASYNC, simulated};

const FILE: u64 = 4096;
const MESSAGES: u32 = 60;

fn prepared() -> Kept {
    let kept = Kept::new(Retention {
        step_bytes: 1024,
        ..at_most(3 * FILE)
    });
    kept.put("Old", 0..20);
    kept.put("T", 0..MESSAGES);
    kept.settle();
    kept
}

/// Cleans until the work is done or the power is off.
fn clean(kept: &Kept) {
    for _ in 0..3 {
        for _ in 0..300 {
            if !kept.store.step(WorkerKind::Clean) || kept.sim.is_off() {
                break;
            }
        }
        if kept.sim.is_off() {
            return;
        }
        kept.settle();
    }
}

/// What is left opens, has a log without gaps, all messages from the lowest offset on, and goes on where it was.
fn check(left: SimDisk) {
    let mut config = simulated(ASYNC);
    config.retention = at_most(3 * FILE);
    let kept = Kept::open(left, config);
    let (min, max) = kept.range("T");
    assert_eq!(max, u64::from(MESSAGES));
    let numbers: Vec<u32> = (u32::try_from(min).unwrap()..MESSAGES).collect();
    assert_eq!(kept.numbers("T"), numbers);
    assert_eq!(kept.range("Old").1, 20);
    assert_eq!(kept.numbers("Old").len() as u64, 20 - kept.range("Old").0);
    let keys: usize = (0..5)
        .map(|k| kept.with_key("T", &format!("k{k}")).len())
        .sum();
    assert!(numbers.len() <= keys, "{keys}");
    kept.clean();
    assert!(kept.files("commitlog").len() <= 3);
    kept.put("Old", 20..21);
    kept.put("T", MESSAGES..MESSAGES + 1);
    assert_eq!(kept.range("Old").1, 21);
    assert_eq!(kept.numbers("T").last(), Some(&MESSAGES));
}

#[test]
fn every_state_that_a_power_cut_leaves_of_a_deletion_is_good() {
    let kept = prepared();
    let before = kept.sim.changes();
    clean(&kept);
    let operations = kept.sim.changes() - before;
    assert!(20 < operations, "{operations}: what is there to interrupt?");
    let mut states = 0;
    for operation in 0..=operations {
        let kept = prepared();
        kept.sim.power_fails_after(operation);
        clean(&kept);
        states += kept.sim.for_each_power_cut(40, check);
    }
    assert!(operations < states as u64);
}

#[test]
fn a_killed_process_leaves_a_good_store_at_every_step() {
    for steps in 0..60 {
        let kept = prepared();
        for _ in 0..steps {
            kept.store.step(WorkerKind::Clean);
        }
        let Kept { sim, store, .. } = kept;
        drop(store);
        check(sim);
    }
}
