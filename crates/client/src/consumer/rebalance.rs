//! Keeping the queues that a member holds in line with the queues that are its own.

use std::sync::Arc;
use std::time::Duration;

use ferromq_rpc::{Incoming, IncomingRequest};
use ferromq_wire::code::RequestCode;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::member::GroupMember;
use crate::queue::MessageQueue;

/// Shortest time between two rounds, so that many changes at once make one round.
const ROUND_PAUSE: Duration = Duration::from_millis(200);
/// Time after which a round is repeated when a queue could not be taken.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// Holds queues: takes those that it is given and releases those that are taken from it.
pub(crate) trait Owner: Send + Sync + 'static {
    /// The queues of the topic that it holds.
    fn held(&self, topic: &str) -> Vec<MessageQueue>;
    /// Takes a queue; false if that must be tried again.
    fn take(&self, queue: MessageQueue) -> impl Future<Output = bool> + Send;
    /// Releases a queue.
    fn release(&self, queue: MessageQueue) -> impl Future<Output = ()> + Send;
}

/// Takes the brokers' requests: a change in the group wakes the rebalance, everything else is not supported.
pub(crate) fn waking(wake: &Arc<Notify>) -> Incoming {
    let wake = Arc::clone(wake);
    Arc::new(move |request: IncomingRequest| {
        if request.command.request_code() == RequestCode::NOTIFY_CONSUMER_IDS_CHANGED {
            wake.notify_one();
            return;
        }
        request.refuse();
    })
}

/// Divides anew at every `wake` and at least every `interval`, until the client is stopped.
pub(crate) async fn run(
    member: Arc<GroupMember>,
    owner: Arc<impl Owner>,
    wake: Arc<Notify>,
    interval: Duration,
) {
    tokio::select! {
        () = rounds(&member, &*owner, &wake, interval) => {}
        () = member.instance.stopped() => {}
    }
}

async fn rounds(member: &GroupMember, owner: &impl Owner, wake: &Notify, interval: Duration) {
    loop {
        let start = Instant::now();
        let mut complete = true;
        for topic in member.topics() {
            complete &= round(member, owner, &topic).await;
        }
        let next = if complete { interval } else { RETRY_PAUSE };
        tokio::select! {
            () = sleep_until(start + next) => {}
            () = wake.notified() => sleep_until(start + ROUND_PAUSE).await,
        }
    }
}

/// Divides the queues of one topic; false if a queue could not be taken.
pub(crate) async fn round(member: &GroupMember, owner: &impl Owner, topic: &str) -> bool {
    let Some(mine) = member.my_queues(topic).await else {
        return true;
    };
    let held = owner.held(topic);
    for queue in &held {
        if !mine.contains(queue) {
            tracing::info!(%queue, group = member.settings.group, "queue released");
            owner.release(queue.clone()).await;
        }
    }
    let mut complete = true;
    for queue in mine {
        if !held.contains(&queue) {
            complete &= owner.take(queue).await;
        }
    }
    complete
}
