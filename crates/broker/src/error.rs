//! Broker errors as response codes and remarks, all in one place. Remarks begin with RocketMQ's own text where it has one.

use std::borrow::Cow;

use ferromq_storage::{AppendError, PushError, ReadError};
use ferromq_wire::code::ResponseCode;
use ferromq_wire::message::topic::TopicNameError;

use crate::subscription::SubscriptionError;
use crate::topics::CreateError;

/// What RocketMQ appends to remarks that have an entry in its list of common questions.
const FAQ: &str = "\nSee https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details.";

/// A refused request: the code and remark its requester is answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {remark}")]
pub struct Refusal {
    /// The response code.
    pub code: ResponseCode,
    /// What is wrong, and what would help.
    pub remark: Cow<'static, str>,
}

impl Refusal {
    /// A refusal with a remark.
    pub fn new(code: ResponseCode, remark: impl Into<Cow<'static, str>>) -> Self {
        let remark = remark.into();
        Self { code, remark }
    }

    /// A request that lacks something or cannot be understood.
    pub fn unusable(remark: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ResponseCode::SYSTEM_ERROR, remark)
    }

    /// Something RocketMQ knows and this version does not.
    pub fn unsupported(what: impl std::fmt::Display) -> Self {
        let remark = format!("this version of FerroMQ does not support {what} yet");
        Self::new(ResponseCode::REQUEST_CODE_NOT_SUPPORTED, remark)
    }

    /// A message that breaks a limit.
    pub fn illegal_message(body_bytes_max: usize, why: impl std::fmt::Display) -> Self {
        let remark = format!(
            "the message is illegal, maybe msg body or properties length not matched. msg body length limit \
             {body_bytes_max}B, msg properties length limit 32KB. Cause: {why}"
        );
        Self::new(ResponseCode::MESSAGE_ILLEGAL, remark)
    }

    /// A record that does not fit the turn.
    pub(crate) fn not_pushed(body_bytes_max: usize, error: &PushError) -> Self {
        Self::illegal_message(body_bytes_max, error)
    }

    /// An unknown consumer group.
    pub fn no_group(group: &str) -> Self {
        let remark = format!("subscription group not exist, {group}{FAQ}");
        Self::new(ResponseCode::SUBSCRIPTION_GROUP_NOT_EXIST, remark)
    }

    /// A new topic that could not be written to the topic file. The log has the cause.
    pub(crate) fn topic_not_safe() -> Self {
        let remark = "the topic is new and could not be saved, try again";
        Self::new(ResponseCode::SYSTEM_ERROR, remark)
    }

    /// An unknown topic of a pull or a query.
    pub fn no_topic(topic: &str) -> Self {
        let remark = format!("topic[{topic}] not exist, apply first please!{FAQ}");
        Self::new(ResponseCode::TOPIC_NOT_EXIST, remark)
    }
}

impl From<&AppendError> for Refusal {
    fn from(error: &AppendError) -> Self {
        let remark = format!("service not available now. Cause: {error}");
        Self::new(ResponseCode::SERVICE_NOT_AVAILABLE, remark)
    }
}

impl From<TopicNameError> for Refusal {
    fn from(error: TopicNameError) -> Self {
        Self::new(ResponseCode::INVALID_PARAMETER, error.to_string())
    }
}

impl From<SubscriptionError> for Refusal {
    fn from(error: SubscriptionError) -> Self {
        let remark = format!("parse the consumer's subscription failed: {error}");
        Self::new(ResponseCode::SUBSCRIPTION_PARSE_FAILED, remark)
    }
}

impl From<CreateError> for Refusal {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::NotAllowed(topic) => Self::no_topic(&topic),
            CreateError::TooMany { .. } => {
                Self::new(ResponseCode::TOPIC_NOT_EXIST, error.to_string())
            }
        }
    }
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Self {
        Self::new(ResponseCode::SYSTEM_ERROR, error.to_string())
    }
}
