//! Concurrent consumption: many listeners at once, in no order; what fails comes again later.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::mpsc;

use super::listener::{ConsumeResult, Delivery, Listened, Listener, listen};
use super::send_back::{self, When};
use super::shared::{Listeners, Shared, Work};
use crate::consumer::MessageModel;
use crate::view::MessageView;

/// When messages are consumed again here because their broker did not take them back.
const RETRY_HERE: Duration = Duration::from_secs(5);

/// Starts listeners as permits allow, until the consumer ends.
pub(super) async fn dispatch(shared: Weak<Shared>, mut work: mpsc::UnboundedReceiver<Work>) {
    while let Some(work) = work.recv().await {
        let Some(shared) = shared.upgrade() else {
            return;
        };
        let permits = Arc::clone(&shared.permits);
        let Ok(permit) = permits.acquire_owned().await else {
            return;
        };
        if work.queue.is_dropped() || shared.is_closing() {
            continue;
        }
        tokio::spawn(async move {
            consume(&shared, work).await;
            drop(permit);
        });
    }
}

async fn consume(shared: &Shared, work: Work) {
    let Listeners::Concurrent(listener) = &shared.listeners else {
        return;
    };
    let result = run(shared, listener, &work.messages).await;
    if work.queue.is_dropped() {
        // The queue's new owner gets the messages again.
        return;
    }
    let (done, when) = judged(result, work.messages.len());
    let (done, failed) = work.messages.split_at(done);
    let mut finished = done.to_vec();
    let mut kept = Vec::new();
    for message in failed {
        if give_back(shared, message, when).await {
            finished.push(message.clone());
        } else {
            message.failed_again();
            kept.push(message.clone());
        }
    }
    if work.queue.is_dropped() {
        return;
    }
    if let Some(position) = work.queue.remove(&finished) {
        shared.member.offsets.raise(&work.queue.queue, position);
        if work.queue.is_empty() {
            shared.idle.notify_one();
        }
    }
    if !kept.is_empty() {
        again_here(
            shared,
            Work {
                queue: work.queue,
                messages: kept,
            },
        );
    }
}

async fn run(
    shared: &Shared,
    listener: &Listener<ConsumeResult>,
    messages: &[MessageView],
) -> ConsumeResult {
    let delivery = Delivery::new(messages.to_vec());
    let timeout = shared.settings.consume_timeout;
    match listen(listener, delivery, timeout).await {
        Listened::Said(result) => result,
        Listened::Panicked => {
            tracing::error!(message = ?messages.first(), "listener panicked, message comes again later");
            ConsumeResult::Later
        }
        Listened::TimedOut => {
            let seconds = timeout.as_secs();
            tracing::warn!(message = ?messages.first(), seconds, "listener took too long, message comes again later");
            ConsumeResult::LaterAtLevel(3)
        }
    }
}

/// How many of the first messages are consumed, and when the others come again.
fn judged(result: ConsumeResult, count: usize) -> (usize, When) {
    match result {
        ConsumeResult::Success => (count, When::ByAttempts),
        ConsumeResult::SuccessUpTo(done) => (done.min(count), When::ByAttempts),
        ConsumeResult::Later => (0, When::ByAttempts),
        ConsumeResult::LaterAtLevel(0) => (0, When::ByAttempts),
        ConsumeResult::LaterAtLevel(level) => (0, When::AtLevel(level)),
        ConsumeResult::DeadLetter => (0, When::Never),
    }
}

/// Sees that a failed message comes again; false if nobody took it.
async fn give_back(shared: &Shared, message: &MessageView, when: When) -> bool {
    if shared.member.settings.model == MessageModel::Broadcasting {
        tracing::warn!(
            ?message,
            "message failed; a broadcasting group gets nothing a second time"
        );
        return true;
    }
    send_back::send_back(shared, message, when).await
}

/// Consumes here once more, after a while.
fn again_here(shared: &Shared, work: Work) {
    let sender = shared.work.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = tokio::time::sleep(RETRY_HERE) => {
                // Fails only when the consumer has ended.
                let _ = sender.send(work);
            }
            () = work.queue.dropped() => {}
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_result_says_what_comes_again_and_when() {
        let cases = [
            (ConsumeResult::Success, (3, When::ByAttempts)),
            (ConsumeResult::SuccessUpTo(2), (2, When::ByAttempts)),
            (ConsumeResult::SuccessUpTo(9), (3, When::ByAttempts)),
            (ConsumeResult::SuccessUpTo(0), (0, When::ByAttempts)),
            (ConsumeResult::Later, (0, When::ByAttempts)),
            (ConsumeResult::LaterAtLevel(4), (0, When::AtLevel(4))),
            (ConsumeResult::LaterAtLevel(0), (0, When::ByAttempts)),
            (ConsumeResult::DeadLetter, (0, When::Never)),
        ];
        for (result, expected) in cases {
            assert_eq!(judged(result, 3), expected, "{result:?}");
        }
    }
}
