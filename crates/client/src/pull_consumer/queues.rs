//! The queues that a pull consumer holds, each with a task that pulls ahead.

use std::collections::BTreeMap;
use std::sync::Arc;

use ferromq_base::QueueOffset;
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};

use crate::consumer::rebalance::Owner;
use crate::consumer::{CacheLimits, GroupMember, ProcessQueue, PullSettings, Pulled, Puller};
use crate::error::ConsumeError;
use crate::instance::{Instance, pause_after};
use crate::queue::MessageQueue;
use crate::view::MessageView;

/// What one pull brought.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) from: Arc<ProcessQueue>,
    pub(super) messages: Vec<MessageView>,
    /// Position after these messages.
    pub(super) next: QueueOffset,
}

/// The held queues.
pub(super) struct Queues {
    member: Arc<GroupMember>,
    pull: PullSettings,
    limits: CacheLimits,
    held: Mutex<BTreeMap<MessageQueue, Held>>,
    inbox: mpsc::UnboundedSender<Batch>,
}

struct Held {
    cache: Arc<ProcessQueue>,
    paused: watch::Sender<bool>,
}

impl Queues {
    pub(super) fn new(
        member: Arc<GroupMember>,
        pull: PullSettings,
        limits: CacheLimits,
        inbox: mpsc::UnboundedSender<Batch>,
    ) -> Self {
        Self {
            member,
            pull,
            limits,
            held: Mutex::default(),
            inbox,
        }
    }

    pub(super) fn all(&self) -> Vec<MessageQueue> {
        self.held.lock().keys().cloned().collect()
    }

    pub(super) fn holds(&self, queue: &MessageQueue) -> bool {
        self.held.lock().contains_key(queue)
    }

    /// Holds exactly these queues from now on.
    pub(super) async fn assign(&self, wanted: Vec<MessageQueue>) -> Result<(), ConsumeError> {
        for queue in self.all() {
            if !wanted.contains(&queue) {
                self.release(queue).await;
            }
        }
        for queue in wanted {
            if !self.holds(&queue) {
                let from = self.member.start_offset(&queue).await?;
                self.restart(&queue, from);
            }
        }
        Ok(())
    }

    /// Pulls the queue from `offset` on; what was cached is dropped.
    pub(super) fn restart(&self, queue: &MessageQueue, offset: QueueOffset) {
        let cache = Arc::new(ProcessQueue::new(queue.clone(), self.limits));
        self.member.offsets.set(queue, offset);
        let mut held = self.held.lock();
        let was_paused = held.get(queue).is_some_and(|old| *old.paused.borrow());
        let (paused, pausing) = watch::channel(was_paused);
        let new = Held {
            cache: Arc::clone(&cache),
            paused,
        };
        if let Some(old) = held.insert(queue.clone(), new) {
            old.cache.drop_queue();
        }
        drop(held);
        let task = PullTask {
            instance: Arc::clone(&self.member.instance),
            puller: Puller::new(Arc::clone(&self.member), queue.clone(), self.pull),
            cache,
            pausing,
            inbox: self.inbox.clone(),
            next: offset,
        };
        tokio::spawn(task.run());
    }

    pub(super) fn pause(&self, queues: &[MessageQueue], pause: bool) {
        let held = self.held.lock();
        for queue in queues.iter().filter_map(|queue| held.get(queue)) {
            queue.paused.send_replace(pause);
        }
    }

    pub(super) fn drop_all(&self) {
        for held in std::mem::take(&mut *self.held.lock()).into_values() {
            held.cache.drop_queue();
        }
    }
}

impl Owner for Queues {
    fn held(&self, topic: &str) -> Vec<MessageQueue> {
        let held = self.held.lock();
        let of_topic = held.keys().filter(|queue| *queue.topic == *topic);
        of_topic.cloned().collect()
    }

    async fn take(&self, queue: MessageQueue) -> bool {
        match self.member.start_offset(&queue).await {
            Ok(from) => {
                self.restart(&queue, from);
                true
            }
            Err(error) => {
                tracing::warn!(%queue, %error, "queue not taken, will be tried again");
                false
            }
        }
    }

    async fn release(&self, queue: MessageQueue) {
        let held = self.held.lock().remove(&queue);
        if let Some(held) = held {
            held.cache.drop_queue();
        }
        self.member.persist_queue(&queue).await;
        self.member.forget(&queue);
    }
}

/// Pulls one queue ahead of the application.
struct PullTask {
    instance: Arc<Instance>,
    puller: Puller,
    cache: Arc<ProcessQueue>,
    pausing: watch::Receiver<bool>,
    inbox: mpsc::UnboundedSender<Batch>,
    next: QueueOffset,
}

impl PullTask {
    async fn run(mut self) {
        let cache = Arc::clone(&self.cache);
        let instance = Arc::clone(&self.instance);
        tokio::select! {
            () = cache.dropped() => {}
            () = instance.stopped() => {}
            () = self.pull_on() => {}
        }
    }

    /// Ends when nobody takes the batches any more.
    async fn pull_on(&mut self) {
        let mut failures = 0;
        loop {
            self.cache.wait_for_room().await;
            if self.pausing.wait_for(|paused| !paused).await.is_err() {
                return;
            }
            let (messages, next) = match self.puller.pull(self.next, None).await {
                Ok(Pulled::Messages(messages, next)) => (messages, next),
                Ok(Pulled::Moved(next)) => {
                    let queue = &self.cache.queue;
                    tracing::info!(%queue, from = %self.next, to = %next, "offset moved");
                    (Vec::new(), next)
                }
                Err(error) => {
                    let queue = &self.cache.queue;
                    if failures == 0 {
                        tracing::warn!(%queue, %error, "pull failed, trying again");
                    }
                    tokio::time::sleep(pause_after(failures)).await;
                    failures += 1;
                    continue;
                }
            };
            failures = 0;
            if messages.is_empty() && next == self.next {
                continue;
            }
            self.next = next;
            self.cache.put(&messages);
            let batch = Batch {
                from: Arc::clone(&self.cache),
                messages,
                next,
            };
            if self.inbox.send(batch).is_err() {
                return;
            }
        }
    }
}
