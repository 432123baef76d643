//! A store on a simulated disk whose workers take their turns when a test says so.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ferromq_base::clock::ManualClock;
use ferromq_base::{Millis, QueueId};
use ferromq_disk::{Disk, ReservedDisk};
use ferromq_storage::{Queue, Retention, Store, StoreConfig, WorkerKind};
use ferromq_testkit::SimDisk;

use crate::support::{ASYNC, NOON, bodies, message, put, simulated};

/// Size of the disk in bytes.
pub(super) const DISK: u64 = 1 << 20;

/// The store and what it stands on.
pub(super) struct Kept {
    pub(super) sim: SimDisk,
    pub(super) clock: Arc<ManualClock>,
    pub(super) store: Arc<Store>,
    config: StoreConfig,
}

impl Kept {
    pub(super) fn new(retention: Retention) -> Self {
        let sim = SimDisk::new();
        sim.set_time(NOON);
        let mut config = simulated(ASYNC);
        config.tail_ring_bytes = 0;
        config.retention = retention;
        Self::open(sim, config)
    }

    pub(super) fn open(sim: SimDisk, config: StoreConfig) -> Self {
        // Not the disk of unlimited size: a reserve for that takes a while to make.
        sim.limit(DISK);
        let clock = Arc::new(ManualClock::at(NOON));
        let inner: Arc<dyn Disk> = Arc::new(sim.clone());
        let disk = Arc::new(ReservedDisk::new(inner, Path::new("/store")));
        let store = Store::open_stepped(disk, config.clone(), Arc::clone(&clock) as _).unwrap();
        Self {
            sim,
            clock,
            store,
            config,
        }
    }

    /// The store after it was dropped, on the disk that `change` makes of the present one.
    pub(super) fn reopened(self, change: impl FnOnce(&SimDisk)) -> Self {
        let Self {
            sim, store, config, ..
        } = self;
        drop(store);
        change(&sim);
        Self::open(sim, config)
    }

    /// Closes the store cleanly first.
    pub(super) fn closed(self) -> Self {
        self.store.close().unwrap();
        self.reopened(|_| {})
    }

    /// Time passes, also for new files.
    pub(super) fn pass(&self, time: Duration) {
        use ferromq_base::Clock as _;
        self.clock.advance(time);
        self.sim.set_time(self.clock.now());
    }

    /// Appends messages of 300 bytes with the numbers `range`, of which some twelve fill a file.
    pub(super) fn put(&self, topic: &str, range: std::ops::Range<u32>) {
        for number in range {
            let mut body = number.to_be_bytes().to_vec();
            body.resize(200, 7);
            let key = format!("k{}", number % 5);
            put(&self.store, &message(topic, 0, &body).with("KEYS", &key));
        }
    }

    /// Everything appended is synced, in its files, and in a checkpoint.
    pub(super) fn settle(&self) {
        for _ in 0..4 {
            self.store.step(WorkerKind::Flush);
        }
        self.pass(Duration::from_secs(11));
        for _ in 0..6 {
            self.store.step(WorkerKind::Dispatch);
        }
    }

    /// Lets the cleaner do what it has to do, and the checkpoints that it needs.
    pub(super) fn clean(&self) {
        for _ in 0..3 {
            for _ in 0..2000 {
                if !self.store.step(WorkerKind::Clean) {
                    break;
                }
            }
            self.settle();
        }
    }

    pub(super) fn queue(&self, topic: &str) -> Arc<Queue> {
        self.store.queue(topic, QueueId(0))
    }

    /// Lowest and next offset of a queue.
    pub(super) fn range(&self, topic: &str) -> (u64, u64) {
        let queue = self.queue(topic);
        (queue.min().0, queue.max().0)
    }

    /// Numbers of the messages that can be read.
    pub(super) fn numbers(&self, topic: &str) -> Vec<u32> {
        let number = |body: &Vec<u8>| u32::from_be_bytes(*body.first_chunk().unwrap());
        bodies(&self.store, topic, 0).iter().map(number).collect()
    }

    /// Names of the files in a folder of the store.
    pub(super) fn files(&self, dir: &str) -> Vec<String> {
        let entries = self.sim.list(&Path::new("/store").join(dir)).unwrap();
        entries.into_iter().map(|entry| entry.name).collect()
    }

    pub(super) fn log_start(&self) -> u64 {
        self.store.log_range().0.0
    }

    /// Log offsets of the messages with a key.
    pub(super) fn with_key(&self, topic: &str, key: &str) -> Vec<u64> {
        let found = self
            .store
            .query_keys(topic, key, 1000, Millis(0), Millis(i64::MAX));
        found.unwrap().iter().map(|at| at.0).collect()
    }
}

/// At most so many bytes of log, nothing else.
pub(super) fn at_most(log_bytes_max: u64) -> Retention {
    Retention {
        log_bytes_max,
        ..Retention::everything()
    }
}
