//! What the deletion of old files does to appends: `delete FOLDER [files] [sync] [whole] [prepare]`.
//!
//! `prepare` only makes the files, so that the measurement can follow in a quiet moment. Otherwise makes files of 1 GiB, all bytes written, and a store that begins with them. Then one thread appends eight messages of
//! 1 KiB every millisecond, while the oldest files are deleted in every other slice of time. Prints how long appends took
//! with and without. `whole` frees each file at once instead of in steps.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement ends at the first problem and prints what it measured"
)]

mod message;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ferromq_base::{QueueId, SystemClock};
use ferromq_disk::{Disk, OpenMode, RealDisk};
use ferromq_storage::{FlushMode, IndexKeys, Retention, Store, StoreConfig, Turn};
use ferromq_wire::message::record;
use message::{TOPIC, push};

const GIB: u64 = 1 << 30;
const BODY: [u8; 1024] = [b'b'; 1024];
const PER_TURN: usize = 8;
const SLICES: usize = 4;
/// A slice without deletion; one with it is as long as the deletion takes.
const SLICE: Duration = Duration::from_secs(6);

/// Files of the log without a record: each is one filler, and written to its end.
fn make_old_files(root: &Path, count: u64) {
    let dir = root.join("commitlog");
    RealDisk.create_dirs(&dir).unwrap();
    for number in 0..count {
        let path = dir.join(format!("{:020}", number * GIB));
        let file = RealDisk.open(&path, OpenMode::Create).unwrap();
        file.preallocate(GIB).unwrap();
        let piece = vec![7; 4 << 20];
        for at in (0..GIB).step_by(piece.len()) {
            file.write_at(&piece, at).unwrap();
        }
        let mut filler = Vec::new();
        record::push_blank(&mut filler, u32::try_from(GIB).unwrap());
        file.write_at(&filler, 0).unwrap();
        file.sync_all().unwrap();
    }
}

fn fill(store: &Store, turn: &mut Turn) {
    let queue = store.queue(TOPIC, QueueId(0));
    for _ in 0..PER_TURN {
        let keys = IndexKeys {
            tags: "",
            keys: "",
            unique_key: "",
        };
        push(turn, &queue, &BODY, "", keys);
    }
}

/// Appends until told to stop; how long each took, by slice.
fn load(
    store: &Store,
    flush: FlushMode,
    slice: &AtomicUsize,
    stop: &AtomicBool,
) -> Vec<Vec<Duration>> {
    let mut times = vec![Vec::new(); SLICES];
    let mut turn = store.turn();
    while !stop.load(Ordering::Relaxed) {
        fill(store, &mut turn);
        let begin = Instant::now();
        if flush == FlushMode::Sync {
            store.append_wait(&mut turn).unwrap();
        } else {
            store.append(&mut turn).unwrap();
        }
        times[slice.load(Ordering::Relaxed)].push(begin.elapsed());
        turn.clear();
        std::thread::sleep(Duration::from_millis(1).saturating_sub(begin.elapsed()));
    }
    times
}

fn print(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "{name}: {:6} appends, median {:?}, p99 {:?}, p99.9 {:?}, slowest {:?}",
        times.len(),
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
}

/// Whether this process has a file of the store open that has no name any more.
fn is_being_freed(root: &Path) -> bool {
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    let paths = open.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    let mut of_store = paths.filter(|path| path.starts_with(root));
    of_store.any(|path| path.to_string_lossy().ends_with(" (deleted)"))
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| arguments.iter().any(|a| a == word);
    let root = PathBuf::from(arguments.first().expect("a folder"));
    std::fs::create_dir_all(&root).unwrap();
    let root = root.canonicalize().unwrap();
    let count: u64 = arguments.get(1).and_then(|n| n.parse().ok()).unwrap_or(10);
    if !root.join("commitlog").exists() {
        make_old_files(&root, count);
    }
    if has("prepare") {
        return;
    }
    let mut config = StoreConfig::at(&root);
    config.flush = if has("sync") {
        FlushMode::Sync
    } else {
        FlushMode::default()
    };
    config.retention = Retention::everything();
    let flush = config.flush;
    let store = Store::open(Arc::new(RealDisk), config, Arc::new(SystemClock)).unwrap();
    let (slice, stop) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let appender = {
        let (store, slice, stop) = (Arc::clone(&store), Arc::clone(&slice), Arc::clone(&stop));
        std::thread::spawn(move || load(&store, flush, &slice, &stop))
    };
    // A checkpoint must cover the old files before they can go.
    std::thread::sleep(Duration::from_secs(1));
    let mut took = Duration::ZERO;
    for number in 0..SLICES {
        slice.store(number, Ordering::Relaxed);
        if number % 2 == 0 {
            std::thread::sleep(SLICE);
            continue;
        }
        let begin = Instant::now();
        let left = count - (number as u64 + 1) * count / SLICES as u64;
        let mut retention = Retention {
            log_bytes_max: (left + 1) * GIB,
            batch: u32::MAX,
            ..Retention::everything()
        };
        if has("whole") {
            retention.step_bytes = u64::MAX;
        }
        store.set_retention(retention);
        while store.log_range().0.0 < (count - left) * GIB {
            std::thread::sleep(Duration::from_millis(1));
        }
        while is_being_freed(&root) {
            std::thread::sleep(Duration::from_millis(10));
        }
        took += begin.elapsed();
    }
    stop.store(true, Ordering::Relaxed);
    let times = appender.join().unwrap();
    let of = |parity: usize| {
        let slices = times.iter().skip(parity).step_by(2);
        slices.flatten().copied().collect::<Vec<Duration>>()
    };
    println!("{count} files of 1 GiB deleted in {took:?}");
    print("without deletion", of(0));
    print("with deletion   ", of(1));
    store.close().unwrap();
}
