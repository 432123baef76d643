//! Messages of one queue that were pulled and are not consumed yet, and the offset up to which the queue is done.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ferromq_base::QueueOffset;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::queue::MessageQueue;
use crate::view::MessageView;

/// How much of a queue may lie in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CacheLimits {
    /// Messages.
    pub(crate) messages: usize,
    /// Body bytes.
    pub(crate) bytes: usize,
    /// Distance between the first and the last cached offset; only for concurrent consumption, where one slow message
    /// holds back the committed offset of all behind it.
    pub(crate) span: Option<u64>,
}

/// The local copy of the unconsumed part of one queue.
#[derive(Debug)]
pub(crate) struct ProcessQueue {
    pub(crate) queue: MessageQueue,
    limits: CacheLimits,
    cached: Mutex<Cached>,
    /// Signals that messages were removed, so that pulling may go on.
    room: Notify,
    /// Signals that messages came or that the queue was dropped.
    pub(crate) changed: Notify,
    dropped: AtomicBool,
    pub(crate) dropping: Notify,
    /// Orderly consumption: until when this member owns the queue.
    locked_until: Mutex<Option<Instant>>,
}

#[derive(Debug, Default)]
struct Cached {
    messages: BTreeMap<u64, MessageView>,
    bytes: usize,
    /// One past the largest offset ever put.
    end: u64,
    /// Orderly consumption: how many of the first messages the listener has in hand.
    taken: usize,
}

impl ProcessQueue {
    pub(crate) fn new(queue: MessageQueue, limits: CacheLimits) -> Self {
        Self {
            queue,
            limits,
            cached: Mutex::default(),
            room: Notify::new(),
            changed: Notify::new(),
            dropped: AtomicBool::new(false),
            dropping: Notify::new(),
            locked_until: Mutex::new(None),
        }
    }

    /// Adds pulled messages; those that are here already are ignored.
    pub(crate) fn put(&self, messages: &[MessageView]) {
        let mut cached = self.cached.lock();
        for message in messages {
            let offset = message.queue_offset().0;
            cached.end = cached.end.max(offset + 1);
            let bytes = message.body().len();
            if cached.messages.insert(offset, message.clone()).is_none() {
                cached.bytes += bytes;
            }
        }
        drop(cached);
        self.changed.notify_one();
    }

    /// Removes finished messages; the offset that may now be committed, if anything was ever put.
    pub(crate) fn remove(&self, finished: &[MessageView]) -> Option<QueueOffset> {
        let mut cached = self.cached.lock();
        for message in finished {
            if let Some(removed) = cached.messages.remove(&message.queue_offset().0) {
                cached.bytes -= removed.body().len();
            }
        }
        let position = cached.position();
        drop(cached);
        self.room.notify_one();
        position
    }

    /// Orderly consumption: the first messages, up to `count`, which stay here until [`Self::commit_taken`] or
    /// [`Self::give_back`].
    pub(crate) fn take(&self, count: usize) -> Vec<MessageView> {
        let mut cached = self.cached.lock();
        let first: Vec<MessageView> = cached.messages.values().take(count).cloned().collect();
        cached.taken = first.len();
        first
    }

    /// Orderly consumption: forgets what was taken; the offset that may now be committed.
    pub(crate) fn commit_taken(&self) -> Option<QueueOffset> {
        let mut cached = self.cached.lock();
        for _ in 0..std::mem::take(&mut cached.taken) {
            if let Some((_, removed)) = cached.messages.pop_first() {
                cached.bytes -= removed.body().len();
            }
        }
        let position = cached.position();
        drop(cached);
        self.room.notify_one();
        position
    }

    /// Orderly consumption: what was taken will be taken again.
    pub(crate) fn give_back(&self) {
        self.cached.lock().taken = 0;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.cached.lock().messages.is_empty()
    }

    /// Waits until there is room for another pull; at most a while, because the span limit depends on others.
    pub(crate) async fn wait_for_room(&self) {
        while self.cached.lock().is_full(self.limits) && !self.is_dropped() {
            let freed = tokio::time::timeout(Duration::from_secs(1), self.room.notified());
            // Looks again in either case.
            let _ = freed.await;
        }
    }

    /// Marks the queue as no longer ours: pulling stops, results of running listeners are ignored.
    pub(crate) fn drop_queue(&self) {
        self.dropped.store(true, Ordering::Release);
        self.dropping.notify_waiters();
        self.changed.notify_one();
        self.room.notify_one();
    }

