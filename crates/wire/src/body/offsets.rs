//! Offset tables of admin requests and of clients.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::message_queue::QueueTable;
use super::tolerant;

/// New offsets for a client (code 220), keyed by queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResetOffsetBody {
    /// Offsets.
    pub offset_table: QueueTable<i64>,
}

/// The form of [`ResetOffsetBody`] for C++ clients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResetOffsetListBody {
    /// Offsets.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub offset_table: Vec<QueueOffsetItem>,
}

/// A queue with its offset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QueueOffsetItem {
    /// Broker name.
    pub broker_name: String,
    /// Offset.
    #[serde(deserialize_with = "tolerant::integer")]
    pub offset: i64,
    /// Queue.
    #[serde(deserialize_with = "tolerant::integer")]
    pub queue_id: i32,
    /// Topic.
    pub topic: String,
}

/// The offsets a client holds (code 221).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConsumerStatus {
    /// Offsets by client id, in the broker's answer to an admin tool.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub consumer_table: BTreeMap<String, QueueTable<i64>>,
    /// Offsets of the one client that answers.
    pub message_queue_table: QueueTable<i64>,
}

/// State of every queue of a topic (code 202).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TopicStatsTable {
    /// Queues.
    pub offset_table: QueueTable<TopicOffset>,
    /// Messages per second; Java writes null for what is no number.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub topic_put_tps: f64,
}

/// State of a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TopicOffset {
    /// Store time of the last message.
    #[serde(deserialize_with = "tolerant::integer")]
    pub last_update_timestamp: i64,
    /// End.
    #[serde(deserialize_with = "tolerant::integer")]
    pub max_offset: i64,
    /// First.
    #[serde(deserialize_with = "tolerant::integer")]
    pub min_offset: i64,
}

/// Progress of a group (code 208).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConsumeStats {
    /// Messages per second; Java writes null for what is no number.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub consume_tps: f64,
    /// Queues.
    pub offset_table: QueueTable<OffsetProgress>,
}

/// Progress of a group in a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OffsetProgress {
    /// End of the queue.
    #[serde(deserialize_with = "tolerant::integer")]
    pub broker_offset: i64,
    /// Committed.
    #[serde(deserialize_with = "tolerant::integer")]
    pub consumer_offset: i64,
    /// Store time of the last consumed message.
    #[serde(deserialize_with = "tolerant::integer")]
    pub last_timestamp: i64,
    /// Pulled.
    #[serde(deserialize_with = "tolerant::integer")]
    pub pull_offset: i64,
}
