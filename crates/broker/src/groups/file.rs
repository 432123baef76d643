//! `subscriptionGroup.json`: a data version, forbidden topics per group and the settings of every group by name. The
//! same objects go over the wire.

use std::collections::BTreeMap;
use std::sync::Arc;

use ferromq_wire::body::{DataVersion, SubscriptionGroupConfig, SubscriptionGroupTable};

use super::GroupConfig;
use crate::java_json;

/// Per group and topic a bit field of what is forbidden; only kept.
pub(super) type Forbidden = BTreeMap<String, BTreeMap<String, i32>>;

/// Reads the file; members it does not know are left out.
pub(super) fn parse(text: &[u8]) -> Result<SubscriptionGroupTable, serde_json::Error> {
    java_json::from_slice(text)
}

/// The text of the file.
pub(super) fn render(table: &SubscriptionGroupTable) -> String {
    java_json::pretty(table, 0)
}

/// The whole table as the file and admin requests show it.
pub(super) fn table(
    data_version: DataVersion,
    forbidden_table: Forbidden,
    groups: &[Arc<GroupConfig>],
) -> SubscriptionGroupTable {
    SubscriptionGroupTable {
        data_version,
        forbidden_table,
        subscription_group_table: groups
            .iter()
            .map(|group| (group.name.to_string(), group.to_body()))
            .collect(),
    }
}

/// The groups of a table; the key names the group.
pub(super) fn groups(table: &SubscriptionGroupTable) -> impl Iterator<Item = GroupConfig> {
    let groups = table.subscription_group_table.iter();
    groups.map(|(name, body)| GroupConfig {
        name: Arc::from(name.as_str()),
        ..GroupConfig::from(body.clone())
    })
}

impl From<SubscriptionGroupConfig> for GroupConfig {
    fn from(body: SubscriptionGroupConfig) -> Self {
        Self {
            name: Arc::from(body.group_name),
            consume_enable: body.consume_enable,
            consume_from_min_enable: body.consume_from_min_enable,
            consume_broadcast_enable: body.consume_broadcast_enable,
            consume_message_orderly: body.consume_message_orderly,
            retry_queues: u32::try_from(body.retry_queue_nums).unwrap_or(0),
            retry_max_times: body.retry_max_times,
            broker_id: body.broker_id,
            which_broker_when_consume_slowly: body.which_broker_when_consume_slowly,
            notify_consumer_ids_changed_enable: body.notify_consumer_ids_changed_enable,
            group_sys_flag: body.group_sys_flag,
            consume_timeout_minutes: body.consume_timeout_minute,
            retry_policy: body.group_retry_policy,
            subscription_data_set: body.subscription_data_set,
            attributes: body.attributes,
        }
    }
}

impl GroupConfig {
    /// The settings as they go over the wire.
    #[must_use]
    pub fn to_body(&self) -> SubscriptionGroupConfig {
        SubscriptionGroupConfig {
            attributes: self.attributes.clone(),
            broker_id: self.broker_id,
            consume_broadcast_enable: self.consume_broadcast_enable,
            consume_enable: self.consume_enable,
            consume_from_min_enable: self.consume_from_min_enable,
            consume_message_orderly: self.consume_message_orderly,
            consume_timeout_minute: self.consume_timeout_minutes,
            group_name: self.name.to_string(),
            group_retry_policy: self.retry_policy.clone(),
            group_sys_flag: self.group_sys_flag,
            notify_consumer_ids_changed_enable: self.notify_consumer_ids_changed_enable,
            retry_max_times: self.retry_max_times,
            retry_queue_nums: i32::try_from(self.retry_queues).unwrap_or(i32::MAX),
            subscription_data_set: self.subscription_data_set.clone(),
            which_broker_when_consume_slowly: self.which_broker_when_consume_slowly,
        }
    }
}
