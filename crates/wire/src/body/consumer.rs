//! Bodies around the members of a group: lists, locks, assignments and connections.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::heartbeat::{ConsumeFromWhere, ConsumeType, MessageModel};
use super::message_queue::MessageQueue;
use super::subscription::SubscriptionData;
use super::tolerant;

/// Client ids of a group (code 38).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConsumerList {
    /// Client ids.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub consumer_id_list: Vec<String>,
}

/// Queues to lock or unlock (codes 41 and 42).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LockBatchRequestBody {
    /// Client.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub client_id: String,
    /// Consumer group.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub consumer_group: String,
    /// Queues.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub mq_set: Vec<MessageQueue>,
    /// Do not ask the slaves.
    #[serde(deserialize_with = "tolerant::boolean")]
    pub only_this_broker: bool,
}

/// Queues that are locked now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LockBatchResponseBody {
    /// Queues.
    #[serde(rename = "lockOKMQSet", deserialize_with = "tolerant::nullable")]
    pub lock_ok_mq_set: Vec<MessageQueue>,
}

/// A subscription to be checked (code 46).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CheckClientConfigBody {
    /// Client.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub client_id: String,
    /// Consumer group.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub group: String,
    /// Namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The subscription.
    pub subscription_data: SubscriptionData,
}

/// Asks the broker for a client's queues (code 400).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QueryAssignmentRequestBody {
    /// Client.
    pub client_id: String,
    /// Consumer group.
    pub consumer_group: String,
    /// Shared or all.
    pub message_model: MessageModel,
    /// `AVG` or `AVG_BY_CIRCLE`.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub strategy_name: String,
    /// Topic.
    pub topic: String,
}

/// A client's queues.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QueryAssignmentResponseBody {
    /// Missing: keep what you have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_queue_assignments: Option<Vec<MessageQueueAssignment>>,
}

/// One queue of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MessageQueueAssignment {
    /// The queue.
    pub message_queue: MessageQueue,
    /// `PULL` or `POP`.
    pub mode: String,
}

/// A client connection as admin tools see it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Connection {
    /// `ip:port`.
    pub client_addr: String,
    /// Client.
    pub client_id: String,
    /// Name of its language.
    pub language: String,
    /// Ordinal of its release.
    #[serde(deserialize_with = "tolerant::integer")]
    pub version: i32,
}

/// The connections of a consumer group (code 203).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConsumerConnection {
    /// Connections.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub connection_set: Vec<Connection>,
    /// Where a new group begins.
    pub consume_from_where: ConsumeFromWhere,
    /// How it gets its messages.
    pub consume_type: ConsumeType,
    /// Shared or all.
    pub message_model: MessageModel,
    /// Subscriptions by topic.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub subscription_table: BTreeMap<String, SubscriptionData>,
}

/// The connections of a producer group (code 204).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProducerConnection {
    /// Connections.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub connection_set: Vec<Connection>,
}
