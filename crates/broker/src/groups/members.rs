//! Live clients: who is connected, in which groups, with which subscriptions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;
use rustc_hash::FxHashMap;

use crate::subscription::Subscription;

/// How a group gets its messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConsumeType {
    /// The application pulls.
    Actively,
    /// The client pulls and pushes to the application.
    #[default]
    Passively,
    /// The broker hands messages out one by one.
    Pop,
}

/// Who of a group gets a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MessageModel {
    /// Every member.
    Broadcasting,
    /// One member.
    #[default]
    Clustering,
}

/// The live members of a consumer group and what they subscribe to: an immutable snapshot.
#[derive(Debug, Default)]
pub struct ConsumerGroup {
    /// How the group gets its messages.
    pub consume_type: ConsumeType,
    /// Who of the group gets a message.
    pub message_model: MessageModel,
    subscriptions: FxHashMap<Arc<str>, Arc<Subscription>>,
}

impl ConsumerGroup {
    /// What the group wants of a topic.
    #[must_use]
    pub fn subscription(&self, topic: &str) -> Option<&Arc<Subscription>> {
        self.subscriptions.get(topic)
    }
}

/// Live producers and consumers.
#[derive(Debug, Default)]
pub struct Members {
    generation: AtomicU64,
    consumers: RwLock<FxHashMap<Arc<str>, Arc<ConsumerGroup>>>,
}

impl Members {
    /// Grows with every change of members or subscriptions of any group; a mere sign of life is none.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The live members of a consumer group; `None` if it has none.
    #[must_use]
    pub fn consumer_group(&self, group: &str) -> Option<Arc<ConsumerGroup>> {
        self.consumers.read().get(group).cloned()
    }
}
