//! Orderly consumption: one listener at a time for each queue, in the order of the queue; what fails comes again before
//! anything behind it.

use std::sync::Arc;
use std::time::Duration;

use super::listener::{Delivery, Listened, Listener, OrderlyResult, listen};
use super::locks;
use super::send_back::{self, When};
use super::shared::{Listeners, Shared};
use crate::consumer::{MessageModel, ProcessQueue};
use crate::view::MessageView;

/// Pause before failed messages come again, and what it may be set to.
const SUSPEND: Duration = Duration::from_secs(1);
const SUSPEND_MIN: Duration = Duration::from_millis(10);
const SUSPEND_MAX: Duration = Duration::from_secs(30);

/// Starts the queue's consuming task; it ends when the queue is dropped or the consumer closes, after the running listener.
pub(super) fn start(shared: Arc<Shared>, cache: Arc<ProcessQueue>) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let mut phase = shared.phase.subscribe();
        while !cache.is_dropped() && !shared.is_closing() {
            let pause = step(&shared, &cache).await;
            let more = async {
                match pause {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => cache.changed.notified().await,
                }
            };
            tokio::select! {
                () = more => {}
                () = cache.dropped() => {}
                _ = phase.changed() => {}
            }
        }
    })
}

/// Consumes all there is; the pause before going on, or none to wait for news.
async fn step(shared: &Shared, cache: &ProcessQueue) -> Option<Duration> {
    let Listeners::Orderly(listener) = &shared.listeners else {
        return None;
    };
    loop {
        if cache.is_dropped() || shared.is_closing() {
            return None;
        }
        if locks::needed(shared) && !cache.is_locked() {
            // Renewing the lock wakes this task.
            return None;
        }
        let messages = cache.take(shared.settings.deliver_max);
        if messages.is_empty() {
            return None;
        }
        // The semaphore is never closed.
        let permit = shared.permits.acquire().await;
        if cache.is_dropped() || shared.is_closing() {
            return None;
        }
        let pause = consume(shared, cache, listener, &messages).await;
        drop(permit);
        if pause.is_some() {
            return pause;
        }
    }
}

/// Runs the listener once; the pause if the messages have to come again.
async fn consume(
    shared: &Shared,
    cache: &ProcessQueue,
    listener: &Listener<OrderlyResult>,
    messages: &[MessageView],
) -> Option<Duration> {
    let delivery = Delivery::new(messages.to_vec());
    // A listener that is given up half-way would break the order: it has all the time it wants.
    let result = match listen(listener, delivery, Duration::MAX).await {
        Listened::Said(result) => result,
        Listened::Panicked | Listened::TimedOut => {
            tracing::error!(message = ?messages.first(), "listener panicked, message comes again");
            OrderlyResult::Suspend
        }
    };
    let pause = match result {
        OrderlyResult::Success => {
            commit(shared, cache);
            return None;
        }
        OrderlyResult::Suspend => SUSPEND,
        OrderlyResult::SuspendFor(pause) => pause.clamp(SUSPEND_MIN, SUSPEND_MAX),
    };
    if all_given_up(shared, messages).await {
        commit(shared, cache);
        return None;
    }
    cache.give_back();
    Some(pause)
}

fn commit(shared: &Shared, cache: &ProcessQueue) {
    if let Some(position) = cache.commit_taken() {
        shared.member.offsets.set(&cache.queue, position);
        if cache.is_empty() {
            shared.idle.notify_one();
        }
    }
}

/// Whether every message was tried so often that it went to the dead-letter queue; each of the others counts one more
/// failure.
async fn all_given_up(shared: &Shared, messages: &[MessageView]) -> bool {
    let Some(max) = shared.settings.max_reconsume_times else {
        messages.iter().for_each(|message| {
            message.failed_again();
        });
        return false;
    };
    if shared.member.settings.model == MessageModel::Broadcasting {
        return messages.iter().all(|message| max < message.failed_again());
    }
    let mut all = true;
    for message in messages {
        let over = max <= message.reconsume_times();
        let gone = over
            && send_back::resend(shared, message, When::Never)
                .await
                .is_ok();
        if !gone {
            message.failed_again();
            all = false;
        }
    }
    all
}
