//! Replaced files and their older generations.

use std::fs;
use std::path::Path;
use std::str::Utf8Error;

use ferromq_disk::RealDisk;
use ferromq_disk::crashsafe::{LoadError, Loaded, load, replace};

fn text(path: &Path) -> Result<Option<Loaded<String>>, LoadError<Utf8Error>> {
    load(&RealDisk, path, 1000, |b| {
        std::str::from_utf8(b).map(str::to_owned)
    })
}

#[test]
fn the_newest_generation_is_loaded_and_the_older_one_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.json");
    assert_eq!(text(&path).unwrap(), None);
    replace(&RealDisk, &path, b"one").unwrap();
    replace(&RealDisk, &path, b"two").unwrap();
    let loaded = text(&path).unwrap().unwrap();
    assert_eq!((loaded.value.as_str(), loaded.from_backup), ("two", false));
    assert_eq!(fs::read(dir.path().join("x.json.bak")).unwrap(), b"one");
    assert!(!dir.path().join("x.json.tmp").exists());
}

#[test]
fn a_missing_empty_or_damaged_file_gives_way_to_the_older_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.json");
    replace(&RealDisk, &path, b"one").unwrap();
    replace(&RealDisk, &path, b"two").unwrap();
    fs::write(&path, b"").unwrap();
    assert_eq!(text(&path).unwrap().unwrap().value, "one");
    fs::remove_file(&path).unwrap();
    assert_eq!(text(&path).unwrap().unwrap().value, "one");
    fs::write(&path, b"\xff").unwrap();
    let loaded = text(&path).unwrap().unwrap();
    assert_eq!((loaded.value.as_str(), loaded.from_backup), ("one", true));
    assert_eq!(
        fs::read(dir.path().join("x.json.damaged")).unwrap(),
        b"\xff"
    );
    replace(&RealDisk, &path, b"three").unwrap();
    assert_eq!(fs::read(dir.path().join("x.json.bak")).unwrap(), b"one");
}

#[test]
fn damage_without_an_older_generation_is_an_error_that_names_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.json");
    fs::write(&path, b"\xff").unwrap();
    let error = text(&path).unwrap_err().to_string();
    assert!(error.contains("x.json"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"\xff", "evidence stays");
}

#[test]
fn a_leftover_of_a_crashed_replacement_is_no_obstacle() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.json");
    fs::write(dir.path().join("x.json.tmp"), b"half").unwrap();
    assert_eq!(text(&path).unwrap(), None);
    replace(&RealDisk, &path, b"one").unwrap();
    assert_eq!(text(&path).unwrap().unwrap().value, "one");
}
