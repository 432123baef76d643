//! Damaged files: the store starts or refuses with the name of the file; it never serves a body that differs from what
//! was written, and what is gone from the log is reported.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ferromq_base::clock::ManualClock;
use ferromq_base::{LogOffset, Millis, QueueId, QueueOffset};
use ferromq_disk::{Disk, OpenMode};
use ferromq_storage::{OpenError, Queue, ReadLimits, Store, WorkerKind};
use ferromq_testkit::{SimDisk, Unsynced};
use ferromq_wire::message::record;

use super::random::Random;
use super::seeds;
use crate::support::{ASYNC, NOON, message, push, record_bytes, simulated};

const QUEUES: u32 = 3;
const MESSAGES: u8 = 90;
const SECTOR: u64 = 512;

/// A store as it was left, and every record in it.
struct Original {
    disk: SimDisk,
    records: BTreeMap<u64, Vec<u8>>,
    /// The last checkpoint says that the log is synced up to here. What comes after may be the torn end of a log.
    synced: u64,
}

/// What a store with a damaged file said.
#[derive(Debug, Default)]
struct Findings {
    served: BTreeSet<u64>,
    errors: Vec<String>,
    /// A record differs outside of its body, which the format has no checksum for.
    unprotected: bool,
    /// Records that are in the log but cannot be found, because their damage says that they belong somewhere else.
    misplaced: BTreeSet<u64>,
}

fn open(disk: &SimDisk) -> Result<Arc<Store>, OpenError> {
    let clock = Arc::new(ManualClock::at(NOON));
    Store::open_stepped(Arc::new(disk.clone()), simulated(ASYNC), clock)
}

