//! Errors, one per operation. Each text names the cause and what to do about it.

use std::time::Duration;

use ferromq_rpc::CallError;

use crate::consumer::tags::EmptyTagFilter;
use crate::queue::MessageQueue;

/// Why a route could not be found.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RouteError {
    /// The name servers answer but know no broker for the topic.
    #[error(
        "no route for topic `{topic}`: the name server {name_servers} knows no broker that has it. Possible causes: the topic does not exist (a broker creates it with the first message sent to it, unless autoCreateTopicEnable=false); no broker is registered at this name server; or the name is misspelt. Create the topic or send to it first, start a broker with this name server, or correct the name"
    )]
    NoRoute {
        /// Topic that was looked for.
        topic: String,
        /// The addresses that were asked.
        name_servers: String,
    },
    /// No name server answered.
    #[error(
        "no name server answered ({name_servers}); check that one runs there and that the address is right. Last cause: {cause}"
    )]
    NameServers {
        /// The addresses that were asked.
        name_servers: String,
        /// The last of the failures.
        cause: CallError,
    },
}

/// Why a producer or consumer could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A name server address is not of the form `host:port`.
    #[error(
        "name server address `{0}` is not of the form host:port; separate several by semicolons"
    )]
    BadNameServer(String),
    /// The group name is not permitted.
    #[error("group name `{group}` is not permitted: {why}")]
    BadGroup {
        /// The name.
        group: String,
        /// What is wrong with it.
        why: String,
    },
    /// A topic name is not permitted.
    #[error("topic name `{topic}` is not permitted: {why}")]
    BadTopic {
        /// The name.
        topic: String,
        /// What is wrong with it.
        why: String,
    },
    /// A setting is out of its range.
    #[error("setting {setting} is {value}, permitted is {range}")]
    BadSetting {
        /// Name of the setting.
        setting: &'static str,
        /// Its value.
        value: String,
        /// What is permitted.
        range: String,
    },
    /// A tag expression selects nothing.
    #[error(transparent)]
    BadTags(#[from] EmptyTagFilter),
    /// A consumer without a subscription or a listener.
    #[error("{0}")]
    Missing(&'static str),
    /// A name server does not answer.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// The stored offsets of a broadcasting consumer cannot be read.
    #[error("offset file {path} cannot be read: {cause}; remove it to start anew, or restore it")]
    OffsetFile {
        /// Path of the file.
        path: String,
        /// What the operating system or the parser says.
        cause: std::io::Error,
    },
}

/// Why a message was not sent, or is not known to have been sent.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The message itself cannot be sent.
    #[error("message for topic `{topic}` cannot be sent: {why}")]
    BadMessage {
        /// Its topic.
        topic: String,
        /// What is wrong with it.
        why: String,
    },
    /// Nobody knows where to send it.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// The topic has no queue that can be written.
    #[error(
        "topic `{topic}` has no queue to write to: its brokers have no master at present, or the topic is read-only; check the topic's permission and its brokers"
    )]
    NoWritableQueue {
        /// Its topic.
        topic: String,
    },
    /// The chosen queue's broker is not known, or has no master.
    #[error(
        "broker `{broker}` of the chosen queue has no known master; it is down or unknown to the name server"
    )]
    NoBroker {
        /// Broker name.
        broker: String,
    },
    /// All attempts failed.
    #[error("message for {queue} not sent after {attempts} attempt(s): {cause}")]
    Failed {
        /// Queue of the last attempt.
        queue: MessageQueue,
        /// Number of attempts.
        attempts: u32,
        /// Failure of the last attempt.
        cause: CallError,
    },
    /// The time for the send was over before an attempt could be made.
    #[error("message for topic `{topic}` not sent within {} ms", after.as_millis())]
    TimedOut {
        /// Its topic.
        topic: String,
        /// The time that was allowed.
        after: Duration,
    },
    /// The producer is shut down.
    #[error("the producer is shut down")]
    Stopped,
}

impl SendError {
    /// Whether the broker may have stored the message although the send failed: sending it again may store it twice.
    #[must_use]
    pub fn may_be_stored(&self) -> bool {
        matches!(self, Self::Failed { cause, .. } if cause.may_have_happened())
    }
}

/// Why an operation of a consumer failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConsumeError {
    /// Nobody knows where the topic is.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// A broker does not answer or refuses.
    #[error("{queue}: {cause}")]
    Call {
        /// The queue concerned.
        queue: MessageQueue,
        /// The failure.
        cause: CallError,
    },
    /// The queue's broker is not known.
    #[error("{queue}: broker is unknown to the name server; it is down, or was never there")]
    NoBroker {
        /// The queue concerned.
        queue: MessageQueue,
    },
    /// The consumer does not hold the queue.
    #[error("{queue} is not assigned to this consumer; assign it first, or wait for the rebalance")]
    NotAssigned {
        /// The queue concerned.
        queue: MessageQueue,
    },
    /// The offset is outside of what the queue holds.
    #[error("offset {offset} of {queue} is outside of {min} to {max}")]
    OutOfRange {
        /// The queue concerned.
        queue: MessageQueue,
        /// The offset asked for.
        offset: u64,
        /// First offset of the queue.
        min: u64,
        /// One past the last offset of the queue.
        max: u64,
    },
    /// Queues were assigned by hand to a consumer that subscribes.
    #[error(
        "this consumer subscribes to topics; queues are assigned to it by the group, not by hand"
    )]
    Subscribed,
    /// The consumer is shut down.
    #[error("the consumer is shut down")]
    Stopped,
}
