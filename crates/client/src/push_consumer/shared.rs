//! What all parts of a push consumer share.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ferromq_wire::body::HeartbeatData;
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore, mpsc, watch};

use super::listener::{ConsumeResult, Listener, OrderlyResult};
use crate::consumer::{CacheLimits, GroupMember, ProcessQueue, PullSettings};
use crate::instance::Member;
use crate::producer::sender::Sender;
use crate::queue::MessageQueue;
use crate::view::MessageView;

/// The application's listener, which decides how messages are consumed.
pub(super) enum Listeners {
    Concurrent(Listener<ConsumeResult>),
    Orderly(Listener<OrderlyResult>),
}

/// What does not change while the consumer runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct PushSettings {
    pub(super) pull: PullSettings,
    pub(super) limits: CacheLimits,
    /// Listeners running at the same time.
    pub(super) concurrency: u32,
    /// Most messages in one delivery.
    pub(super) deliver_max: usize,
    /// Deliveries after the first, before a message goes to the dead-letter queue; none: the default of the mode.
    pub(super) max_reconsume_times: Option<u32>,
    pub(super) consume_timeout: Duration,
    pub(super) shutdown_timeout: Duration,
    pub(super) persist_interval: Duration,
    pub(super) rebalance_interval: Duration,
}

/// Messages of one queue to be consumed together.
pub(super) struct Work {
    pub(super) queue: Arc<ProcessQueue>,
    pub(super) messages: Vec<MessageView>,
}

/// Shared state of a push consumer.
pub(super) struct Shared {
    pub(super) member: Arc<GroupMember>,
    pub(super) settings: PushSettings,
    pub(super) listeners: Listeners,
    /// Sends what cannot be given back to its broker.
    pub(super) resend: Sender,
    pub(super) held: Mutex<BTreeMap<MessageQueue, Held>>,
    /// Queues that are not held any more but not settled yet; they cannot be taken again before.
    pub(super) leaving: Mutex<Vec<MessageQueue>>,
    pub(super) work: mpsc::UnboundedSender<Work>,
    /// One permit for each listener that may run.
    pub(super) permits: Arc<Semaphore>,
    pub(super) wake: Arc<Notify>,
    /// Signals that a queue was consumed to its end.
    pub(super) idle: Arc<Notify>,
    /// Pulling and starting of listeners are to stop, or pause.
    pub(super) phase: watch::Sender<Phase>,
}

/// A queue that is held.
pub(super) struct Held {
    pub(super) cache: Arc<ProcessQueue>,
    /// Orderly consumption: the queue's consuming task.
    pub(super) task: Option<tokio::task::JoinHandle<()>>,
}

/// What the consumer is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Running,
    /// Suspended by the application.
    Suspended,
    /// Shutting down.
    Closing,
}

impl Shared {
    pub(super) fn is_orderly(&self) -> bool {
        matches!(self.listeners, Listeners::Orderly(_))
    }

    pub(super) fn is_closing(&self) -> bool {
        *self.phase.borrow() == Phase::Closing
    }

    /// Returns when the consumer is running; never, if it is closing.
    pub(super) async fn running(&self) {
        let mut phase = self.phase.subscribe();
        let running = phase.wait_for(|phase| *phase == Phase::Running);
        // An error would mean that the sender is gone, which `self` holds.
        let _ = running.await;
    }

    /// The held queues.
    pub(super) fn caches(&self) -> Vec<Arc<ProcessQueue>> {
        let held = self.held.lock();
        held.values().map(|held| Arc::clone(&held.cache)).collect()
    }
}

impl Member for Shared {
    fn heartbeat(&self) -> HeartbeatData {
        self.member.heartbeat()
    }

    fn route_changed(&self) {
        self.wake.notify_one();
    }
}
