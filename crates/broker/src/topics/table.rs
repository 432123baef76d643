//! The table of topics.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;
use rustc_hash::FxHashMap;

use super::TopicConfig;

/// The topic table of this broker.
#[derive(Debug, Default)]
pub struct Topics {
    generation: AtomicU64,
    table: RwLock<FxHashMap<Arc<str>, Arc<TopicConfig>>>,
}

/// What a send request says about a topic that does not exist yet.
#[derive(Clone, Copy, Debug)]
pub struct CreateOnSend<'a> {
    /// The wanted topic; its name has been checked.
    pub topic: &'a str,
    /// `defaultTopic` of the request: the topic whose settings are taken over.
    pub template: &'a str,
    /// `defaultTopicQueueNums` of the request.
    pub queues: i32,
    /// Unit bits for the new topic.
    pub sys_flag: u32,
}

/// Why a topic was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// No template, or one that must not be inherited: the topic has to be created by an operator.
    #[error("topic[{0}] not exist, apply first please!")]
    NotAllowed(String),
    /// The broker has as many topics as it can hold.
    #[error("broker holds {limit} topics already, delete some before creating {topic}")]
    TooMany {
        /// The wanted topic.
        topic: String,
        /// Most topics of one broker.
        limit: usize,
    },
    /// The topic exists in memory but could not be written to the topic file.
    #[error("topic {topic} could not be saved: {reason}")]
    NotSaved {
        /// The wanted topic.
        topic: String,
        /// What the disk said.
        reason: String,
    },
}

impl Topics {
    /// Grows with every change of any topic; what was looked up before is still true while it stays the same.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The settings of a topic.
    #[must_use]
    pub fn find(&self, topic: &str) -> Option<Arc<TopicConfig>> {
        self.table.read().get(topic).cloned()
    }

    /// Creates the topic a producer sends to, from the template its request names; finds it if it exists by now.
    /// Returns after the topic file was written.
    pub fn create_on_send(
        &self,
        wanted: CreateOnSend<'_>,
    ) -> Result<Arc<TopicConfig>, CreateError> {
        Err(CreateError::NotAllowed(wanted.topic.to_owned()))
    }

    /// The `%RETRY%` topic of a group, created with `queues` queues if it is absent.
    pub fn retry_topic(&self, group: &str, queues: u32) -> Result<Arc<TopicConfig>, CreateError> {
        let _ = queues;
        Err(CreateError::NotAllowed(group.to_owned()))
    }

    /// The `%DLQ%` topic of a group, created with one queue if it is absent.
    pub fn dead_letter_topic(&self, group: &str) -> Result<Arc<TopicConfig>, CreateError> {
        Err(CreateError::NotAllowed(group.to_owned()))
    }
}
