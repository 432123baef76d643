//! `topics.json`: a data version and the settings of every topic by name. The same objects go over the wire.

use std::sync::Arc;

use ferromq_wire::body::{DataVersion, TopicConfig as TopicBody, TopicConfigTable};

use super::{Permission, TopicConfig, TopicFilter};
use crate::java_json;

const MULTI_TAG: &str = "MULTI_TAG";

/// Reads the file. The key names the topic; members it does not know are left out.
pub(super) fn parse(text: &[u8]) -> Result<(DataVersion, Vec<TopicConfig>), serde_json::Error> {
    let file: TopicConfigTable = java_json::from_slice(text)?;
    let topics = file
        .topic_config_table
        .into_iter()
        .map(|(name, body)| TopicConfig {
            name: Arc::from(name),
            ..TopicConfig::from(body)
        })
        .collect();
    Ok((file.data_version, topics))
}

/// The text of the file.
pub(super) fn render(version: DataVersion, topics: &[Arc<TopicConfig>]) -> String {
    let table = TopicConfigTable {
        data_version: version,
        topic_config_table: topics
            .iter()
            .map(|topic| (topic.name.to_string(), topic.to_body()))
            .collect(),
    };
    java_json::pretty(&table, 0)
}

impl From<TopicBody> for TopicConfig {
    /// Negative numbers count as zero.
    fn from(body: TopicBody) -> Self {
        let count = |number: i32| u32::try_from(number).unwrap_or(0);
        Self {
            name: Arc::from(body.topic_name),
            read_queues: count(body.read_queue_nums),
            write_queues: count(body.write_queue_nums),
            perm: Permission::from_bits(count(body.perm)),
            filter: TopicFilter::named(&body.topic_filter_type),
            sys_flag: count(body.topic_sys_flag),
            order: body.order,
            attributes: body.attributes,
        }
    }
}

impl TopicConfig {
    /// The settings as they go over the wire.
    #[must_use]
    pub fn to_body(&self) -> TopicBody {
        let number = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
        TopicBody {
            attributes: self.attributes.clone(),
            order: self.order,
            perm: number(self.perm.bits()),
            read_queue_nums: number(self.read_queues),
            topic_filter_type: self.filter.name().to_owned(),
            topic_name: self.name.to_string(),
            topic_sys_flag: number(self.sys_flag),
            write_queue_nums: number(self.write_queues),
        }
    }
}

impl TopicFilter {
    /// The filter with this name on the wire; one tag for names that do not exist.
    #[must_use]
    pub fn named(name: &str) -> Self {
        if name == MULTI_TAG {
            Self::MultiTag
        } else {
            Self::SingleTag
        }
    }

    /// Name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SingleTag => "SINGLE_TAG",
            Self::MultiTag => MULTI_TAG,
        }
    }
}
