//! Bad sectors under the log: consumers go on behind them, but not before it is certain that they are bad.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ferromq_base::clock::ManualClock;
use ferromq_base::{QueueId, QueueOffset};
use ferromq_storage::{ReadError, ReadLimits, Store, StoreConfig};
use ferromq_testkit::{Fault, Op, SimDisk};
use ferromq_wire::message::record;

use crate::support::{ASYNC, NOON, message, put, simulated};

const LOG: &str = "/store/commitlog/00000000000000000000";
const COUNT: u8 = 200;
/// Larger than a page, so that pages hold parts of few records.
const BODY: usize = 1500;
const PATIENCE: Duration = Duration::from_secs(30);

struct Setup {
    disk: SimDisk,
    clock: Arc<ManualClock>,
    store: Arc<Store>,
    /// Where the messages are in the log, and their sizes.
    places: Vec<(u64, u64)>,
}

/// A store that was opened anew, so that nothing of its messages is in memory.
fn setup(block_bytes_max: usize) -> Setup {
    let disk = SimDisk::new();
    let clock = Arc::new(ManualClock::at(NOON));
    let config = StoreConfig {
        segment_bytes: 1 << 20,
        queue_file_bytes: 20 * 1000,
        block_bytes_max,
        ..simulated(ASYNC)
    };
    let open = || {
        let clock = Arc::clone(&clock);
        Store::open_stepped(Arc::new(disk.clone()), config.clone(), clock).unwrap()
    };
    let store = open();
    let mut places = Vec::new();
    for i in 0..COUNT {
        let placed = put(&store, &message("T", 0, &[i; BODY]));
        places.push((placed.log_offset.0, u64::from(placed.size)));
    }
    store.close().unwrap();
    drop(store);
    let store = open();
    Setup {
        disk,
        clock,
        store,
        places,
    }
}

impl Setup {
    /// A sector in the middle of message `number` is bad from now on.
    fn spoil(&self, number: usize) {
        let (at, size) = self.places[number];
        let sector = (at + size / 2) / 512 * 512;
        self.disk.set_bad(Path::new(LOG), sector..sector + 512);
    }

    /// What one read brings, and where the next one begins.
    fn read(&self, from: u64) -> Result<(Vec<u8>, u64), ReadError> {
        let queue = self.store.queue("T", QueueId(0));
        let limits = ReadLimits {
            count: 32,
            bytes: 1 << 20,
        };
        let mut out = Vec::new();
        let from = QueueOffset(from);
        let outcome = self.store.read(&queue, from, limits, &|_| true, &mut out)?;
        let bodies = record::records(&out).map(|r| r.body()[0]);
        Ok((bodies.collect(), outcome.next_begin.0))
    }

    /// Reads on until the end or an error: the messages, and where it stands.
    fn read_all(&self, mut next: u64) -> (Vec<u8>, u64) {
        let mut all = Vec::new();
        while next < u64::from(COUNT) {
            let Ok((some, after)) = self.read(next) else {
                break;
            };
            all.extend(some);
            next = after;
        }
        (all, next)
    }
}

#[test]
fn a_bad_sector_costs_its_own_messages_after_a_while() {
    for block_bytes_max in [0, 1 << 20] {
        let setup = setup(block_bytes_max);
        for number in [40, 41, 90] {
            setup.spoil(number);
        }
        // First everything up to it, and no further.
        assert_eq!(setup.read_all(0), ((0..40).collect(), 40));
        assert!(matches!(setup.read(40), Err(ReadError::Disk(_))));
        assert_eq!(setup.read_all(42), ((42..90).collect(), 90));
        setup.clock.advance(PATIENCE - Duration::from_millis(1));
        assert!(setup.read(40).is_err());
        assert!(setup.store.damaged_messages().is_empty());
        setup.clock.advance(Duration::from_millis(1));
        let rest: Vec<u8> = (42..90).chain(91..COUNT).collect();
        assert_eq!(setup.read_all(40), (rest.clone(), u64::from(COUNT)));
        let told = setup.store.damaged_messages();
        assert_eq!(told.len(), 3, "{told:?}");
        let is_named = |text: &String| text.contains(LOG) && text.contains("byte");
        assert!(told.iter().all(is_named), "{told:?}");
        // Nobody waits for the device again, and nothing is told twice.
        let reads = setup.disk.count(Op::Read);
        assert_eq!(setup.read(40).unwrap().0[0], 42);
        assert!(setup.disk.count(Op::Read) < reads + 40);
        assert_eq!(setup.read_all(0).0.len(), usize::from(COUNT) - 3);
        assert_eq!(setup.store.damaged_messages(), told);
    }
}

#[test]
fn what_comes_back_in_time_is_served() {
    let setup = setup(1 << 20);
    setup.spoil(40);
    assert_eq!(setup.read_all(0).1, 40);
    setup.clock.advance(PATIENCE / 2);
    assert_eq!(setup.read_all(0).1, 40);
    setup.disk.heal();
    assert_eq!(setup.read_all(0), ((0..COUNT).collect(), u64::from(COUNT)));
    assert!(setup.store.damaged_messages().is_empty());
}

#[test]
fn while_the_device_reads_nothing_at_all_nothing_is_passed_over() {
    let setup = setup(1 << 20);
    setup.disk.set_cold(Some("commitlog"));
    setup.disk.inject(Fault {
        path: "commitlog",
        ..Fault::from_now(Op::Read, 5)
    });
    for _ in 0..100 {
        assert!(setup.read(40).is_err());
        setup.clock.advance(PATIENCE);
    }
    setup.disk.heal();
    assert_eq!(setup.read_all(0), ((0..COUNT).collect(), u64::from(COUNT)));
    assert!(setup.store.damaged_messages().is_empty());
}

#[test]
fn errors_that_are_no_bad_sectors_pass_nothing_over() {
    const NO_MEMORY: i32 = 12;
    const TOO_MANY_FILES: i32 = 24;
    for errno in [NO_MEMORY, TOO_MANY_FILES] {
        let setup = setup(0);
        let (at, _) = setup.places[40];
        assert!(at != 0);
        for _ in 0..10 {
            setup.disk.inject(Fault {
                path: "commitlog",
                times: 8,
                ..Fault::from_now(Op::Read, errno)
            });
            while setup.read(40).is_err() {}
            setup.clock.advance(PATIENCE);
        }
        assert!(setup.store.damaged_messages().is_empty());
    }
}

#[test]
fn a_search_by_time_goes_past_a_bad_sector() {
    let setup = setup(0);
    // The middle, which a binary search looks at first.
    for number in [99, 100, 101] {
        let (at, _) = setup.places[number];
        setup.disk.set_bad(Path::new(LOG), at..at + 80);
    }
    let queue = setup.store.queue("T", QueueId(0));
    let search = || {
        let boundary = ferromq_storage::Boundary::Lower;
        setup.store.offset_by_time(&queue, NOON, boundary)
    };
    assert!(search().is_err());
    setup.clock.advance(PATIENCE);
    assert_eq!(search().unwrap(), QueueOffset(0));
}
