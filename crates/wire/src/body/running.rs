//! What a client tells about itself (codes 307 and 309).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::message_queue::QueueTable;
use super::subscription::SubscriptionData;
use super::tolerant::{self, named_enum};

/// Internals of a consumer (code 307). Parts that only admin tools interpret are kept as they came.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConsumerRunningInfo {
    /// Stacks of its threads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jstack: Option<String>,
    /// Queues consumed by pop.
    pub mq_pop_table: QueueTable<Value>,
    /// Queues consumed by pull.
    pub mq_table: QueueTable<Value>,
    /// Settings.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub properties: BTreeMap<String, String>,
    /// Statistics by topic.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub status_table: BTreeMap<String, Value>,
    /// Subscriptions.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub subscription_set: Vec<SubscriptionData>,
    /// Free.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub user_consumer_info: BTreeMap<String, String>,
}

named_enum! {
    /// How the consumption of one message ended.
    ConsumeResult {
        /// Consumed.
        #[default]
        Success = "CR_SUCCESS",
        /// To be retried.
        Later = "CR_LATER",
        /// Rolled back.
        Rollback = "CR_ROLLBACK",
        /// Committed.
        Commit = "CR_COMMIT",
        /// The listener failed.
        ThrowException = "CR_THROW_EXCEPTION",
        /// The listener answered nothing.
        ReturnNull = "CR_RETURN_NULL",
    }
}

/// Answer of code 309.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConsumeMessageDirectlyResult {
    /// Commits by itself.
    #[serde(deserialize_with = "tolerant::boolean")]
    pub auto_commit: bool,
    /// How it ended.
    pub consume_result: ConsumeResult,
    /// Orderly.
    #[serde(deserialize_with = "tolerant::boolean")]
    pub order: bool,
    /// Text, e.g. of a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// Milliseconds it took.
    #[serde(deserialize_with = "tolerant::integer")]
    pub spent_time_mills: i64,
}
