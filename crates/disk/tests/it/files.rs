//! Positioned I/O, preallocation, listing and locks.

use ferromq_disk::{DirLock, Disk, DiskErrorKind, OpenMode, RealDisk};

#[test]
fn bytes_come_back_from_where_they_were_written() {
    let dir = tempfile::tempdir().unwrap();
    let file = RealDisk
        .open(&dir.path().join("f"), OpenMode::CreateNew)
        .unwrap();
    file.preallocate(10_000).unwrap();
    assert_eq!(file.len().unwrap(), 10_000);
    file.write_at(b"hello", 5000).unwrap();
    let mut buf = [1; 7];
    file.read_exact_at(&mut buf, 4999).unwrap();
    assert_eq!(&buf, b"\0hello\0");
    assert_eq!(file.read_cached_at(&mut buf, 4999).unwrap(), Some(7));
    file.zero_range(5001, 3).unwrap();
    file.read_exact_at(&mut buf, 4999).unwrap();
    assert_eq!(&buf, b"\0h\0\0\0o\0");
    assert_eq!(file.len().unwrap(), 10_000);
    file.sync_data().unwrap();
}

#[test]
fn a_read_over_the_end_is_short_and_an_exact_one_fails() {
    let dir = tempfile::tempdir().unwrap();
    let file = RealDisk
        .open(&dir.path().join("f"), OpenMode::Create)
        .unwrap();
    file.write_at(b"abc", 0).unwrap();
    let mut buf = [0; 8];
    assert_eq!(file.read_at(&mut buf, 1).unwrap(), 2);
    assert_eq!(
        file.read_exact_at(&mut buf, 1).unwrap_err().kind(),
        DiskErrorKind::ShortFile
    );
}

#[test]
fn modes_and_kinds_of_refusal() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    let kind = |mode| RealDisk.open(&path, mode).map(|_| ()).unwrap_err().kind();
    assert_eq!(kind(OpenMode::Read), DiskErrorKind::NotFound);
    assert_eq!(kind(OpenMode::Write), DiskErrorKind::NotFound);
    RealDisk.open(&path, OpenMode::CreateNew).unwrap();
    assert_eq!(kind(OpenMode::CreateNew), DiskErrorKind::AlreadyExists);
    let big = RealDisk.open(&path, OpenMode::Write).unwrap();
    big.set_len(100).unwrap();
    assert!(RealDisk.read(&path, 99).is_err());
    assert_eq!(RealDisk.read(&path, 100).unwrap().len(), 100);
}

#[test]
fn listing_is_sorted_and_tells_folders_apart() {
    let dir = tempfile::tempdir().unwrap();
    RealDisk
        .create_dirs(&dir.path().join("b").join("c"))
        .unwrap();
    RealDisk
        .open(&dir.path().join("a"), OpenMode::Create)
        .unwrap();
    let names: Vec<_> = RealDisk
        .list(dir.path())
        .unwrap()
        .into_iter()
        .map(|e| (e.name, e.is_dir))
        .collect();
    assert_eq!(names, [("a".to_owned(), false), ("b".to_owned(), true)]);
    assert!(0 < RealDisk.space(dir.path()).unwrap().total);
}

#[test]
fn a_folder_has_one_owner_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let first = DirLock::take(&RealDisk, dir.path()).unwrap();
    let refused = DirLock::take(&RealDisk, dir.path()).unwrap_err();
    assert_eq!(refused.kind(), DiskErrorKind::Locked);
    drop(first);
    let _second = DirLock::take(&RealDisk, dir.path()).unwrap();
    assert_eq!(
        RealDisk.read(&dir.path().join("lock"), 10).unwrap(),
        b"lock"
    );
}

#[test]
fn data_is_found_behind_a_hole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    let file = RealDisk.open(&path, OpenMode::CreateNew).unwrap();
    file.set_len(10 << 20).unwrap();
    file.write_at(b"x", 5 << 20).unwrap();
    file.sync_all().unwrap();
    // A file system may know less, but never too much.
    let found = file.data_from(100).unwrap().unwrap();
    assert!((100..=5 << 20).contains(&found), "{found}");
    assert_eq!(file.data_from(5 << 20).unwrap(), Some(5 << 20));
    assert_eq!(file.data_from(10 << 20).unwrap(), None);
}
