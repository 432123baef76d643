//! A full disk: what is refused, what goes on, and that it ends by itself.

use std::path::Path;
use std::time::Duration;

use ferromq_disk::{Disk, OpenMode};
use ferromq_storage::{AppendError, NotWritable, Retention, WorkerKind};

use super::kept::{DISK, Kept};
use crate::support::{message, push};

const FILLER: &str = "/filler";

/// Somebody else fills the disk so far that `left` bytes are free.
fn fill(kept: &Kept, left: u64) {
    let path = Path::new(FILLER);
    let file = kept.sim.open(path, OpenMode::Create).unwrap();
    file.set_len(0).unwrap();
    file.preallocate(DISK - kept.sim.used() - left).unwrap();
}

fn append(kept: &Kept) -> Result<(), String> {
    let mut turn = kept.store.turn();
    push(&kept.store, &mut turn, &message("T", 0, &[1; 100]));
    let Err(error) = kept.store.append(&mut turn) else {
        return Ok(());
    };
    let is_full = matches!(error, AppendError::NotWritable(NotWritable::Full(_)));
    assert!(is_full, "{error}");
    Err(error.to_string())
}

fn kept(retention: Retention) -> Kept {
    let kept = Kept::new(retention);
    kept.put("T", 0..40);
    kept.settle();
    kept.clean();
    kept
}

#[test]
fn above_the_warning_level_appends_are_refused_with_the_cause_until_there_is_space() {
    let kept = kept(Retention {
        forced: false,
        ..Retention::default()
    });
    append(&kept).unwrap();
    let before = kept.numbers("T").len();
    fill(&kept, 85_000);
    kept.clean();
    let cause = append(&kept).unwrap_err();
    for part in [
        "/store/commitlog",
        "92 % used",
        "90 % allowed",
        "free space",
    ] {
        assert!(cause.contains(part), "{part}: {cause}");
    }
    assert!(kept.store.writable().is_err());
    assert_eq!(kept.numbers("T").len(), before, "reads go on");
    assert_eq!(kept.log_start(), 0, "nothing is deleted by force");
    // Between the limits it stays as it is.
    fill(&kept, DISK * 12 / 100);
    kept.clean();
    assert!(append(&kept).is_err());
    fill(&kept, DISK * 16 / 100);
    kept.clean();
    append(&kept).unwrap();
    assert_eq!(kept.numbers("T").len(), before + 1);
    kept.closed().store.close().unwrap();
}

#[test]
fn the_oldest_files_go_by_force_only_as_far_as_it_takes() {
    let kept = kept(Retention::default());
    kept.put("T", 40..120);
    kept.settle();
    let files = kept.files("commitlog").len() as u64;
    assert!(3 < files);
    // A bit more than three files too much.
    fill(&kept, DISK * 15 / 100 - 3 * 4096);
    kept.clean();
    let left = kept.files("commitlog").len() as u64;
    assert!(0 < left && left < files && 0 < kept.log_start(), "{left}");
    append(&kept).unwrap();
    let used = kept.sim.space(Path::new("/")).unwrap().used_percent();
    assert!(used <= 85, "{used}");
    assert!(84 <= used, "{used}: more was deleted than needed");
}

#[test]
fn a_limit_in_free_bytes_decides_instead() {
    let kept = kept(Retention {
        forced: false,
        free_bytes_min: 64 << 10,
        ..Retention::default()
    });
    fill(&kept, 128 << 10);
    kept.clean();
    append(&kept).unwrap();
    fill(&kept, (64 << 10) - 1);
    kept.clean();
    let cause = append(&kept).unwrap_err();
    assert!(cause.contains("65536 wanted (minFreeDiskBytes)"), "{cause}");
    fill(&kept, 128 << 10);
    kept.clean();
    append(&kept).unwrap();
}

#[test]
fn while_messages_are_refused_each_attempt_causes_a_look() {
    let kept = kept(Retention {
        forced: false,
        ..Retention::default()
    });
    fill(&kept, 0);
    kept.clean();
    assert!(append(&kept).is_err());
    // Nobody tries, nobody looks.
    kept.store.step(WorkerKind::Clean);
    assert!(!kept.store.step(WorkerKind::Clean));
    kept.sim.remove(Path::new(FILLER)).unwrap();
    assert!(append(&kept).is_err());
    kept.store.step(WorkerKind::Clean);
    append(&kept).unwrap();
}

#[test]
fn a_completely_full_disk_still_opens_saves_checkpoints_and_closes_cleanly() {
    let kept = kept(Retention {
        forced: false,
        ..Retention::default()
    });
    kept.put("T", 40..50);
    // No byte is left. Neither queue files nor a checkpoint have seen the last messages.
    fill(&kept, 0);
    let kept = kept.reopened(|_| {});
    assert_eq!(kept.numbers("T").len(), 50);
    kept.clean();
    assert!(append(&kept).is_err());
    let kept = kept.closed();
    assert_eq!(kept.numbers("T").len(), 50);
    kept.sim.remove(Path::new(FILLER)).unwrap();
    kept.clean();
    append(&kept).unwrap();
}

#[test]
fn the_next_file_that_found_no_space_is_made_when_there_is_some() {
    let kept = kept(Retention::everything());
    kept.store.step(WorkerKind::Files);
    let files = kept.files("commitlog").len();
    // Into the second half of the present file and further, until the next one is wanted.
    fill(&kept, 1000);
    let mut refused = false;
    for _ in 0..80 {
        let mut turn = kept.store.turn();
        push(&kept.store, &mut turn, &message("T", 0, &[1; 100]));
        refused |= kept.store.append(&mut turn).is_err();
        kept.store.step(WorkerKind::Files);
        if refused {
            break;
        }
    }
    assert!(refused);
    let count = kept.numbers("T").len();
    kept.sim.remove(Path::new(FILLER)).unwrap();
    kept.clean();
    kept.store.step(WorkerKind::Files);
    assert!(files < kept.files("commitlog").len());
    kept.pass(Duration::from_secs(2));
    let mut turn = kept.store.turn();
    push(&kept.store, &mut turn, &message("T", 0, &[1; 100]));
    kept.store.append(&mut turn).unwrap();
    assert_eq!(kept.numbers("T").len(), count + 1);
}
