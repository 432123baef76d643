//! `topics.json`: a data version and the settings of every topic by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Permission, TopicConfig, TopicFilter};
use crate::data_version::DataVersion;
use crate::java_json;

#[derive(Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct File {
    data_version: DataVersion,
    topic_config_table: BTreeMap<String, Stored>,
}

/// One topic as the file shows it; members in the order of the alphabet, as Java writes them.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Stored {
    attributes: BTreeMap<String, String>,
    order: bool,
    perm: u32,
    read_queue_nums: u32,
    topic_filter_type: String,
    topic_name: String,
    topic_sys_flag: u32,
    write_queue_nums: u32,
}

impl Default for Stored {
    /// What Java takes for members that are missing.
    fn default() -> Self {
        Self {
            attributes: BTreeMap::new(),
            order: false,
            perm: Permission::READ_WRITE.bits(),
            read_queue_nums: 16,
            topic_filter_type: SINGLE_TAG.to_owned(),
            topic_name: String::new(),
            topic_sys_flag: 0,
            write_queue_nums: 16,
        }
    }
}

const SINGLE_TAG: &str = "SINGLE_TAG";
const MULTI_TAG: &str = "MULTI_TAG";

/// Reads the file. The key names the topic; members it does not know are left out.
pub(super) fn parse(text: &[u8]) -> Result<(DataVersion, Vec<TopicConfig>), serde_json::Error> {
    let file: File = java_json::from_slice(text)?;
    let topics = file
        .topic_config_table
        .into_iter()
        .map(|(name, stored)| stored.into_topic(&name))
        .collect();
    Ok((file.data_version, topics))
}

/// The text of the file.
pub(super) fn render(version: DataVersion, topics: &[Arc<TopicConfig>]) -> String {
    let table = topics
        .iter()
        .map(|topic| (topic.name.to_string(), Stored::from(&**topic)))
        .collect();
    java_json::pretty(
        &File {
            data_version: version,
            topic_config_table: table,
        },
        0,
    )
}

impl Stored {
    fn into_topic(self, name: &str) -> TopicConfig {
        TopicConfig {
            name: Arc::from(name),
            read_queues: self.read_queue_nums,
            write_queues: self.write_queue_nums,
            perm: Permission::from_bits(self.perm),
            filter: if self.topic_filter_type == MULTI_TAG {
                TopicFilter::MultiTag
            } else {
                TopicFilter::SingleTag
            },
            sys_flag: self.topic_sys_flag,
            order: self.order,
            attributes: self.attributes,
        }
    }
}

impl From<&TopicConfig> for Stored {
    fn from(topic: &TopicConfig) -> Self {
        Self {
            attributes: topic.attributes.clone(),
            order: topic.order,
            perm: topic.perm.bits(),
            read_queue_nums: topic.read_queues,
            topic_filter_type: match topic.filter {
                TopicFilter::SingleTag => SINGLE_TAG,
                TopicFilter::MultiTag => MULTI_TAG,
            }
            .to_owned(),
            topic_name: topic.name.to_string(),
            topic_sys_flag: topic.sys_flag,
            write_queue_nums: topic.write_queues,
        }
    }
}
