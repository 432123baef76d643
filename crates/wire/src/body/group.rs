//! Small tables: key-value pairs and topic lists.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::tolerant;

/// Key-value pairs of a namespace, of order topics, or of runtime statistics.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KvTable {
    /// The pairs.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub table: BTreeMap<String, String>,
}

/// A list of topics.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TopicList {
    /// Address of some broker, in the list of system topics only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broker_addr: Option<String>,
    /// The topics.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub topic_list: Vec<String>,
}
