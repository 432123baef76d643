//! A store on a simulated disk, and a model of what it must hold.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ferromq_base::clock::ManualClock;
use ferromq_base::{Millis, QueueId};
use ferromq_disk::Disk;
use ferromq_storage::{OpenError, Retention, Store, StoreConfig, WorkerKind};
use ferromq_testkit::{SimDisk, Unsynced};
use ferromq_wire::message::properties;
use ferromq_wire::message::record;

use super::random::Random;
use crate::support::{Message, NOON, forget_checkpoint, message, push_as, read_bytes};

const TOPICS: [&str; 2] = ["T", "Another"];
const QUEUES: u32 = 3;
const KEYS: u64 = 5;
/// Bound records stay together in a log file of 4096 bytes.
const GROUP_MAX: usize = 4000;

/// A message that was handed to the store.
#[derive(Clone, Debug)]
struct Sent {
    message: Message,
    key: String,
    queue_offset: u64,
    /// Not known if the power failed during the append.
    log_offset: Option<u64>,
    /// End in the log; as above.
    end: Option<u64>,
}

/// What one seed plays with.
pub(super) struct World {
    pub random: Random,
    pub disk: SimDisk,
    config: StoreConfig,
    clock: Arc<ManualClock>,
    /// What may be in the store, in the order of the log.
    log: Vec<Sent>,
    /// So many of `log` must survive a power cut.
    safe: usize,
    /// So many of `log` must survive the death of the process.
    stored: usize,
    counter: u32,
    /// Messages before this log offset may be deleted.
    deleted_to: u64,
}

impl World {
    pub(super) fn new(seed: u64, config: StoreConfig) -> Self {
        Self {
            random: Random::new(seed),
            disk: SimDisk::new(),
            config,
            clock: Arc::new(ManualClock::at(NOON)),
            log: Vec::new(),
            safe: 0,
            stored: 0,
            counter: 0,
            deleted_to: 0,
        }
    }

    /// Whether messages were deleted.
    pub(super) fn has_deleted(&self) -> bool {
        self.deleted_to != 0
    }

    /// Lets the cleaner delete, if there is anything to.
    pub(super) fn clean(&mut self, store: &Store) {
        if self.config.retention == Retention::everything() {
            return;
        }
        for _ in 0..self.random.below(30) {
            store.step(WorkerKind::Clean);
            self.deleted_to = self.deleted_to.max(store.log_range().0.0);
        }
    }

    /// Whether nothing that was seen may be lost. With synchronous flush that is also what was acknowledged.
    fn shows_only_safe(&self) -> bool {
        self.config.shows_only_synced()
    }

    /// Opens the store and compares it with the model; `None` if the power failed.
    pub(super) fn open(&mut self) -> Option<Arc<Store>> {
        let disk = Arc::new(self.disk.clone());
        let clock = Arc::clone(&self.clock);
        let opened: Result<_, OpenError> =
            Store::open_stepped(disk, self.config.clone(), clock as _);
        let store = match opened {
            Ok(store) if !self.disk.is_off() => store,
            Ok(_) => return None,
            Err(error) => {
                assert!(self.disk.is_off(), "{error}");
                return None;
            }
        };
        self.settle(&store);
        if self.shows_only_safe() {
            // The start synced what it found before anybody could see it.
            self.safe = self.log.len();
        }
        self.check_keys(&store);
        Some(store).filter(|_| !self.disk.is_off())
    }

    /// The power fails, or has failed: the disk as the next start finds it.
    pub(super) fn lose_power(&mut self) {
        let unsynced = match self.random.below(4) {
            0 => Unsynced::Lost,
            _ => Unsynced::Some(self.random.next()),
        };
        self.disk = self.disk.power_cut(unsynced);
        // What survived is found out by the next start.
        self.stored = self.safe;
    }

