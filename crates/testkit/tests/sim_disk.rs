//! The simulated disk keeps and loses what it says.

use std::path::Path;

use ferromq_base::Millis;
use ferromq_disk::{Disk, DiskErrorKind, OpenMode, crashsafe};
use ferromq_testkit::{Fault, Op, SimDisk, Unsynced};

fn text(disk: &SimDisk, path: &str) -> Option<String> {
    let bytes = disk.read(Path::new(path), 1000).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[test]
fn only_synced_bytes_and_names_survive_a_power_cut() {
    let disk = SimDisk::new();
    disk.create_dirs(Path::new("/d")).unwrap();
    let file = disk.open(Path::new("/d/a"), OpenMode::Create).unwrap();
    file.write_at(b"one", 0).unwrap();
    file.sync_data().unwrap();
    assert_eq!(text(&disk.power_cut(Unsynced::Lost), "/d/a"), None);
    disk.sync_dir(Path::new("/d")).unwrap();
    file.write_at(b"two", 0).unwrap();
    assert_eq!(text(&disk, "/d/a").unwrap(), "two");
    assert_eq!(
        text(&disk.power_cut(Unsynced::Lost), "/d/a").unwrap(),
        "one"
    );
    assert_eq!(
        text(&disk.power_cut(Unsynced::Kept), "/d/a").unwrap(),
        "two"
    );
}

#[test]
fn a_replaced_file_is_old_or_new_after_any_power_cut() {
    for stop in 0..12 {
        for seed in 0..20 {
            let disk = SimDisk::new();
            let path = Path::new("/d/x");
            disk.create_dirs(Path::new("/d")).unwrap();
            crashsafe::replace(&disk, path, b"old").unwrap();
            // Every kind of operation once stops the replacement half way.
            let ops = [
                Op::Open,
                Op::Write,
                Op::Sync,
                Op::Rename,
                Op::SyncDir,
                Op::Remove,
            ];
            disk.inject(Fault {
                after: stop / 6,
                ..Fault::from_now(ops[stop as usize % 6], 5)
            });
            let done = crashsafe::replace(&disk, path, b"new").is_ok();
            let left = disk.power_cut(Unsynced::Some(seed));
            let loaded = crashsafe::load(&left, path, 100, |b| match b {
                b"old" | b"new" => Ok(b.to_vec()),
                _ => Err("a mixture"),
            });
            let value = loaded.unwrap().unwrap().value;
            assert!(!done || value == b"new", "stop {stop} seed {seed}");
        }
    }
}

#[test]
fn a_failed_sync_is_not_made_good_by_the_next() {
    let disk = SimDisk::new();
    disk.create_dirs(Path::new("/d")).unwrap();
    let file = disk.open(Path::new("/d/a"), OpenMode::Create).unwrap();
    file.set_len(3).unwrap();
    file.sync_all().unwrap();
    disk.sync_dir(Path::new("/d")).unwrap();
    file.write_at(b"one", 0).unwrap();
    disk.inject(Fault {
        times: 1,
        ..Fault::from_now(Op::Sync, 5)
    });
    assert_eq!(file.sync_data().unwrap_err().kind(), DiskErrorKind::Device);
    file.sync_data().unwrap();
    assert_eq!(text(&disk, "/d/a").unwrap(), "one");
    assert_eq!(
        text(&disk.power_cut(Unsynced::Lost), "/d/a").unwrap(),
        "\0\0\0"
    );
}

#[test]
fn a_full_disk_says_so_and_reserved_space_can_still_be_written() {
    let disk = SimDisk::new();
    disk.create_dirs(Path::new("/d")).unwrap();
    let file = disk.open(Path::new("/d/a"), OpenMode::Create).unwrap();
    file.preallocate(1024).unwrap();
    disk.limit(1024);
    file.write_at(&[1; 1024], 0).unwrap();
    let kind = file.write_at(&[1; 1], 1024).unwrap_err().kind();
    assert_eq!(kind, DiskErrorKind::Full);
    disk.heal();
    file.write_at(&[1; 1], 1024).unwrap();
}

#[test]
fn a_removed_file_takes_space_as_long_as_it_is_open() {
    let disk = SimDisk::new();
    disk.create_dirs(Path::new("/d")).unwrap();
    disk.set_time(Millis(5));
    let path = Path::new("/d/a");
    let file = disk.open(path, OpenMode::Create).unwrap();
    file.write_at(&[1; 2048], 0).unwrap();
    assert_eq!(file.modified().unwrap(), Millis(5));
    disk.sync_dir(Path::new("/d")).unwrap();
    disk.remove(path).unwrap();
    assert_eq!(disk.used(), 2048);
    file.set_len(512).unwrap();
    assert_eq!(disk.used(), 512);
    drop(file);
    assert_eq!(disk.used(), 0);
    let left = disk.power_cut(Unsynced::Lost);
    assert!(left.exists(path).unwrap(), "the removal was not synced");
}

#[test]
fn bad_bytes_fail_to_be_read_until_they_are_written_as_a_whole() {
    let disk = SimDisk::new();
    let path = Path::new("/f");
    let file = disk.open(path, OpenMode::Create).unwrap();
    file.write_at(&[1; 100], 0).unwrap();
    disk.set_bad(path, 40..50);
    let mut buf = [0; 10];
    file.read_exact_at(&mut buf, 30).unwrap();
    file.read_exact_at(&mut buf, 50).unwrap();
    let failed = file.read_at(&mut buf, 49).unwrap_err();
    assert_eq!(failed.kind(), DiskErrorKind::Device);
    assert_eq!(file.read_cached_at(&mut buf, 31).unwrap(), None);
    assert!(file.write_at(&[2; 9], 40).is_err());
    file.write_at(&[2; 12], 39).unwrap();
    file.read_exact_at(&mut buf, 40).unwrap();
    assert_eq!(buf, [2; 10]);
}
