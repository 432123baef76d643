//! Power cuts at any operation of the disk, also while a store recovers from the last one.

use std::cell::Cell;

use ferromq_storage::{FlushMode, Retention, StoreConfig, WorkerKind};

use super::seeds;
use super::world::World;
use crate::support::{ASYNC, simulated};

/// Most operations of a life before the power fails.
const OPERATIONS_MAX: u64 = 250;
const STEPS_MAX: u64 = 40;

/// A few lives of a store, each of which ends by a power cut, a kill or a clean stop.
fn run(seed: u64, flush: FlushMode) {
    let deleted = run_with(seed, simulated(flush), live);
    assert!(!deleted, "everything is to be kept");
}

/// Like [`run`], but after some clean stops our own checkpoint is gone.
fn run_forgetting(seed: u64, flush: FlushMode) {
    run_with(seed, simulated(flush), |world| {
        let stopped = live(world);
        if stopped && world.random.once_in(2) {
            world.forget();
        }
        stopped
    });
}

/// Whether messages were deleted.
fn run_with(seed: u64, config: StoreConfig, live: impl Fn(&mut World) -> bool) -> bool {
    let mut world = World::new(seed, config);
    for _ in 0..3 + world.random.below(4) {
        live(&mut world);
    }
    world.lose_power();
    assert!(world.open().is_some(), "nothing fails any more");
    world.has_deleted()
}

/// One life; whether it ended by a clean stop.
fn live(world: &mut World) -> bool {
    if !world.random.once_in(4) {
        let operations = world.random.below(OPERATIONS_MAX);
        world.disk.power_fails_after(operations);
    } else if world.random.once_in(2) {
        // During recovery.
        let operations = world.random.below(30);
        world.disk.power_fails_after(operations);
    }
    let Some(store) = world.open() else {
        world.lose_power();
        return false;
    };
    for _ in 0..world.random.below(STEPS_MAX) {
        match world.random.below(12) {
            0..5 => world.append(&store),
            5..7 => world.flush(&store),
            7..10 => world.dispatch(&store),
            10 => {
                store.step(WorkerKind::Files);
                world.clean(&store);
            }
            _ => world.check(&store),
        }
        if world.disk.is_off() {
            world.lose_power();
            return false;
        }
    }
    let end = world.random.below(4);
    match end {
        0 => world.close(&store),
        1 => world.lose_power(),
        // A kill: everything the process wrote is still with the system, and none of it more certain than before.
        _ => {}
    }
    if world.disk.is_off() {
        world.lose_power();
        return false;
    }
    end == 0
}

#[test]
fn sync_flush_loses_nothing_acknowledged() {
    seeds::run(25, |seed| run(seed, FlushMode::Sync));
}

#[test]
fn async_flush_loses_only_an_end_that_was_not_synced() {
    seeds::run(25, |seed| run(seed, ASYNC));
}

#[test]
fn queue_files_alone_tell_a_clean_stop_as_well() {
    seeds::run(25, |seed| run_forgetting(seed, ASYNC));
    seeds::run(25, |seed| run_forgetting(seed, FlushMode::Sync));
}

#[test]
fn deletion_takes_old_messages_only_and_no_offset_is_given_twice() {
    for flush in [ASYNC, FlushMode::Sync] {
        let deleted = Cell::new(0);
        seeds::run(25, |seed| {
            let mut config = simulated(flush);
            config.retention = Retention {
                log_bytes_max: 3 * 4096,
                step_bytes: 1024,
                ..Retention::everything()
            };
            deleted.set(deleted.get() + u32::from(run_with(seed, config, live)));
        });
        println!("{} runs deleted messages", deleted.get());
        assert!(0 < deleted.get(), "nothing was deleted");
    }
}

#[test]
fn async_flush_that_shows_only_what_is_synced_loses_nothing_that_was_seen() {
    let config = StoreConfig {
        visible_after_flush: true,
        ..simulated(ASYNC)
    };
    seeds::run(25, |seed| {
        assert!(
            !run_with(seed, config.clone(), live),
            "everything is to be kept"
        );
    });
}

/// Only the sectors in the middle of a record's properties were lost, which no checksum covers.
#[test]
fn a_record_without_a_sector_of_its_properties_is_torn() {
    for seed in [12, 30, 52, 120, 176] {
        run(seed, ASYNC);
        run(seed, FlushMode::Sync);
    }
}

/// The key index went back to the checkpoint twice: the second time its table led through places that held entries of
/// other chains since the first.
#[test]
fn the_index_goes_back_twice() {
    run(17, ASYNC);
}

/// A second power cut took back what recovery had cleared behind the end of the log.
#[test]
fn cleared_bytes_do_not_come_back() {
    for seed in [766, 828, 1169, 2560] {
        run(seed, ASYNC);
    }
    for seed in [208, 2020, 2467] {
        run(seed, FlushMode::Sync);
    }
}

/// The index was made anew under the name of its old file, and a power cut followed: the checkpoint of the old file
/// vouched for the new one.
#[test]
fn an_old_checkpoint_does_not_vouch_for_files_made_anew() {
    run(4422, ASYNC);
}

/// An index file that recovery had removed came back by a power cut after a clean stop.
#[test]
fn index_files_that_recovery_removes_do_not_come_back() {
    run(11_068, ASYNC);
}