    /// Finds out how much of the log is there. That must be a beginning of what was sent, and all that is safe.
    fn settle(&mut self, store: &Store) {
        let mut left = 0;
        for (topic, queue) in queues() {
            let handle = store.queue(topic, QueueId(queue));
            left += usize::try_from(handle.max().0).unwrap();
        }
        assert!(self.stored <= left, "lost: {left} of {} left", self.stored);
        assert!(left <= self.log.len(), "there are messages nobody sent");
        self.log.truncate(left);
        self.stored = left;
        let (start, end) = store.log_range();
        assert!(start.0 <= self.deleted_to, "{start}");
        for (topic, queue) in queues() {
            self.check_queue(store, topic, queue);
        }
        // After the last message there may be the filler of its file.
        let last = self.log.last().and_then(|sent| sent.end).unwrap_or(0);
        let is_file_end = end.0.is_multiple_of(4096) && end.0 < last + 4096;
        assert!(end.0 == last || is_file_end, "{end} {last}");
    }

    /// All messages of a queue, byte for byte where they can differ; learns places that were not known.
    fn check_queue(&mut self, store: &Store, topic: &str, queue: u32) {
        let handle = store.queue(topic, QueueId(queue));
        let mut next = handle.min().0;
        let mut bytes = Vec::new();
        while next < handle.max().0 {
            let (outcome, some) = read_bytes(store, &handle, next, 32);
            assert!(next < outcome.next_begin.0, "{outcome:?}");
            next = outcome.next_begin.0;
            bytes.extend(some);
        }
        let of_queue = |s: &&mut Sent| s.message.topic == topic && s.message.queue == queue;
        let mut expected = self.log.iter_mut().filter(of_queue);
        for found in record::records(&bytes) {
            let offset = found.queue_offset().0;
            let is_deleted = |s: &Sent| s.log_offset.is_some_and(|at| at < self.deleted_to);
            let mut sent = expected.next().expect("a message that was sent");
            while sent.queue_offset < offset && is_deleted(sent) {
                sent = expected.next().expect("a message that was sent");
            }
            assert_eq!(sent.queue_offset, offset);
            assert_eq!(found.body(), sent.message.body);
            let properties = found.properties();
            let is_same = properties.as_bytes() == sent.message.properties.as_bytes();
            assert!(is_same, "properties of {}", found.physical_offset());
            let at = found.physical_offset().0;
            assert_eq!(*sent.log_offset.get_or_insert(at), at);
            sent.end = Some(at + found.size() as u64);
        }
        let is_kept = |s: &&mut Sent| s.log_offset.is_none_or(|at| self.deleted_to <= at);
        let missing = expected.filter(is_kept).count();
        assert_eq!(missing, 0, "messages that cannot be read");
    }

    /// Every key leads to its messages and to no others.
    fn check_keys(&self, store: &Store) {
        for topic in TOPICS {
            for key in 0..KEYS {
                let key = format!("k{key}");
                let found = store.query_keys(topic, &key, 1000, Millis(0), Millis(i64::MAX));
                let Ok(found) = found else {
                    assert!(self.disk.is_off());
                    return;
                };
                let of_key = |s: &&Sent| s.message.topic == topic && s.key == key;
                let expected = self.log.iter().filter(of_key);
                let is_kept = |at: &u64| self.deleted_to <= *at;
                let expected = expected.filter_map(|s| s.log_offset).filter(is_kept);
                let expected: Vec<u64> = expected.collect();
                let found = found.into_iter().map(|at| at.0).filter(is_kept);
                let found: Vec<u64> = found.collect();
                assert_eq!(found, expected, "{topic} {key}");
            }
        }
    }

    /// Compares everything with what is visible now.
    pub(super) fn check(&mut self, store: &Store) {
        if self.safe == self.log.len() || !self.shows_only_safe() {
            self.settle(store);
            self.check_keys(store);
        }
    }

