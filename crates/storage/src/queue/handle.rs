//! A queue as the broker holds it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ferromq_base::{Mark, QueueId, QueueOffset};
use parking_lot::Mutex;

use super::tail::Tail;
use crate::java_hash;

/// Topic whose entries carry the time of delivery instead of a tag hash.
const SCHEDULE_TOPIC: &str = "SCHEDULE_TOPIC_XXXX";

/// One queue of a topic. There is one handle per queue and store, so handles can be compared and kept.
pub struct Queue {
    topic: Arc<str>,
    id: QueueId,
    /// Hash of `topic#`, with which every key of the queue begins.
    key_prefix: i32,
    storable: bool,
    /// One bit per network thread that holds pulls on this queue.
    waiting: AtomicU64,
    /// Lowest readable offset.
    min: AtomicU64,
    /// Offset of the next record. Changed only under the lock of the append.
    next: AtomicU64,
    pub(crate) tail: Mutex<Tail>,
    visible: Arc<Mark>,
}

impl Queue {
    pub(crate) fn new(topic: Arc<str>, id: QueueId, visible: Arc<Mark>) -> Self {
        Self {
            key_prefix: java_hash::continued(java_hash::continued(0, &topic), "#"),
            storable: is_folder_name(&topic),
            topic,
            id,
            waiting: AtomicU64::new(0),
            min: AtomicU64::new(0),
            next: AtomicU64::new(0),
            tail: Mutex::default(),
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
        let visible = self.visible.value();
        QueueOffset(self.tail.lock().visible_next(visible))
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
