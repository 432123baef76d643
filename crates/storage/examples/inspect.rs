//! Opens a store (a copy of one: opening recovers it) and reads every message of every queue:
//! `cargo run -p ferromq-storage --example inspect DIR [segment bytes [queue file bytes [slots entries]]]`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "prints what it finds and ends at the first problem"
)]

use std::sync::Arc;
use std::time::Instant;

use ferromq_base::SystemClock;
use ferromq_disk::RealDisk;
use ferromq_storage::{IndexConfig, ReadLimits, Store, StoreConfig};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize| arguments.get(i).and_then(|s| s.parse::<u64>().ok());
    let mut config = StoreConfig::at(arguments.first().expect("the folder of the store"));
    config.segment_bytes = number(1).unwrap_or(config.segment_bytes);
    config.queue_file_bytes = number(2).unwrap_or(config.queue_file_bytes);
    if let (Some(slots), Some(entries)) = (number(3), number(4)) {
        config.index = Some(IndexConfig {
            slots: u32::try_from(slots).unwrap(),
            entries: u32::try_from(entries).unwrap(),
        });
    }
    let start = Instant::now();
    let store = Store::open(Arc::new(RealDisk), config, Arc::new(SystemClock)).unwrap();
    println!(
        "opened in {:?}, log {:?}",
        start.elapsed(),
        store.log_range()
    );
    let limits = ReadLimits {
        count: 32,
        bytes: 1 << 20,
    };
    let mut out = Vec::new();
    for queue in store.queues() {
        let (mut next, mut count, mut bytes) = (queue.min(), 0, 0);
        while next < queue.max() {
            out.clear();
            match store.read(&queue, next, limits, &|_| true, &mut out) {
                Ok(outcome) => {
                    count += outcome.count;
                    bytes += out.len();
                    next = outcome.next_begin;
                }
                Err(error) => {
                    println!("{queue:?} at {next}: {error}");
                    break;
                }
            }
        }
        let range = queue.min().0..queue.max().0;
        println!("{queue:?} {range:?}: {count} messages, {bytes} bytes");
    }
}
