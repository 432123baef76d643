//! A store in a temporary folder, and messages for it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use ferromq_base::clock::ManualClock;
use ferromq_base::{LogOffset, Millis, QueueId, QueueOffset};
use ferromq_disk::{Disk, RealDisk};
use ferromq_storage::{
    FlushMode, IndexConfig, IndexKeys, OpenError, Placed, Queue, ReadLimits, ReadOutcome,
    Retention, Store, StoreConfig, Turn,
};
use ferromq_testkit::SimDisk;
use ferromq_wire::message::record;
use ferromq_wire::message::{Properties, RecordDraft};

/// The time at which test clocks begin.
pub(crate) const NOON: Millis = Millis(1_700_000_000_005);

/// Small files, so that few messages reach the special places.
pub(crate) fn small(root: &Path) -> StoreConfig {
    let mut config = StoreConfig::at(root);
    config.segment_bytes = 4096;
    config.queue_file_bytes = 20 * 16;
    config.tail_ring_bytes = 256 * 1024;
    config.queue_files_open_max = 4;
    config.index = Some(IndexConfig {
        slots: 50,
        entries: 40,
    });
    config.dispatch_delay = std::time::Duration::from_millis(1);
    config.flush = ASYNC;
    // Whatever else is on the disk.
    config.retention = Retention::everything();
    config
}

/// Opens a store on the real disk, with a clock that stands still.
pub(crate) fn open(config: StoreConfig) -> Arc<Store> {
    try_open(config).unwrap()
}

/// Like [`open`], for stores that may refuse.
pub(crate) fn try_open(config: StoreConfig) -> Result<Arc<Store>, OpenError> {
    Store::open(Arc::new(RealDisk), config, Arc::new(ManualClock::at(NOON)))
}

/// Opens a store on a simulated disk.
pub(crate) fn open_on(disk: &SimDisk, config: StoreConfig) -> Arc<Store> {
    let clock = Arc::new(ManualClock::at(NOON));
    Store::open(Arc::new(disk.clone()), config, clock).unwrap()
}

/// A configuration for a simulated disk.
pub(crate) fn simulated(flush: FlushMode) -> StoreConfig {
    let mut config = small(Path::new("/store"));
    config.flush = flush;
    config
}

/// The flush mode of [`small`].
pub(crate) const ASYNC: FlushMode = FlushMode::Async {
    interval: std::time::Duration::from_millis(5),
};

/// A message to store.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub topic: String,
    pub queue: u32,
    pub body: Vec<u8>,
    pub properties: String,
    pub sys_flag: i32,
}

pub(crate) fn message(topic: &str, queue: u32, body: &[u8]) -> Message {
    Message {
        topic: topic.to_owned(),
        queue,
        body: body.to_vec(),
        properties: String::new(),
        sys_flag: 0,
    }
}

impl Message {
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.properties
            .push_str(&format!("{name}\u{1}{value}\u{2}"));
        self
    }
}

/// Puts a message into a turn.
pub(crate) fn push(store: &Store, turn: &mut Turn, m: &Message) -> usize {
    push_as(store, turn, m, false)
}

/// Puts a message into a turn, together with the one before it if `with_previous`.
pub(crate) fn push_as(store: &Store, turn: &mut Turn, m: &Message, with_previous: bool) -> usize {
    let queue = store.queue(&m.topic, QueueId(m.queue));
    let properties = m.properties.as_bytes();
    let parts = [properties];
    let draft = RecordDraft {
        topic: &m.topic,
        queue_id: QueueId(m.queue),
        flag: 0,
        sys_flag: m.sys_flag,
        born_timestamp: Millis(1_700_000_000_000),
        born_host: SocketAddr::from(([192, 168, 1, 20], 50_123)),
        store_host: SocketAddr::from(([192, 168, 1, 10], 10_911)),
        reconsume_times: 0,
        prepared_transaction_offset: 0,
        body: &m.body,
        properties: &parts,
    };
    let keys = IndexKeys::of(Properties::new(properties));
    if with_previous {
        turn.push_with_previous(&queue, &draft, keys).unwrap()
    } else {
        turn.push(&queue, &draft, keys).unwrap()
    }
}

/// Stores one message.
pub(crate) fn put(store: &Store, m: &Message) -> Placed {
    let mut turn = store.turn();
    push(store, &mut turn, m);
    store.append(&mut turn).unwrap();
    turn.placed(0)
}

/// Reads up to `count` messages; their bodies.
pub(crate) fn read(
    store: &Store,
    queue: &Queue,
    from: u64,
    count: u32,
) -> (ReadOutcome, Vec<Vec<u8>>) {
    let (outcome, bytes) = read_bytes(store, queue, from, count);
    let bodies: Vec<_> = record::records(&bytes).map(|r| r.body().to_vec()).collect();
    assert_eq!(bodies.len(), outcome.count as usize);
    (outcome, bodies)
}

/// Reads up to `count` messages; their stored bytes.
pub(crate) fn read_bytes(
    store: &Store,
    queue: &Queue,
    from: u64,
    count: u32,
) -> (ReadOutcome, Vec<u8>) {
    let limits = ReadLimits {
        count,
        bytes: 1 << 20,
    };
    let mut out = Vec::new();
    let outcome = store
        .read(queue, QueueOffset(from), limits, &|_| true, &mut out)
        .unwrap();
    (outcome, out)
}

/// All bodies of a queue, from its lowest offset on.
pub(crate) fn bodies(store: &Store, topic: &str, queue: u32) -> Vec<Vec<u8>> {
    let queue = store.queue(topic, QueueId(queue));
    let mut all = Vec::new();
    let mut next = queue.min().0;
    while next < queue.max().0 {
        let (outcome, bytes) = read_bytes(store, &queue, next, 32);
        for record in record::records(&bytes) {
            assert_eq!(record.queue_offset(), QueueOffset(next));
            all.push(record.body().to_vec());
            next += 1;
        }
        let damaged = store.damaged_messages();
        assert_eq!(next, outcome.next_begin.0, "{outcome:?} {damaged:?}");
    }
    all
}

/// The record at a log offset.
pub(crate) fn record_bytes(store: &Store, at: LogOffset) -> Vec<u8> {
    let mut out = Vec::new();
    store.record_at(at, &mut out).unwrap();
    out
}

/// Takes our own checkpoint away, if there is one: the next start is as that of a RocketMQ broker, by queue files alone.
pub(crate) fn forget_checkpoint(disk: &SimDisk) {
    for name in ["ferromq.checkpoint", "ferromq.checkpoint.bak"] {
        let _ = disk.remove(&Path::new("/store").join(name));
    }
}

/// Waits until something is true.
pub(crate) fn wait_for(mut condition: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !condition() {
        assert!(std::time::Instant::now() < deadline, "it did not happen");
        std::thread::yield_now();
    }
}
