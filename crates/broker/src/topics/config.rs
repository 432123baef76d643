//! The settings of one topic.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Permission;

/// Whether a message of the topic carries one tag or several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TopicFilter {
    /// One tag per message.
    #[default]
    SingleTag,
    /// Several tags per message; the hash of the whole tag text is the tag code.
    MultiTag,
}

/// The settings of one topic. Immutable: a change makes a new value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicConfig {
    /// Name of the topic.
    pub name: Arc<str>,
    /// Number of queues that consumers may pull from.
    pub read_queues: u32,
    /// Number of queues that producers may send to.
    pub write_queues: u32,
    /// What may be done with the topic.
    pub perm: Permission,
    /// One tag per message or several.
    pub filter: TopicFilter,
    /// Bit 0: unit topic, bit 1: a unit subscribes to it.
    pub sys_flag: u32,
    /// Whether an order configuration names this topic.
    pub order: bool,
    /// Attributes such as `message.type`, keys without the `+` or `-` of change requests.
    pub attributes: BTreeMap<String, String>,
}

impl TopicConfig {
    /// A topic with the same number of read and write queues and nothing special.
    #[must_use]
    pub fn new(name: &str, queues: u32, perm: Permission) -> Self {
        Self {
            name: Arc::from(name),
            read_queues: queues,
            write_queues: queues,
            perm,
            filter: TopicFilter::SingleTag,
            sys_flag: 0,
            order: false,
            attributes: BTreeMap::new(),
        }
    }

    /// Number of queues that may hold messages: the larger of both counts.
    #[must_use]
    pub fn queues(&self) -> u32 {
        self.read_queues.max(self.write_queues)
    }
}
