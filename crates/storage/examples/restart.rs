//! Measures starts: `cargo run --profile perf -p ferromq-storage --example restart [queues [MiB]]`.
//!
//! Fills a store with that many queues and bytes, then opens it after a clean stop, after a kill, and with the
//! whole log to be read, and prints times and memory. The data goes to a temporary folder below `TMPDIR`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement ends at the first problem and prints what it measured"
)]

mod message;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use ferromq_base::{QueueId, SystemClock};
use ferromq_disk::RealDisk;
use ferromq_storage::{IndexKeys, Store, StoreConfig};
use message::{TOPIC, push};

fn open(dir: &Path, queues: u32, what: &str) -> Arc<Store> {
    let start = Instant::now();
    let mut config = StoreConfig::at(dir);
    // Sparse files of full size for few queues, small ones for many.
    if 1000 < queues {
        config.queue_file_bytes = 6_000;
    }
    let store = Store::open(Arc::new(RealDisk), config, Arc::new(SystemClock)).unwrap();
    println!(
        "{what}: {:?}, {} MiB resident",
        start.elapsed(),
        resident_mib()
    );
    store
}

/// Memory of this process.
fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = status.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4 / 1024
}

fn fill(store: &Store, queues: u32, mib: u64) {
    let body = [b'x'; 1024];
    let mut turn = store.turn();
    for number in 0..mib * 1024 {
        let queue = store.queue(TOPIC, QueueId((number % u64::from(queues)) as u32));
        let id = format!("7F000001{number:024X}");
        let properties = format!("UNIQ_KEY\u{1}{id}\u{2}TAGS\u{1}TagA\u{2}");
        let keys = IndexKeys {
            tags: "TagA",
            keys: "",
            unique_key: &id,
        };
        push(&mut turn, &queue, &body, &properties, keys);
        if turn.len() == 64 {
            store.append(&mut turn).unwrap();
            turn.clear();
        }
    }
    store.append(&mut turn).unwrap();
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default| {
        arguments
            .next()
            .and_then(|s| s.parse().ok())
            .unwrap_or(default)
    };
    let (queues, mib) = (number(8), u64::from(number(1024)));
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), queues, "first start");
    let start = Instant::now();
    fill(&store, queues, mib);
    println!(
        "filled with {mib} MiB in {queues} queues: {:?}",
        start.elapsed()
    );
    let start = Instant::now();
    store.close().unwrap();
    println!("closed: {:?}", start.elapsed());
    drop(store);
    drop(open(dir.path(), queues, "after a clean stop"));
    let store = open(dir.path(), queues, "after a kill");
    fill(&store, queues, 256);
    drop(store);
    drop(open(dir.path(), queues, "after a kill 256 MiB later"));
    for suffix in ["", ".bak"] {
        let _ = std::fs::remove_file(dir.path().join(format!("ferromq.checkpoint{suffix}")));
    }
    let _ = std::fs::remove_dir_all(dir.path().join("consumequeue"));
    open(dir.path(), queues, "everything made anew from the log")
        .close()
        .unwrap();
}
