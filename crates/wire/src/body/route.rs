//! Routes: which brokers hold which queues of a topic.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::tolerant;
use super::{Dialect, encode_as};
use crate::version::Version;

/// The route of a topic (code 105).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TopicRouteData {
    /// Brokers that hold queues of the topic.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub broker_datas: Vec<BrokerData>,
    /// Filter servers per broker address; always empty today.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub filter_server_table: BTreeMap<String, Vec<String>>,
    /// `broker:queues;broker:queues` of an order topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_topic_conf: Option<String>,
    /// Queues per broker name.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub queue_datas: Vec<QueueData>,
    /// Static topics: mapping per broker name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic_queue_mapping_by_broker: Option<BTreeMap<String, TopicQueueMappingInfo>>,
}

impl TopicRouteData {
    /// The dialect for a client: standard from 4.9.4 on or when asked for, else legacy.
    #[must_use]
    pub fn dialect(version: Version, accept_standard_json_only: bool) -> Dialect {
        if accept_standard_json_only || version >= Version::V4_9_4 {
            return Dialect::Standard;
        }
        Dialect::Legacy
    }

    /// Writes the route in `dialect`.
    #[must_use]
    pub fn encode(&self, dialect: Dialect) -> Vec<u8> {
        encode_as(self, dialect)
    }
}

/// One broker name with its addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BrokerData {
    /// Addresses by broker id; 0 is the master.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub broker_addrs: BTreeMap<i64, String>,
    /// Broker name.
    pub broker_name: String,
    /// Cluster.
    pub cluster: String,
    /// A slave may act as master.
    #[serde(deserialize_with = "tolerant::boolean")]
    pub enable_acting_master: bool,
    /// Zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone_name: Option<String>,
}

/// The queues of a topic on one broker name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QueueData {
    /// Broker name.
    pub broker_name: String,
    /// Permission bits: 4 read, 2 write, 1 inherit, 8 priority.
    #[serde(deserialize_with = "tolerant::integer")]
    pub perm: i32,
    /// Queues to read from.
    #[serde(deserialize_with = "tolerant::integer")]
    pub read_queue_nums: i32,
    /// Flags of the topic: 1 unit, 2 unit-subscribed.
    #[serde(alias = "topicSynFlag", deserialize_with = "tolerant::integer")]
    pub topic_sys_flag: i32,
    /// Queues to write to.
    #[serde(deserialize_with = "tolerant::integer")]
    pub write_queue_nums: i32,
}

/// What part of a static topic one broker holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TopicQueueMappingInfo {
    /// Broker name.
    pub bname: String,
    /// Logical queue to the broker's own queue.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub curr_id_map: BTreeMap<i32, i32>,
    /// Being changed.
    #[serde(deserialize_with = "tolerant::boolean")]
    pub dirty: bool,
    /// The highest counts.
    #[serde(deserialize_with = "tolerant::integer")]
    pub epoch: i64,
    /// `__global__`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Topic.
    pub topic: String,
    /// Logical queues.
    #[serde(deserialize_with = "tolerant::integer")]
    pub total_queues: i32,
}