    /// Appends a turn of a few messages; some of them are bound to the one before.
    pub(super) fn append(&mut self, store: &Store) {
        let mut turn = store.turn();
        let mut group = 0;
        let before = self.log.len();
        for _ in 0..=self.random.below(6) {
            let sent = self.message();
            let size = 200 + sent.message.body.len() + sent.message.properties.len();
            let bound = self.random.once_in(3) && group + size < GROUP_MAX;
            group = if bound { group + size } else { size };
            push_as(store, &mut turn, &sent.message, bound);
            self.log.push(sent);
        }
        // An append after a pause writes what is there already once more.
        if self.random.once_in(2) {
            self.clock.advance(Duration::from_secs(1));
        }
        match store.append(&mut turn) {
            Ok(_) => {
                for (i, sent) in self.log[before..].iter_mut().enumerate() {
                    let placed = turn.placed(i);
                    assert_eq!(
                        placed.queue_offset.0, sent.queue_offset,
                        "an offset is reused"
                    );
                    sent.log_offset = Some(placed.log_offset.0);
                    sent.end = Some(placed.log_offset.0 + u64::from(placed.size));
                }
                self.stored = self.log.len();
            }
            Err(error) => assert!(self.disk.is_off(), "{error}"),
        }
        self.note_seen(store);
    }

    fn message(&mut self) -> Sent {
        self.counter += 1;
        let topic = TOPICS[usize::from(self.random.once_in(3))];
        let queue = u32::try_from(self.random.below(u64::from(QUEUES))).unwrap();
        let key = format!("k{}", self.random.below(KEYS));
        let mut body = self.counter.to_be_bytes().to_vec();
        let size = match self.random.below(4) {
            0 => 0,
            1 => self.random.below(1500),
            _ => self.random.below(200),
        };
        let fill = u8::try_from(1 + self.counter % 250).unwrap();
        body.resize(4 + usize::try_from(size).unwrap(), fill);
        let mut message = message(topic, queue, &body).with(properties::KEYS, &key);
        if self.random.once_in(3) {
            let size = usize::try_from(self.random.below(1200)).unwrap();
            message = message.with("large", &"p".repeat(size));
        }
        let same = |s: &&Sent| s.message.topic == topic && s.message.queue == queue;
        Sent {
            message,
            key,
            queue_offset: self.log.iter().filter(same).count() as u64,
            log_offset: None,
            end: None,
        }
    }

    /// What can be seen now must survive a power cut, if the store says so.
    fn note_seen(&mut self, store: &Store) {
        if self.shows_only_safe() {
            let visible = store.visible().value();
            let is_safe = |s: &&Sent| s.end.is_some_and(|end| end <= visible);
            let count = self.log.iter().take_while(is_safe).count();
            assert!(self.safe <= count, "what was seen was taken back");
            self.safe = count;
        }
    }

    /// Syncs the log.
    pub(super) fn flush(&mut self, store: &Store) {
        for _ in 0..4 {
            if !store.step(WorkerKind::Flush) {
                break;
            }
        }
        self.note_seen(store);
        if !self.disk.is_off() {
            assert!(store.writable().is_ok());
            self.safe = self.log.len();
        }
    }

    /// Lets the dispatcher write entries, and a checkpoint if it is due.
    pub(super) fn dispatch(&mut self, store: &Store) {
        if self.shows_only_safe() {
            self.flush(store);
        }
        if self.random.once_in(3) {
            self.clock.advance(Duration::from_secs(11));
        }
        for _ in 0..=self.random.below(4) {
            store.step(WorkerKind::Dispatch);
        }
    }

    /// Stops cleanly.
    pub(super) fn close(&mut self, store: &Store) {
        let closed = store.close();
        self.note_seen(store);
        if self.disk.is_off() {
            return;
        }
        assert!(closed.is_ok(), "{closed:?}");
        self.safe = self.log.len();
    }

    /// Takes our own checkpoint away, as if the next start were that of a RocketMQ broker: by queue files alone.
    pub(super) fn forget(&self) {
        forget_checkpoint(&self.disk);
        let _ = self.disk.sync_dir(Path::new("/store"));
    }
}

fn queues() -> impl Iterator<Item = (&'static str, u32)> {
    TOPICS
        .into_iter()
        .flat_map(|topic| (0..QUEUES).map(move |queue| (topic, queue)))
}
