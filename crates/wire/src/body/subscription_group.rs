//! Settings of consumer groups as admin tools read and change them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::tolerant;
use super::topic_config::DataVersion;

/// Settings of one group. Missing members have RocketMQ's defaults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SubscriptionGroupConfig {
    /// Attributes; none are defined.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub attributes: BTreeMap<String, String>,
    /// Broker id to read from.
    #[serde(deserialize_with = "tolerant::integer")]
    pub broker_id: i64,
    /// Broadcasting is allowed.
    pub consume_broadcast_enable: bool,
    /// Consumption is allowed.
    pub consume_enable: bool,
    /// Kept, no effect.
    pub consume_from_min_enable: bool,
    /// Orderly, for the proxy.
    pub consume_message_orderly: bool,
    /// Minutes, for the proxy.
    #[serde(deserialize_with = "tolerant::integer")]
    pub consume_timeout_minute: i32,
    /// Group.
    pub group_name: String,
    /// Retry policy, for the proxy; kept as it came.
    pub group_retry_policy: Value,
    /// Flags, told in pull replies.
    #[serde(deserialize_with = "tolerant::integer")]
    pub group_sys_flag: i32,
    /// Members are told of changes.
    pub notify_consumer_ids_changed_enable: bool,
    /// Attempts before the dead letter.
    #[serde(deserialize_with = "tolerant::integer")]
    pub retry_max_times: i32,
    /// Queues of the retry topic.
    #[serde(deserialize_with = "tolerant::integer")]
    pub retry_queue_nums: i32,
    /// Static subscriptions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription_data_set: Option<Vec<SimpleSubscriptionData>>,
    /// Broker id to read from when far behind.
    #[serde(deserialize_with = "tolerant::integer")]
    pub which_broker_when_consume_slowly: i64,
}

impl Default for SubscriptionGroupConfig {
    fn default() -> Self {
        Self {
            attributes: BTreeMap::new(),
            broker_id: 0,
            consume_broadcast_enable: true,
            consume_enable: true,
            consume_from_min_enable: true,
            consume_message_orderly: false,
            consume_timeout_minute: 15,
            group_name: String::new(),
            group_retry_policy: json!({"type": "CUSTOMIZED"}),
            group_sys_flag: 0,
            notify_consumer_ids_changed_enable: true,
            retry_max_times: 16,
            retry_queue_nums: 1,
            subscription_data_set: None,
            which_broker_when_consume_slowly: 1,
        }
    }
}

/// A static subscription.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SimpleSubscriptionData {
    /// Expression.
    pub expression: String,
    /// `TAG` or `SQL92`.
    pub expression_type: String,
    /// Topic.
    pub topic: String,
    /// Version.
    #[serde(deserialize_with = "tolerant::integer")]
    pub version: i64,
}

/// All groups (code 201).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SubscriptionGroupTable {
    /// Version of the table.
    pub data_version: DataVersion,
    /// Forbidden bits by group and topic.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub forbidden_table: BTreeMap<String, BTreeMap<String, i32>>,
    /// Groups by name.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub subscription_group_table: BTreeMap<String, SubscriptionGroupConfig>,
}
