//! Taking and releasing queues, and the task that pulls each of them.

use std::sync::Arc;
use std::time::Duration;

use ferromq_base::QueueOffset;
use ferromq_wire::code::ResponseCode;

use super::shared::{Held, Shared, Work};
use super::{locks, orderly};
use crate::consumer::rebalance::Owner;
use crate::consumer::{MessageModel, ProcessQueue, Pulled, Puller};
use crate::error::ConsumeError;
use crate::instance::pause_after;
use crate::queue::MessageQueue;
use crate::view::MessageView;

/// How long an orderly queue waits for its running listener when it is released.
const HANDOVER_TIME: Duration = Duration::from_secs(30);

/// Takes and releases queues on behalf of a consumer.
pub(super) struct PushOwner(pub(super) Arc<Shared>);

impl Owner for PushOwner {
    fn held(&self, topic: &str) -> Vec<MessageQueue> {
        let held = self.0.held.lock();
        let of_topic = held.keys().filter(|queue| *queue.topic == *topic);
        of_topic.cloned().collect()
    }

    async fn take(&self, queue: MessageQueue) -> bool {
        let shared = &self.0;
        if shared.is_closing() || shared.leaving.lock().contains(&queue) {
            return false;
        }
        let cache = Arc::new(ProcessQueue::new(queue.clone(), shared.settings.limits));
        if locks::needed(shared) && !locks::lock(shared, &cache).await {
            return false;
        }
        match shared.member.start_offset(&queue).await {
            Ok(from) => {
                tracing::info!(%queue, %from, "queue taken");
                hold(shared, cache, from);
                true
            }
            Err(error) => {
                tracing::warn!(%queue, %error, "queue not taken, will be tried again");
                false
            }
        }
    }

    async fn release(&self, queue: MessageQueue) {
        end(&self.0, &queue, Ending::Released);
    }
}

/// Why a queue is not held any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It belongs to another member now.
    Released,
    /// Its position was wrong; it is taken again from this one.
    Moved(QueueOffset),
    /// Another member has locked it.
    LockLost,
}

/// Stops holding a queue. Its listener, if it is an orderly one, may finish first, so that the next owner does not consume
/// beside it.
pub(super) fn end(shared: &Arc<Shared>, queue: &MessageQueue, ending: Ending) {
    let Some(held) = shared.held.lock().remove(queue) else {
        return;
    };
    held.cache.drop_queue();
    shared.leaving.lock().push(queue.clone());
    let (shared, queue) = (Arc::clone(shared), queue.clone());
    tokio::spawn(async move {
        if let Some(task) = held.task
            && tokio::time::timeout(HANDOVER_TIME, task).await.is_err()
        {
            tracing::warn!(%queue, "listener still runs, queue is given up without waiting for it");
        }
        settle(&shared, &queue, ending).await;
        shared.leaving.lock().retain(|leaving| *leaving != queue);
        shared.wake.notify_one();
    });
}

/// Stores the position, unless somebody else has gone on from it already, and unlocks.
async fn settle(shared: &Shared, queue: &MessageQueue, ending: Ending) {
    let member = &shared.member;
    if let Ending::Moved(to) = ending {
        member.offsets.set(queue, to);
    }
    if ending != Ending::LockLost {
        member.persist_queue(queue).await;
    }
    member.forget(queue);
    if ending == Ending::Released && locks::needed(shared) {
        locks::unlock(shared, std::slice::from_ref(queue)).await;
    }
}

/// Begins to pull and, if orderly, to consume.
fn hold(shared: &Arc<Shared>, cache: Arc<ProcessQueue>, from: QueueOffset) {
    let task = shared
        .is_orderly()
        .then(|| orderly::start(Arc::clone(shared), Arc::clone(&cache)));
    let held = Held {
        cache: Arc::clone(&cache),
        task,
    };
    shared.held.lock().insert(cache.queue.clone(), held);
    // Stored soon even if nothing comes: the group then has a place in the queue, and misses nothing while it is away.
    shared.member.offsets.raise(&cache.queue, from);
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let instance = &shared.member.instance;
        tokio::select! {
            () = cache.dropped() => {}
            () = instance.stopped() => {}
            () = pull_on(&shared, &cache, from) => {}
        }
    });
}

/// Pulls until the queue is dropped, or its offset turns out to be wrong.
async fn pull_on(shared: &Arc<Shared>, cache: &Arc<ProcessQueue>, mut next: QueueOffset) {
    let (member, queue) = (&shared.member, &cache.queue);
    let mut puller = Puller::new(Arc::clone(member), queue.clone(), shared.settings.pull);
    let commits = member.settings.model == MessageModel::Clustering;
    let mut failures = 0;
    loop {
        cache.wait_for_room().await;
        shared.running().await;
        let commit = member.offsets.position(queue).filter(|_| commits);
        match puller.pull(next, commit).await {
            Ok(Pulled::Messages(messages, after)) => {
                failures = 0;
                next = after;
                arrived(shared, cache, messages, next);
            }
            Ok(Pulled::Moved(to)) => {
                tracing::info!(%queue, from = %next, %to, "offset moved, queue is taken anew");
                return end(shared, queue, Ending::Moved(to));
            }
            Err(error) => {
                if failures == 0 {
                    tracing::warn!(%queue, %error, "pull failed, trying again");
                }
                tokio::time::sleep(pause(&error, failures)).await;
                failures += 1;
            }
        }
    }
}

/// Pause before the next attempt: short if the broker only asks to slow down.
fn pause(error: &ConsumeError, failures: u32) -> Duration {
    match error {
        ConsumeError::Call { cause, .. } if cause.is(ResponseCode::FLOW_CONTROL) => {
            Duration::from_millis(20)
        }
        ConsumeError::Call { cause, .. } if cause.is(ResponseCode::SYSTEM_BUSY) => {
            Duration::from_millis(50)
        }
        _ => pause_after(failures),
    }
}

/// Caches what a pull brought and sees that it is consumed.
fn arrived(
    shared: &Shared,
    cache: &Arc<ProcessQueue>,
    messages: Vec<MessageView>,
    next: QueueOffset,
) {
    if messages.is_empty() {
        if cache.is_empty() {
            // Nothing of this queue is waiting: all that was passed over is done.
            shared.member.offsets.raise(&cache.queue, next);
        }
        return;
    }
    cache.put(&messages);
    if shared.is_orderly() {
        return;
    }
    for chunk in messages.chunks(shared.settings.deliver_max) {
        let work = Work {
            queue: Arc::clone(cache),
            messages: chunk.to_vec(),
        };
        // Fails only when the consumer has ended.
        let _ = shared.work.send(work);
    }
}
