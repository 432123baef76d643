//! Small files on a full disk.

use std::path::Path;
use std::sync::Arc;

use ferromq_disk::{Disk, DiskErrorKind, OpenMode, ReservedDisk, crashsafe};
use ferromq_testkit::SimDisk;

const DIR: &str = "/d";

/// A disk of 32 MiB with a reserve of 512 KiB, and then a filler that leaves nothing.
fn full_disk() -> (SimDisk, ReservedDisk) {
    let sim = SimDisk::new();
    sim.create_dirs(Path::new(DIR)).unwrap();
    sim.limit(32 << 20);
    let disk = ReservedDisk::new(Arc::new(sim.clone()), Path::new(DIR));
    disk.keep_room();
    assert_eq!(sim.used(), 512 << 10);
    let filler = sim.open(Path::new("/d/filler"), OpenMode::Create).unwrap();
    filler.preallocate((32 << 20) - sim.used()).unwrap();
    (sim, disk)
}

#[test]
fn a_small_file_is_saved_many_times_after_the_disk_is_full() {
    let (sim, disk) = full_disk();
    let path = Path::new("/d/x.json");
    let refused = crashsafe::replace(&sim, path, &[1; 20_000]).unwrap_err();
    assert_eq!(refused.kind(), DiskErrorKind::Full);
    for i in 0..1000_u32 {
        crashsafe::replace(&disk, path, &[u8::try_from(i % 251).unwrap(); 20_000]).unwrap();
    }
    let big = crashsafe::replace(&disk, path, &[1; 1 << 20]).unwrap_err();
    assert_eq!(big.kind(), DiskErrorKind::Full, "the reserve has an end");
    assert!(!disk.make_room());
}

#[test]
fn the_reserve_comes_back_when_there_is_plenty_and_only_then() {
    let (sim, disk) = full_disk();
    while disk.make_room() {}
    let reserve = Path::new("/d/ferromq.reserve");
    assert!(!sim.exists(reserve).unwrap());
    disk.keep_room();
    assert!(!sim.exists(reserve).unwrap(), "not while space is short");
    sim.remove(Path::new("/d/filler")).unwrap();
    disk.keep_room();
    assert_eq!(sim.file_len(reserve).unwrap(), 512 << 10);
    // A process that starts finds the file of the last one.
    let next = ReservedDisk::new(Arc::new(sim.clone()), Path::new(DIR));
    assert!(next.make_room());
    assert!(sim.file_len(reserve).unwrap() < 512 << 10);
}

#[test]
fn a_folder_that_is_not_there_yet_has_no_reserve() {
    let disk = ReservedDisk::new(Arc::new(SimDisk::new()), Path::new("/none"));
    disk.keep_room();
    assert!(!disk.make_room());
}

#[test]
fn small_files_are_saved_when_no_inode_is_left() {
    let sim = SimDisk::new();
    sim.create_dirs(Path::new(DIR)).unwrap();
    let disk = ReservedDisk::new(Arc::new(sim.clone()), Path::new(DIR));
    disk.keep_room();
    let paths = ["/d/a.json", "/d/b.json"].map(Path::new);
    for path in paths {
        crashsafe::replace(&disk, path, b"before").unwrap();
        crashsafe::replace(&disk, path, b"before").unwrap();
    }
    sim.limit_files(28);
    let refused = crashsafe::replace(&sim, paths[0], b"x").unwrap_err();
    assert!(refused.to_string().contains("inodes"), "{refused}");
    for i in 0..20_u8 {
        for path in paths {
            crashsafe::replace(&disk, path, &[i]).unwrap();
            assert_eq!(sim.read(path, 9).unwrap(), [i]);
        }
        // Space there is plenty, so the reserve would be made anew.
        disk.keep_room();
    }
}
