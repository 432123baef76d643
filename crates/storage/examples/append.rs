//! Measures appends: `cargo run --profile perf -p ferromq-storage --example append [seconds]`.
//!
//! Prints messages per second and CPU time of the whole process per message (queue files, key index and flushes
//! included) for several numbers of threads and of messages per turn, and reads at the tail. The data goes to a
//! temporary folder below `TMPDIR`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement ends at the first problem and prints what it measured"
)]

mod message;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ferromq_base::{QueueId, QueueOffset, SystemClock};
use ferromq_disk::RealDisk;
use ferromq_storage::{FlushMode, IndexKeys, ReadLimits, Store, StoreConfig, Turn};
use message::{TOPIC, push};

const BODY: [u8; 1024] = [b'x'; 1024];

/// CPU time of this process.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    // User and system time in ticks of 10 ms, the 14th and 15th field of the line.
    let ticks = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

fn fill(store: &Store, turn: &mut Turn, count: usize, number: &mut u64) {
    for _ in 0..count {
        *number += 1;
        let queue = store.queue(TOPIC, QueueId((*number % 8) as u32));
        let id = format!("7F000001{number:024X}");
        let properties = format!("UNIQ_KEY\u{1}{id}\u{2}WAIT\u{1}true\u{2}TAGS\u{1}TagA\u{2}");
        let keys = IndexKeys {
            tags: "TagA",
            keys: "",
            unique_key: &id,
        };
        push(turn, &queue, &BODY, &properties, keys);
    }
}

/// One arrangement: threads, messages per turn, flush mode.
fn append(dir: &Path, threads: u64, per_turn: usize, flush: FlushMode, time: Duration) {
    let mut config = StoreConfig::at(dir);
    config.flush = flush;
    let store = Store::open(Arc::new(RealDisk), config, Arc::new(SystemClock)).unwrap();
    let sent = Arc::new(AtomicU64::new(0));
    let start = (Instant::now(), cpu());
    let workers: Vec<_> = (0..threads)
        .map(|thread| {
            let (store, sent) = (Arc::clone(&store), Arc::clone(&sent));
            std::thread::spawn(move || {
                let mut turn = store.turn();
                let mut number = thread << 40;
                let mut slowest = Duration::ZERO;
                while start.0.elapsed() < time {
                    fill(&store, &mut turn, per_turn, &mut number);
                    let before = Instant::now();
                    if flush == FlushMode::Sync {
                        store.append_wait(&mut turn).unwrap();
                    } else {
                        store.append(&mut turn).unwrap();
                    }
                    slowest = slowest.max(before.elapsed());
                    sent.fetch_add(per_turn as u64, Ordering::Relaxed);
                    turn.clear();
                }
                slowest
            })
        })
        .collect();
    let slowest = workers.into_iter().map(|w| w.join().unwrap()).max();
    let (took, used) = (start.0.elapsed(), cpu() - start.1);
    let sent = sent.load(Ordering::Relaxed);
    println!(
        "{threads:2} threads x {per_turn:3} per turn, {}: {:8.0} messages/s, {:5.2} us CPU each, slowest append {:?}",
        if flush == FlushMode::Sync {
            "sync "
        } else {
            "async"
        },
        sent as f64 / took.as_secs_f64(),
        used.as_secs_f64() * 1e6 / sent as f64,
        slowest.unwrap_or_default(),
    );
    read_tail(&store);
    let before = Instant::now();
    store.close().unwrap();
    println!("   closed in {:?}", before.elapsed());
}

/// Reads 32 messages at a time near the end of the log.
fn read_tail(store: &Store) {
    let queue = store.queue(TOPIC, QueueId(0));
    let first = queue.max().0.saturating_sub(1024).max(queue.min().0);
    let limits = ReadLimits {
        count: 32,
        bytes: 1 << 20,
    };
    let mut out = Vec::new();
    let (start, used) = (Instant::now(), cpu());
    let mut messages = 0;
    while start.elapsed() < Duration::from_millis(300) {
        let mut next = QueueOffset(first);
        while next < queue.max() {
            out.clear();
            let outcome = store
                .read(&queue, next, limits, &|_| true, &mut out)
                .unwrap();
            messages += u64::from(outcome.count);
            next = outcome.next_begin;
        }
    }
    println!(
        "   reads at the tail: {:.2} us CPU per message",
        (cpu() - used).as_secs_f64() * 1e6 / messages.max(1) as f64
    );
}

/// Median time of a lone write of 1 KiB and its sync, for judging the figures with synchronous flush.
fn flush_latency(dir: &Path) -> Duration {
    use std::os::unix::fs::FileExt;
    let file = std::fs::File::create(dir.join("probe")).unwrap();
    let mut times: Vec<Duration> = (0..200_u64)
        .map(|i| {
            let start = Instant::now();
            file.write_all_at(&BODY, i * 1024).unwrap();
            file.sync_data().unwrap();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[100]
}

fn main() {
    let seconds = std::env::args().nth(1).and_then(|s| s.parse().ok());
    let time = Duration::from_secs(seconds.unwrap_or(2));
    let asynchronous = FlushMode::default();
    for (threads, per_turn, flush) in [
        (1, 1, asynchronous),
        (1, 16, asynchronous),
        (8, 1, asynchronous),
        (8, 16, asynchronous),
        (1, 1, FlushMode::Sync),
        (8, 1, FlushMode::Sync),
        (8, 16, FlushMode::Sync),
    ] {
        let dir = tempfile::tempdir().unwrap();
        if flush == FlushMode::Sync {
            println!(
                "   a lone write and sync takes {:?}",
                flush_latency(dir.path())
            );
        }
        append(dir.path(), threads, per_turn, flush, time);
    }
}
