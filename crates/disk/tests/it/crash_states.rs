//! Every state that a power cut can leave in the middle of a replacement: names in any order, sectors old or new.

use std::path::Path;

use ferromq_disk::Disk;
use ferromq_disk::crashsafe::{load, replace};
use ferromq_testkit::SimDisk;

const PATH: &str = "/d/x.json";
/// More than there are, so that none is left out.
const STATES_MAX: usize = 100_000;

/// A content of two sectors.
fn content(generation: u8) -> Vec<u8> {
    vec![generation; 700]
}

/// The generation that is loaded; 0 if there is none.
fn generation(disk: &dyn Disk) -> u8 {
    let loaded = load(disk, Path::new(PATH), 10_000, |bytes| match bytes {
        [first, ..] if bytes == content(*first) => Ok(*first),
        _ => Err("a mixture"),
    });
    loaded.unwrap().map_or(0, |loaded| loaded.value)
}

/// A disk with that many generations written one after the other.
fn disk_with(generations: u8) -> SimDisk {
    let disk = SimDisk::new();
    disk.create_dirs(Path::new("/d")).unwrap();
    for generation in 1..=generations {
        replace(&disk, Path::new(PATH), &content(generation)).unwrap();
    }
    disk
}

#[test]
fn every_crash_state_of_a_replacement_loads_the_old_content_or_the_new() {
    let mut states = 0;
    for old in 0..3 {
        let new = old + 1;
        for cut in 0.. {
            let disk = disk_with(old);
            disk.power_fails_after(cut);
            let done = replace(&disk, Path::new(PATH), &content(new));
            let count = disk.for_each_power_cut(STATES_MAX, |left| {
                let found = generation(&left);
                assert!(
                    found == new || found == old && done.is_err(),
                    "{old} {cut} {found}"
                );
                // Whatever is left over is no obstacle to the next one.
                replace(&left, Path::new(PATH), &content(9)).unwrap();
                assert_eq!(generation(&left), 9);
            });
            assert!(count < STATES_MAX);
            states += count;
            if done.is_ok() {
                break;
            }
        }
    }
    assert!(50 < states, "{states} states are too few");
}

#[test]
fn every_crash_state_of_a_replacement_after_a_crash_loads_one_of_the_newest_two() {
    let ops = {
        let disk = disk_with(2);
        let before = disk.changes();
        replace(&disk, Path::new(PATH), &content(3)).unwrap();
        disk.changes() - before
    };
    assert!(ops <= 12);
    for first in 0..=ops {
        let disk = disk_with(2);
        disk.power_fails_after(first);
        let _ = replace(&disk, Path::new(PATH), &content(3));
        disk.for_each_power_cut(STATES_MAX, |left| {
            let old = generation(&left);
            for second in 0..=ops {
                let again = left.power_cut(ferromq_testkit::Unsynced::Kept);
                again.power_fails_after(second);
                let _ = replace(&again, Path::new(PATH), &content(4));
                again.for_each_power_cut(STATES_MAX, |left| {
                    let found = generation(&left);
                    assert!(
                        found == 4 || found == old,
                        "{first} {second}: {old} {found}"
                    );
                });
            }
        });
    }
}
