//! The topics and queues a network thread has met: found by borrowed name, without lock or allocation.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use ferromq_base::QueueId;
use ferromq_storage::{Queue, Store};
use ferromq_wire::message::topic::is_send_forbidden;
use rustc_hash::FxHashMap;

use crate::topics::{TopicConfig, Topics};

/// Topics by name. What it knows is true for one generation of the topic table and dropped as a whole with it.
#[derive(Debug)]
pub(crate) struct TopicCache {
    topics: Arc<Topics>,
    store: Arc<Store>,
    known: RefCell<Known>,
}

#[derive(Debug, Default)]
struct Known {
    generation: u64,
    by_name: FxHashMap<Box<str>, Rc<CachedTopic>>,
}

/// A topic with the handles of its queues.
#[derive(Debug)]
pub(crate) struct CachedTopic {
    config: Arc<TopicConfig>,
    store: Arc<Store>,
    is_send_forbidden: bool,
    safe_from: u64,
    queues: RefCell<Vec<Option<Arc<Queue>>>>,
}

impl TopicCache {
    /// An empty cache over `topics`.
    pub(crate) fn new(topics: Arc<Topics>, store: Arc<Store>) -> Self {
        Self {
            topics,
            store,
            known: RefCell::default(),
        }
    }

    /// The topic `name`, if it exists.
    pub(crate) fn find(&self, name: &str) -> Option<Rc<CachedTopic>> {
        let mut known = self.known.borrow_mut();
        let generation = self.topics.generation();
        if known.generation != generation {
            known.by_name.clear();
            known.generation = generation;
        }
        if let Some(topic) = known.by_name.get(name) {
            return Some(Rc::clone(topic));
        }
        let topic = Rc::new(CachedTopic {
            config: self.topics.find(name)?,
            store: Arc::clone(&self.store),
            is_send_forbidden: is_send_forbidden(name),
            safe_from: self.topics.safe_from(name),
            queues: RefCell::default(),
        });
        known.by_name.insert(name.into(), Rc::clone(&topic));
        Some(topic)
    }
}

impl CachedTopic {
    /// The settings of the topic.
    pub(crate) fn config(&self) -> &Arc<TopicConfig> {
        &self.config
    }

    /// Whether clients may not send to it.
    pub(crate) fn is_send_forbidden(&self) -> bool {
        self.is_send_forbidden
    }

    /// The generation of the topic table that must be saved before anything may be acknowledged to this topic.
    pub(crate) fn safe_from(&self) -> u64 {
        self.safe_from
    }

    /// A queue of the topic; `queue` has been checked against the settings.
    pub(crate) fn queue(&self, queue: QueueId) -> Arc<Queue> {
        let mut queues = self.queues.borrow_mut();
        let index = queue.0 as usize;
        if queues.len() <= index {
            queues.resize(index + 1, None);
        }
        let open = || self.store.queue(&self.config.name, queue);
        Arc::clone(queues[index].get_or_insert_with(open))
    }
}
