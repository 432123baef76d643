//! Topic settings as brokers announce and admin tools change them.

use std::collections::BTreeMap;

use ferromq_base::Millis;
use serde::{Deserialize, Serialize};

use super::route::TopicQueueMappingInfo;
use super::tolerant;

/// Version of a table. Two are equal if all three members are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DataVersion {
    /// Changes since creation.
    #[serde(deserialize_with = "tolerant::integer")]
    pub counter: i64,
    /// Epoch of the master in controller mode, else 0.
    #[serde(deserialize_with = "tolerant::integer")]
    pub state_version: i64,
    /// Last change in milliseconds since 1970.
    #[serde(deserialize_with = "tolerant::integer")]
    pub timestamp: i64,
}

impl DataVersion {
    /// The version after one more change.
    #[must_use]
    pub fn next(self, now: Millis) -> Self {
        Self {
            counter: self.counter.wrapping_add(1),
            state_version: self.state_version,
            timestamp: now.0,
        }
    }

    /// True if `self` is later: by state version, then counter, then time.
    #[must_use]
    pub fn is_newer_than(&self, other: &Self) -> bool {
        let key = |v: &Self| (v.state_version, v.counter, v.timestamp);
        key(self) > key(other)
    }
}

/// Settings of one topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TopicConfig {
    /// Attributes.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub attributes: BTreeMap<String, String>,
    /// An order topic.
    #[serde(deserialize_with = "tolerant::boolean")]
    pub order: bool,
    /// Permission bits: 4 read, 2 write, 1 inherit, 8 priority.
    #[serde(deserialize_with = "tolerant::integer")]
    pub perm: i32,
    /// Queues to read from.
    #[serde(deserialize_with = "tolerant::integer")]
    pub read_queue_nums: i32,
    /// `SINGLE_TAG` or `MULTI_TAG`.
    pub topic_filter_type: String,
    /// Topic.
    pub topic_name: String,
    /// Flags: 1 unit, 2 unit-subscribed.
    #[serde(deserialize_with = "tolerant::integer")]
    pub topic_sys_flag: i32,
    /// Queues to write to.
    #[serde(deserialize_with = "tolerant::integer")]
    pub write_queue_nums: i32,
}

impl Default for TopicConfig {
    fn default() -> Self {
        Self {
            attributes: BTreeMap::new(),
            order: false,
            perm: 6,
            read_queue_nums: 16,
            topic_filter_type: "SINGLE_TAG".to_owned(),
            topic_name: String::new(),
            topic_sys_flag: 0,
            write_queue_nums: 16,
        }
    }
}

impl TopicConfig {
    /// Settings of a topic with this many queues, readable and writable.
    #[must_use]
    pub fn new(topic_name: impl Into<String>, queues: i32) -> Self {
        Self {
            topic_name: topic_name.into(),
            read_queue_nums: queues,
            write_queue_nums: queues,
            ..Self::default()
        }
    }
}

/// The topics of a broker (also the register body of very old brokers).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TopicConfigTable {
    /// Version of the table.
    pub data_version: DataVersion,
    /// Topics by name.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub topic_config_table: BTreeMap<String, TopicConfig>,
}

/// The topics of a broker with the mappings of its static topics.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TopicConfigAndMappings {
    /// Version of the topic table.
    pub data_version: DataVersion,
    /// Version of the mappings.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub mapping_data_version: DataVersion,
    /// Topics by name.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub topic_config_table: BTreeMap<String, TopicConfig>,
    /// Details of the mappings; kept as they came.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub topic_queue_mapping_detail_map: BTreeMap<String, serde_json::Value>,
    /// Mappings by topic.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub topic_queue_mapping_info_map: BTreeMap<String, TopicQueueMappingInfo>,
}
