//! Queue locks of orderly consumers: one client at a time consumes a queue in order.

use std::sync::Arc;
use std::time::Duration;

use ferromq_base::{Millis, QueueId};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

/// A queue as a lock request names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LockedQueue {
    /// Topic of the queue.
    pub topic: Arc<str>,
    /// Broker name of the queue: kept apart, though a client should only ask for queues of this broker.
    pub broker: Arc<str>,
    /// Number of the queue.
    pub queue: QueueId,
}

#[derive(Debug)]
struct Lock {
    owner: Arc<str>,
    renewed: Millis,
}

/// Queue locks of orderly consumers, per group. Kept in memory only.
#[derive(Debug, Default)]
pub struct QueueLocks {
    groups: Mutex<FxHashMap<Arc<str>, FxHashMap<LockedQueue, Lock>>>,
}

impl QueueLocks {
    /// How long a lock lives after it was last renewed.
    pub const LIFE: Duration = Duration::from_secs(60);
}