    pub(crate) fn is_dropped(&self) -> bool {
        self.dropped.load(Ordering::Acquire)
    }

    /// Returns when the queue is dropped.
    pub(crate) async fn dropped(&self) {
        let mut dropping = std::pin::pin!(self.dropping.notified());
        dropping.as_mut().enable();
        if !self.is_dropped() {
            dropping.await;
        }
    }

    pub(crate) fn lock_until(&self, until: Option<Instant>) {
        *self.locked_until.lock() = until;
        self.changed.notify_one();
    }

    pub(crate) fn is_locked(&self) -> bool {
        self.locked_until
            .lock()
            .is_some_and(|until| Instant::now() < until)
    }
}

impl Cached {
    /// The first offset that is not done.
    fn position(&self) -> Option<QueueOffset> {
        let first = self.messages.keys().next().copied();
        first
            .or((self.end > 0).then_some(self.end))
            .map(QueueOffset)
    }

    fn is_full(&self, limits: CacheLimits) -> bool {
        self.messages.len() > limits.messages
            || self.bytes > limits.bytes
            || limits.span.is_some_and(|limit| self.span() > limit)
    }

    fn span(&self) -> u64 {
        match (
            self.messages.keys().next(),
            self.messages.keys().next_back(),
        ) {
            (Some(first), Some(last)) => last - first,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests::view;

    const LIMITS: CacheLimits = CacheLimits {
        messages: 3,
        bytes: 1000,
        span: Some(10),
    };

    fn with(offsets: &[u64]) -> ProcessQueue {
        let queue = ProcessQueue::new(MessageQueue::new("T", "b", 0), LIMITS);
        let messages: Vec<_> = offsets
            .iter()
            .map(|offset| view("T", *offset, b"x"))
            .collect();
        queue.put(&messages);
        queue
    }

    fn full(queue: &ProcessQueue) -> bool {
        queue.cached.lock().is_full(queue.limits)
    }

    #[test]
    fn the_smallest_unfinished_offset_is_the_position() {
        let queue = with(&[5, 6, 7]);
        assert_eq!(queue.remove(&[view("T", 6, b"x")]), Some(QueueOffset(5)));
        assert_eq!(queue.remove(&[view("T", 5, b"x")]), Some(QueueOffset(7)));
        assert_eq!(queue.remove(&[view("T", 7, b"x")]), Some(QueueOffset(8)));
        assert!(queue.is_empty());
    }

    #[test]
    fn an_untouched_queue_has_no_position() {
        assert_eq!(with(&[]).remove(&[]), None);
    }

    #[test]
    fn the_same_message_twice_counts_once() {
        let queue = with(&[1]);
        queue.put(&[view("T", 1, b"x")]);
        assert_eq!(queue.cached.lock().bytes, 1);
        queue.remove(&[view("T", 1, b"x")]);
        assert_eq!(queue.cached.lock().bytes, 0);
    }

    #[test]
    fn each_limit_holds_pulling_back() {
        assert!(!full(&with(&[0, 1, 2])));
        assert!(full(&with(&[0, 1, 2, 3])));
        assert!(!full(&with(&[0, 10])));
        assert!(full(&with(&[0, 11])));
        let heavy = with(&[]);
        heavy.put(&[view("T", 0, &[0; 1001])]);
        assert!(full(&heavy));
    }

    #[test]
    fn taken_messages_come_again_until_they_are_committed() {
        let queue = with(&[3, 4, 5]);
        assert_eq!(queue.take(2).len(), 2);
        queue.give_back();
        let again: Vec<u64> = queue.take(2).iter().map(|m| m.queue_offset().0).collect();
        assert_eq!(again, [3, 4]);
        assert_eq!(queue.commit_taken(), Some(QueueOffset(5)));
        assert_eq!(queue.take(9)[0].queue_offset(), QueueOffset(5));
    }

    #[tokio::test]
    async fn waiting_for_room_ends_when_messages_are_removed() {
        let queue = with(&[0, 1, 2, 3]);
        let done = view("T", 0, b"x");
        let (_, position) = tokio::join!(queue.wait_for_room(), async {
            tokio::task::yield_now().await;
            queue.remove(&[done])
        });
        assert_eq!(position, Some(QueueOffset(1)));
    }

    #[tokio::test]
    async fn dropping_wakes_everybody() {
        let queue = with(&[0, 1, 2, 3]);
        tokio::join!(queue.wait_for_room(), queue.dropped(), async {
            tokio::task::yield_now().await;
            queue.drop_queue();
        });
        assert!(queue.is_dropped());
    }
}
