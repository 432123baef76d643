//! A queue as the broker holds it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ferromq_base::{Mark, QueueId, QueueOffset};
use parking_lot::Mutex;

use super::entry::Entry;
use super::tail::Tail;
use crate::java_hash;

/// Topic whose entries carry the time of delivery instead of a tag hash.
const SCHEDULE_TOPIC: &str = "SCHEDULE_TOPIC_XXXX";

static SERIAL: AtomicU64 = AtomicU64::new(0);

/// One queue of a topic. There is one handle per queue and store, so handles can be compared and kept.
pub struct Queue {
    topic: Arc<str>,
    id: QueueId,
    /// Hash of `topic#`, with which every key of the queue begins.
    key_prefix: i32,
    storable: bool,
    serial: u64,
    /// One bit per network thread that holds pulls on this queue.
    waiting: AtomicU64,
    /// Lowest readable offset.
    min: AtomicU64,
    /// A log offset that no readable message is below; 0 if unknown.
    first_at: AtomicU64,
    /// Number of the first file; 0 if unknown.
    files_from: AtomicU64,
    /// Number of the file after the one whose length was seen to be right last; 0 if none was.
    files_sized: AtomicU64,
    /// Offset of the next record. Changed only under the lock of the append.
    next: AtomicU64,
    pub(crate) tail: Mutex<Tail>,
    destroyed: AtomicBool,
    visible: Arc<Mark>,
}

impl Queue {
    pub(crate) fn new(topic: Arc<str>, id: QueueId, visible: Arc<Mark>) -> Self {
        Self {
            key_prefix: java_hash::continued(java_hash::continued(0, &topic), "#"),
            storable: is_folder_name(&topic),
            serial: SERIAL.fetch_add(1, Ordering::Relaxed),
            topic,
            id,
            waiting: AtomicU64::new(0),
            min: AtomicU64::new(0),
            first_at: AtomicU64::new(0),
            files_from: AtomicU64::new(0),
            files_sized: AtomicU64::new(0),
            next: AtomicU64::new(0),
            tail: Mutex::default(),
            destroyed: AtomicBool::new(false),
            visible,
        }
    }

    /// Name of the topic.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Number within the topic.
    #[must_use]
    pub fn id(&self) -> QueueId {
        self.id
    }

    /// Lowest offset that can still be read; equals [`Queue::max`] if nothing can.
    #[must_use]
    pub fn min(&self) -> QueueOffset {
        QueueOffset(self.min.load(Ordering::Acquire))
    }

    /// The offset after the newest message that consumers may see.
    #[must_use]
    pub fn max(&self) -> QueueOffset {
        QueueOffset(self.visible().0)
    }

    /// The offset after the newest message that consumers may see, and the end of the visible part of the log by which
    /// that is so.
    pub(crate) fn visible(&self) -> (u64, u64) {
        let tail = self.tail.lock();
        // Not before the lock: entries may be forgotten from memory as soon as they are visible, and all that are
        // forgotten must count as visible here.
        let end = self.visible.value();
        (tail.visible_next(end), end)
    }

    /// Notes that network thread `thread` (below 64) holds pulls on this queue. Do this before the last look at
    /// [`Queue::max`], else a message may slip between the look and the note.
    pub fn set_waiting(&self, thread: usize) {
        self.waiting.fetch_or(1 << (thread & 63), Ordering::SeqCst);
    }

    /// The threads that hold pulls, one bit each; nobody is noted afterwards.
    #[must_use]
    pub fn take_waiting(&self) -> u64 {
        // Mostly nobody waits, and a plain load leaves the line shared between the threads.
        if self.waiting.load(Ordering::SeqCst) == 0 {
            return 0;
        }
        self.waiting.swap(0, Ordering::SeqCst)
    }

    /// Takes the next offset. Only under the lock of the append.
    pub(crate) fn assign_next(&self) -> u64 {
        let next = self.next.load(Ordering::Relaxed);
        self.next.store(next + 1, Ordering::Relaxed);
        next
    }

    /// Takes back what [`Queue::assign_next`] gave last. Only under the lock of the append.
    pub(crate) fn withdraw_next(&self) {
        let next = self.next.load(Ordering::Relaxed);
        self.next.store(next - 1, Ordering::Relaxed);
    }

    /// For recovery: the files hold all entries below `next`, the last of which ends at `log_end`.
    pub(crate) fn load(&self, min: u64, next: u64, log_end: u64) {
        self.min.store(min, Ordering::Release);
        self.next.store(next, Ordering::Relaxed);
        *self.tail.lock() = Tail::loaded(next, log_end);
    }

    /// The lowest readable offset has risen.
    pub(crate) fn raise_min(&self, min: u64) {
        self.min.fetch_max(min, Ordering::AcqRel);
    }

    /// A log offset that no readable message is below.
    pub(crate) fn first_at(&self) -> u64 {
        self.first_at.load(Ordering::Relaxed)
    }

    /// The lowest readable message begins at `at`.
    pub(crate) fn set_first_at(&self, at: u64) {
        self.first_at.store(at, Ordering::Relaxed);
    }

    /// Files below this number are gone.
    pub(crate) fn files_from(&self) -> u64 {
        self.files_from.load(Ordering::Relaxed)
    }

    /// Files below `number` are gone.
    pub(crate) fn set_files_from(&self, number: u64) {
        self.files_from.store(number, Ordering::Relaxed);
    }

    /// Whether file number `number` was seen to have its length.
    pub(crate) fn is_file_sized(&self, number: u64) -> bool {
        self.files_sized.load(Ordering::Relaxed) == number + 1
    }

    /// File number `number` has its length.
    pub(crate) fn set_file_sized(&self, number: u64) {
        self.files_sized.store(number + 1, Ordering::Relaxed);
    }

    /// For recovery: adds an entry; true if the dispatcher must be told.
    pub(crate) fn recover(&self, entry: Entry) -> bool {
        self.assign_next();
        self.tail.lock().push(entry)
    }

    /// Nothing of this queue is to be written to files any more.
    pub(crate) fn destroy(&self) {
        self.destroyed.store(true, Ordering::SeqCst);
    }

    /// Whether the queue was destroyed.
    pub(crate) fn is_destroyed(&self) -> bool {
        self.destroyed.load(Ordering::SeqCst)
    }

    /// A number that no other queue of this process has.
    pub(crate) fn serial(&self) -> u64 {
        self.serial
    }

    pub(crate) fn key_prefix(&self) -> i32 {
        self.key_prefix
    }

    pub(crate) fn is_storable(&self) -> bool {
        self.storable
    }

    pub(crate) fn is_schedule(&self) -> bool {
        &*self.topic == SCHEDULE_TOPIC
    }
}

/// Whether a topic name may become the name of a folder. Stricter names are the broker's business; this keeps hostile
/// ones from leaving the store's folder.
fn is_folder_name(topic: &str) -> bool {
    !topic.is_empty()
        && topic.len() <= 255
        && !topic.starts_with('.')
        && !topic.contains(['/', '\0'])
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Queue({}:{})", self.topic, self.id)
    }
}
