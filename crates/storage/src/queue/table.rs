//! All queues of a store by topic and number.

use std::collections::BTreeMap;
use std::sync::Arc;

use ferromq_base::{Mark, QueueId};
use parking_lot::RwLock;
use rustc_hash::FxHashMap;

use super::handle::Queue;

/// The queues of a topic.
type QueuesById = BTreeMap<u32, Arc<Queue>>;

/// The queues that were asked for or hold messages.
#[derive(Debug)]
pub(crate) struct Queues {
    visible: Arc<Mark>,
    topics: RwLock<FxHashMap<Arc<str>, QueuesById>>,
}

impl Queues {
    pub(crate) fn new(visible: Arc<Mark>) -> Self {
        Self {
            visible,
            topics: RwLock::default(),
        }
    }

    /// The handle of a queue, if there is one.
    pub(crate) fn find(&self, topic: &str, id: QueueId) -> Option<Arc<Queue>> {
        self.topics.read().get(topic)?.get(&id.0).cloned()
    }

    /// The handle of a queue, made if there is none.
    pub(crate) fn queue(&self, topic: &str, id: QueueId) -> Arc<Queue> {
        if let Some(queue) = self.find(topic, id) {
            return queue;
        }
        let mut topics = self.topics.write();
        let name = match topics.get_key_value(topic) {
            Some((name, _)) => Arc::clone(name),
            None => topic.into(),
        };
        let queues = topics.entry(Arc::clone(&name)).or_default();
        let new = || Arc::new(Queue::new(name, id, Arc::clone(&self.visible)));
        Arc::clone(queues.entry(id.0).or_insert_with(new))
    }

    /// All queues.
    pub(crate) fn all(&self) -> Vec<Arc<Queue>> {
        let topics = self.topics.read();
        topics
            .values()
            .flat_map(BTreeMap::values)
            .cloned()
            .collect()
    }

    /// Forgets the queues of a topic and returns them.
    pub(crate) fn remove_topic(&self, topic: &str) -> Vec<Arc<Queue>> {
        let removed = self.topics.write().remove(topic);
        removed.unwrap_or_default().into_values().collect()
    }
}