impl Original {
    /// A store that was closed, or one that died some time after a checkpoint.
    fn new(closed: bool) -> Self {
        let disk = SimDisk::new();
        let clock = Arc::new(ManualClock::at(NOON));
        let as_clock = Arc::clone(&clock);
        let store = Store::open_stepped(Arc::new(disk.clone()), simulated(ASYNC), as_clock as _);
        let store = store.unwrap();
        let mut records = BTreeMap::new();
        let mut synced = 0;
        for i in 0..MESSAGES {
            let mut turn = store.turn();
            let body = vec![i + 1; 20 + usize::from(i) * 5];
            let message = message("T", u32::from(i) % QUEUES, &body);
            push(
                &store,
                &mut turn,
                &message.with("KEYS", &format!("k{}", i % 5)),
            );
            store.append(&mut turn).unwrap();
            let at = turn.placed(0).log_offset;
            records.insert(at.0, record_bytes(&store, at));
            if i == 30 || i == 60 {
                clock.advance(Duration::from_secs(11));
                for worker in [WorkerKind::Flush, WorkerKind::Flush, WorkerKind::Dispatch] {
                    store.step(worker);
                }
                while store.step(WorkerKind::Dispatch) {}
                synced = turn.end().0;
            }
        }
        if closed {
            store.close().unwrap();
            synced = store.log_range().1.0;
        }
        drop(store);
        let disk = disk.power_cut(Unsynced::Kept);
        Self {
            disk,
            records,
            synced,
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut dirs = vec![PathBuf::from("/store")];
        while let Some(dir) = dirs.pop() {
            for entry in self.disk.list(&dir).unwrap() {
                let path = dir.join(&entry.name);
                if entry.is_dir {
                    dirs.push(path);
                } else {
                    files.push(path);
                }
            }
        }
        files.sort();
        files
    }

    /// Damages a copy of the disk, and looks at what a store makes of it.
    fn examine(&self, path: &Path, damage: impl FnOnce(&SimDisk)) -> Findings {
        let disk = self.disk.power_cut(Unsynced::Kept);
        damage(&disk);
        let is_log = path.starts_with("/store/commitlog");
        let store = match open(&disk) {
            Ok(store) => store,
            Err(error) => {
                let text = error.to_string();
                assert!(
                    is_log && text.contains("/store/commitlog"),
                    "{path:?}: {text}"
                );
                return Findings {
                    errors: vec![text],
                    ..Findings::default()
                };
            }
        };
        let mut findings = Findings::default();
        // What is wrong in a file of a queue is found by reading, and then repaired.
        for queue in 0..QUEUES {
            self.read(&store, &store.queue("T", QueueId(queue)), &mut findings);
        }
        while store.step(WorkerKind::Repair) {}
        findings.errors.clear();
        for queue in 0..QUEUES {
            self.read(&store, &store.queue("T", QueueId(queue)), &mut findings);
        }
        findings.errors.extend(store.damaged_messages());
        self.query(&store, &mut findings);
        for (&at, written) in &self.records {
            let mut out = Vec::new();
            let found = store.record_at(LogOffset(at), &mut out).is_ok();
            if found && !findings.served.contains(&at) && written != &out {
                self.compare(LogOffset(at), &out, &mut findings);
                findings.misplaced.insert(at);
            }
        }
        assert!(is_log || !findings.unprotected, "{path:?}");
        findings
    }

    /// Reads a queue message by message.
    fn read(&self, store: &Store, queue: &Queue, findings: &mut Findings) {
        let limits = ReadLimits {
            count: 1,
            bytes: 1 << 20,
        };
        let mut next = queue.min().0;
        while next < queue.max().0 {
            let mut out = Vec::new();
            match store.read(queue, QueueOffset(next), limits, &|_| true, &mut out) {
                Ok(outcome) => {
                    let asked = next;
                    next = outcome.next_begin.0.max(next + 1);
                    let Some(found) = record::records(&out).next() else {
                        continue;
                    };
                    findings.served.insert(found.physical_offset().0);
                    self.compare(found.physical_offset(), &out, findings);
                    assert_eq!(found.queue_id(), queue.id());
                    assert!((asked..next).contains(&found.queue_offset().0));
                }
                Err(error) => {
                    findings.errors.push(error.to_string());
                    next += 1;
                }
            }
        }
    }

    /// Every key leads to messages that were written, or to none.
    fn query(&self, store: &Store, findings: &mut Findings) {
        for key in 0..5 {
            let key = format!("k{key}");
            match store.query_keys("T", &key, 1000, Millis(0), Millis(i64::MAX)) {
                Ok(found) => {
                    for at in found {
                        let mut out = Vec::new();
                        if store.record_at(at, &mut out).is_ok() {
                            self.compare(at, &out, findings);
                        }
                    }
                }
                Err(error) => findings.errors.push(error.to_string()),
            }
        }
    }

    fn compare(&self, at: LogOffset, found: &[u8], findings: &mut Findings) {
        let written = self.records.get(&at.0).expect("a message that was written");
        if written != found {
            let body = |bytes: &[u8]| record::records(bytes).next().map(|r| r.body().to_vec());
            assert_eq!(body(written), body(found), "a body differs");
            findings.unprotected = true;
        }
    }

    /// What is missing although it was on the disk must have been reported. What was not may be cut, but without a hole.
    fn check_reported(&self, path: &Path, findings: &Findings) {
        let is_named = |text: &String| text.contains("/store/");
        if findings.errors.iter().any(is_named) {
            return;
        }
        let is_missing =
            |at: &&u64| !findings.served.contains(at) && !findings.misplaced.contains(at);
        let missing = self.records.keys().filter(is_missing);
        let first = missing.copied().next().unwrap_or(u64::MAX);
        assert!(self.synced <= first, "{path:?}: {first} is missing");
        let last = findings.served.last().copied().unwrap_or(0);
        assert!(last < first, "{path:?}: {first} is missing before {last}");
    }
}

/// Damages a file in a way that a seed chooses.
fn damage(disk: &SimDisk, path: &Path, random: &mut Random) {
    let file = disk.open(path, OpenMode::Write).unwrap();
    let len = file.len().unwrap();
    if len == 0 {
        return;
    }
    let sector = random.below(len.div_ceil(SECTOR)) * SECTOR;
    let size = usize::try_from(SECTOR.min(len - sector)).unwrap();
    match random.below(8) {
        0 => file.write_at(&vec![0; size], sector).unwrap(),
        1 => {
            let other = random.below(len.div_ceil(SECTOR)) * SECTOR;
            let mut bytes = vec![0; size];
            let read = file.read_at(&mut bytes, other).unwrap();
            file.write_at(&bytes[..read], sector).unwrap();
        }
        _ => {
            let at = random.below(len);
            let mut byte = [0];
            file.read_exact_at(&mut byte, at).unwrap();
            byte[0] ^= 1 << random.below(8);
            file.write_at(&byte, at).unwrap();
        }
    }
}

/// Damages one file of one of the stores.
fn damage_one(originals: &[Original; 2], seed: u64) {
    let mut random = Random::new(seed);
    let original = &originals[usize::from(random.once_in(2))];
    let files = original.files();
    let which = usize::try_from(random.below(files.len() as u64)).unwrap();
    let path = &files[which];
    let findings = original.examine(path, |disk| damage(disk, path, &mut random));
    original.check_reported(path, &findings);
    if path.starts_with("/store/consumequeue") {
        let (served, sent) = (findings.served.len(), original.records.len());
        assert_eq!(served, sent, "{path:?}: {findings:?}");
    }
}

#[test]
fn any_damage_is_survived_or_named_and_no_wrong_body_is_served() {
    let originals = [Original::new(true), Original::new(false)];
    seeds::run(200, |seed| damage_one(&originals, seed));
}

/// A damaged queue offset, higher or lower than it was, costs its own message only.
#[test]
fn a_damaged_queue_offset_takes_no_other_message_along() {
    let originals = [Original::new(true), Original::new(false)];
    for seed in [577, 2145, 7326, 9515] {
        damage_one(&originals, seed);
    }
}

#[test]
fn a_file_that_is_cut_at_any_sector_is_survived_or_named() {
    for original in [Original::new(true), Original::new(false)] {
        for path in original.files() {
            let len = original.disk.file_len(&path).unwrap();
            for to in (0..len).step_by(usize::try_from(SECTOR).unwrap()) {
                let findings = original.examine(&path, |disk| {
                    let file = disk.open(&path, OpenMode::Write).unwrap();
                    file.set_len(to).unwrap();
                });
                original.check_reported(&path, &findings);
            }
        }
    }
}

#[test]
fn queue_and_index_files_of_any_content_can_be_deleted_and_come_back() {
    let originals = [Original::new(true), Original::new(false)];
    seeds::run(30, |seed| {
        let mut random = Random::new(seed);
        let original = &originals[usize::from(random.once_in(2))];
        let dir = ["/store/consumequeue", "/store/index"][usize::from(random.once_in(2))];
        let files: Vec<_> = original
            .files()
            .into_iter()
            .filter(|f| f.starts_with(dir))
            .collect();
        let which = usize::try_from(random.below(files.len() as u64)).unwrap();
        let findings = original.examine(&files[which], |disk| {
            // A start in between takes the damaged file for what it is.
            damage(disk, &files[which], &mut random);
            drop(open(disk).unwrap());
            disk.remove_dir_all(Path::new(dir)).unwrap();
        });
        assert_eq!(
            findings.served.len(),
            original.records.len(),
            "{findings:?}"
        );
        assert!(findings.errors.is_empty(), "{findings:?}");
    });
}

/// Reported as they should be since: an entry that leads over the end of a file of the log was passed over in silence,
/// and a record with a damaged queue offset made the start wait for itself forever.
#[test]
fn damage_that_was_once_overlooked_is_reported() {
    for at_queue_offset in 20..28 {
        let original = Original::new(false);
        let path = Path::new("/store/commitlog/00000000000000028672");
        original.examine(path, |disk| {
            let file = disk.open(path, OpenMode::Write).unwrap();
            let mut byte = [0];
            file.read_exact_at(&mut byte, at_queue_offset).unwrap();
            file.write_at(&[byte[0] | 1], at_queue_offset).unwrap();
        });
    }
    let original = Original::new(true);
    let path = Path::new("/store/consumequeue/T/0/00000000000000000320");
    for place in 0..16 {
        let findings = original.examine(path, |disk| {
            let file = disk.open(path, OpenMode::Write).unwrap();
            // The size of an entry: more than the rest of the file of the log, less than the log.
            file.write_at(&3000_u32.to_be_bytes(), place * 20 + 8)
                .unwrap();
        });
        if findings.served.len() < original.records.len() {
            assert!(!findings.errors.is_empty(), "{place}");
        }
    }
}
