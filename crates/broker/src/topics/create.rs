//! How topics come into being without an operator: on send, for retries, for dead letters.

use std::sync::Arc;

use ferromq_wire::message::topic::{AUTO_CREATE_TOPIC_KEY_TOPIC, dlq_topic, is_retry, retry_topic};

use super::{Permission, TooManyTopics, TopicConfig, Topics};

/// Queues of a dead-letter topic.
const DEAD_LETTER_QUEUES: u32 = 1;
/// Queues of a retry topic that is created by sending to it.
const RETRY_QUEUES: u32 = 1;

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
    /// The broker's `autoCreateTopicEnable`. Topics other than `TBW102` may be templates even without it.
    pub auto_create: bool,
}

/// What a group's heartbeat says about its retry topic.
#[derive(Clone, Copy, Debug, Default)]
pub struct RetryTopic<'a> {
    /// The group.
    pub group: &'a str,
    /// `retryQueueNums` of the group.
    pub queues: u32,
    /// Unit bits for the topic.
    pub sys_flag: u32,
    /// Whether one of the topics that the group subscribes to is an order topic.
    pub order: bool,
}

/// Why a topic was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// No template, or one that must not be inherited: an operator has to create the topic.
    #[error("topic[{0}] not exist, apply first please!")]
    NotAllowed(String),
    /// The broker has as many topics as it can hold.
    #[error(transparent)]
    TooMany(#[from] TooManyTopics),
}

impl Topics {
    /// Creates the topic a producer sends to, from the template its request names; finds it if it exists by now.
    /// The topic file is written later, or soon after [`Topics::hurry`]: a message that is acknowledged must have a topic after a crash, so nothing may
    /// be acknowledged before [`Topics::saved`] reaches [`Topics::safe_from`].
    pub fn create_on_send(
        &self,
        wanted: CreateOnSend<'_>,
    ) -> Result<Arc<TopicConfig>, CreateError> {
        let made = self.update(wanted.topic, |table| {
            if table.find(wanted.topic).is_some() {
                return None;
            }
            table
                .find(wanted.template)
                .and_then(|template| from_template(&wanted, template))
                .or_else(|| {
                    is_retry(wanted.topic).then(|| {
                        let mut topic =
                            TopicConfig::new(wanted.topic, RETRY_QUEUES, Permission::READ_WRITE);
                        topic.sys_flag = wanted.sys_flag;
                        topic
                    })
                })
        })?;
        let topic = made.ok_or_else(|| CreateError::NotAllowed(wanted.topic.to_owned()))?;
        Ok(topic)
    }

    /// The `%RETRY%` topic of a group for a message that is about to be put there; created if it is absent, and saved
    /// later, as [`Topics::create_on_send`] says.
    pub fn retry_topic(&self, group: &str, queues: u32) -> Result<Arc<TopicConfig>, CreateError> {
        self.find_or_create(&retry_topic(group), queues)
    }

    /// The `%DLQ%` topic of a group for a message that is about to be put there; created if it is absent, and saved
    /// later, as [`Topics::create_on_send`] says.
    pub fn dead_letter_topic(&self, group: &str) -> Result<Arc<TopicConfig>, CreateError> {
        self.find_or_create(&dlq_topic(group), DEAD_LETTER_QUEUES)
    }

    /// Sees to it that the retry topic of a live group exists and has the right order flag. It is saved soon, not now:
    /// the next heartbeat would bring it back.
    pub fn prepare_retry_topic(&self, retry: RetryTopic<'_>) -> Result<(), TooManyTopics> {
        let name = retry_topic(retry.group);
        if self
            .find(&name)
            .is_some_and(|topic| topic.order == retry.order)
        {
            return Ok(());
        }
        self.update(&name, |table| {
            let mut topic = match table.find(&name) {
                Some(topic) => TopicConfig::clone(topic),
                None => {
                    let mut topic = TopicConfig::new(&name, retry.queues, Permission::READ_WRITE);
                    topic.sys_flag = retry.sys_flag;
                    topic
                }
            };
            topic.order = retry.order;
            Some(topic)
        })?;
        Ok(())
    }

    fn find_or_create(&self, name: &str, queues: u32) -> Result<Arc<TopicConfig>, CreateError> {
        if let Some(topic) = self.find(name) {
            return Ok(topic);
        }
        let made = self.update(name, |table| {
            table
                .find(name)
                .is_none()
                .then(|| TopicConfig::new(name, queues, Permission::READ_WRITE))
        })?;
        Ok(made.expect("the topic was found or created"))
    }
}

/// The new topic. `None` if the template may not be inherited. RocketMQ makes a topic without queues if the request
/// says 0 and every later send fails; here a topic has at least one.
fn from_template(wanted: &CreateOnSend<'_>, template: &TopicConfig) -> Option<TopicConfig> {
    let is_switched_off =
        template.name.as_ref() == AUTO_CREATE_TOPIC_KEY_TOPIC && !wanted.auto_create;
    if is_switched_off || !template.perm.is_inheritable() {
        return None;
    }
    let asked = u32::try_from(wanted.queues).unwrap_or(0);
    let queues = asked.min(template.write_queues).max(1);
    let mut topic = TopicConfig::new(wanted.topic, queues, template.perm.without_inherit());
    topic.filter = template.filter;
    topic.sys_flag = wanted.sys_flag;
    Some(topic)
}
