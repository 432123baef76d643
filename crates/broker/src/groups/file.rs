//! `subscriptionGroup.json`: a data version, forbidden topics per group and the settings of every group by name. The
//! object of one group is also what admin requests carry.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::GroupConfig;
use crate::data_version::DataVersion;
use crate::java_json;

/// Per group and topic a bit field of what is forbidden; only kept.
pub(super) type Forbidden = BTreeMap<String, BTreeMap<String, i32>>;

/// The whole table, as the file and the answer to the question for all groups show it.
#[derive(Debug, Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct GroupTable {
    pub(super) data_version: DataVersion,
    pub(super) forbidden_table: Forbidden,
    subscription_group_table: BTreeMap<String, GroupJson>,
}

/// One group; members in the order of the alphabet, as Java writes them.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct GroupJson {
    attributes: BTreeMap<String, String>,
    broker_id: i64,
    consume_broadcast_enable: bool,
    consume_enable: bool,
    consume_from_min_enable: bool,
    consume_message_orderly: bool,
    consume_timeout_minute: i32,
    pub(crate) group_name: String,
    group_retry_policy: Value,
    group_sys_flag: i32,
    notify_consumer_ids_changed_enable: bool,
    retry_max_times: i32,
    retry_queue_nums: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription_data_set: Option<Value>,
    which_broker_when_consume_slowly: i64,
}

/// Reads the file; members it does not know are left out.
pub(super) fn parse(text: &[u8]) -> Result<GroupTable, serde_json::Error> {
    java_json::from_slice(text)
}

/// The text of the file.
pub(super) fn render(table: &GroupTable) -> String {
    java_json::pretty(table, 0)
}

impl GroupTable {
    pub(super) fn new(
        data_version: DataVersion,
        forbidden_table: Forbidden,
        groups: &[Arc<GroupConfig>],
    ) -> Self {
        Self {
            data_version,
            forbidden_table,
            subscription_group_table: groups
                .iter()
                .map(|group| (group.name.to_string(), GroupJson::from(&**group)))
                .collect(),
        }
    }

    /// The groups; the key names the group.
    pub(super) fn groups(&self) -> impl Iterator<Item = GroupConfig> {
        self.subscription_group_table
            .iter()
            .map(|(name, group)| group.to_config(name))
    }
}

impl Default for GroupJson {
    fn default() -> Self {
        Self::from(&GroupConfig::new(""))
    }
}

impl From<&GroupConfig> for GroupJson {
    fn from(group: &GroupConfig) -> Self {
        Self {
            attributes: group.attributes.clone(),
            broker_id: group.broker_id,
            consume_broadcast_enable: group.consume_broadcast_enable,
            consume_enable: group.consume_enable,
            consume_from_min_enable: group.consume_from_min_enable,
            consume_message_orderly: group.consume_message_orderly,
            consume_timeout_minute: group.consume_timeout_minutes,
            group_name: group.name.to_string(),
            group_retry_policy: group.retry_policy.clone(),
            group_sys_flag: group.group_sys_flag,
            notify_consumer_ids_changed_enable: group.notify_consumer_ids_changed_enable,
            retry_max_times: group.retry_max_times,
            retry_queue_nums: i32::try_from(group.retry_queues).unwrap_or(i32::MAX),
            subscription_data_set: group.subscription_data_set.clone(),
            which_broker_when_consume_slowly: group.which_broker_when_consume_slowly,
        }
    }
}

impl GroupJson {
    /// The settings, under the name that was asked for.
    pub(crate) fn to_config(&self, name: &str) -> GroupConfig {
        GroupConfig {
            name: Arc::from(name),
            consume_enable: self.consume_enable,
            consume_from_min_enable: self.consume_from_min_enable,
            consume_broadcast_enable: self.consume_broadcast_enable,
            consume_message_orderly: self.consume_message_orderly,
            retry_queues: u32::try_from(self.retry_queue_nums).unwrap_or(0),
            retry_max_times: self.retry_max_times,
            broker_id: self.broker_id,
            which_broker_when_consume_slowly: self.which_broker_when_consume_slowly,
            notify_consumer_ids_changed_enable: self.notify_consumer_ids_changed_enable,
            group_sys_flag: self.group_sys_flag,
            consume_timeout_minutes: self.consume_timeout_minute,
            retry_policy: self.group_retry_policy.clone(),
            subscription_data_set: self.subscription_data_set.clone(),
            attributes: self.attributes.clone(),
        }
    }
}
