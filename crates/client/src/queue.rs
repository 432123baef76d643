//! The name of one queue: topic, broker, number.

use std::fmt;
use std::sync::Arc;

use ferromq_base::QueueId;

/// One queue of a topic on one broker. Cheap to clone. Ordered by topic, broker name and number, which is the order in which
/// all members of a group divide queues among themselves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageQueue {
    /// Topic name.
    pub topic: Arc<str>,
    /// Name (not address) of the broker that holds the queue.
    pub broker: Arc<str>,
    /// Number of the queue within its topic on that broker.
    pub id: QueueId,
}

impl MessageQueue {
    /// The queue `id` of `topic` on `broker`.
    #[must_use]
    pub fn new(topic: impl Into<Arc<str>>, broker: impl Into<Arc<str>>, id: u32) -> Self {
        Self {
            topic: topic.into(),
            broker: broker.into(),
            id: QueueId(id),
        }
    }
}

impl fmt::Display for MessageQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}:{}", self.topic, self.broker, self.id)
    }
}
