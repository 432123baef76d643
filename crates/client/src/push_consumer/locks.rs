//! Queue locks of orderly consumers: only the member that holds a queue's lock at the broker consumes from it.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use ferromq_wire::body::{self, LockBatchRequestBody};
use tokio::time::Instant;

use super::queues::{Ending, end};
use super::shared::Shared;
use crate::consumer::{MessageModel, ProcessQueue};
use crate::instance::Which;
use crate::queue::MessageQueue;

/// How long a granted lock counts here; at the broker it counts twice as long.
const LOCK_TIME: Duration = Duration::from_secs(30);
/// How often locks are renewed.
const RENEW_INTERVAL: Duration = Duration::from_secs(20);

/// Whether the consumer locks queues.
pub(super) fn needed(shared: &Shared) -> bool {
    shared.is_orderly() && shared.member.settings.model == MessageModel::Clustering
}

/// Locks one queue; false if another member has it or the broker does not answer.
pub(super) async fn lock(shared: &Shared, cache: &ProcessQueue) -> bool {
    let queue = &cache.queue;
    let Some(broker) = shared.member.instance.broker_of(queue, Which::Master) else {
        return false;
    };
    let start = Instant::now();
    match broker
        .lock(&request(shared, std::slice::from_ref(queue)))
        .await
    {
        Ok(locked) if locked.iter().any(|locked| same(locked, queue)) => {
            cache.lock_until(Some(start + LOCK_TIME));
            true
        }
        Ok(_) => {
            tracing::debug!(%queue, "queue is locked by another member");
            false
        }
        Err(error) => {
            tracing::warn!(%queue, %error, "queue not locked, will be tried again");
            false
        }
    }
}

/// Frees queues, all of one broker or of several.
pub(super) async fn unlock(shared: &Shared, queues: &[MessageQueue]) {
    for (name, queues) in by_broker(queues) {
        let Some((_, broker)) = shared.member.instance.broker(name, Which::Master) else {
            continue;
        };
        if let Err(error) = broker.unlock(&request(shared, &queues)).await {
            tracing::warn!(broker = name, %error, "queues not unlocked, the broker frees them by itself");
        }
    }
}

/// Renews the locks of all held queues until the consumer ends.
pub(super) async fn renew(shared: Weak<Shared>) {
    loop {
        tokio::time::sleep(RENEW_INTERVAL).await;
        let Some(shared) = shared.upgrade() else {
            return;
        };
        if shared.is_closing() {
            return;
        }
        renew_all(&shared).await;
    }
}

async fn renew_all(shared: &Arc<Shared>) {
    let caches = shared.caches();
    let queues: Vec<MessageQueue> = caches.iter().map(|cache| cache.queue.clone()).collect();
    for (name, queues) in by_broker(&queues) {
        let Some((_, broker)) = shared.member.instance.broker(name, Which::Master) else {
            continue;
        };
        let start = Instant::now();
        match broker.lock(&request(shared, &queues)).await {
            Ok(locked) => {
                let of_broker = caches.iter().filter(|cache| *cache.queue.broker == *name);
                for cache in of_broker {
                    renewed(shared, cache, start, &locked);
                }
            }
            // The locks count until their time is over; then consumption waits.
            Err(error) => tracing::warn!(broker = name, %error, "locks not renewed"),
        }
    }
}

/// A queue whose lock went to another member is given up.
fn renewed(
    shared: &Arc<Shared>,
    cache: &Arc<ProcessQueue>,
    start: Instant,
    locked: &[body::MessageQueue],
) {
    if locked.iter().any(|locked| same(locked, &cache.queue)) {
        cache.lock_until(Some(start + LOCK_TIME));
        return;
    }
    tracing::warn!(queue = %cache.queue, "lock lost, queue is given up");
    cache.lock_until(None);
    end(shared, &cache.queue, Ending::LockLost);
}

fn request(shared: &Shared, queues: &[MessageQueue]) -> LockBatchRequestBody {
    LockBatchRequestBody {
        client_id: shared.member.instance.id.text.clone(),
        consumer_group: shared.member.settings.group.clone(),
        mq_set: queues.iter().map(wire).collect(),
        only_this_broker: false,
    }
}

fn by_broker(queues: &[MessageQueue]) -> BTreeMap<&str, Vec<MessageQueue>> {
    let mut table: BTreeMap<&str, Vec<MessageQueue>> = BTreeMap::new();
    for queue in queues {
        table.entry(&queue.broker).or_default().push(queue.clone());
    }
    table
}

fn wire(queue: &MessageQueue) -> body::MessageQueue {
    let id = i32::try_from(queue.id.0).unwrap_or(i32::MAX);
    body::MessageQueue::new(&*queue.topic, &*queue.broker, id)
}

fn same(locked: &body::MessageQueue, queue: &MessageQueue) -> bool {
    *locked == wire(queue)
}
