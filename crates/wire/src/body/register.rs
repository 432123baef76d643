//! The body of a broker's registration (code 103) in its plain and its compressed form.
//!
//! ```text
//! compressed: zlib of
//! i32 n, data version JSON
//! i32 topics, each: i32 n, "name readQueues writeQueues perm filterType attributesJson"
//! i32 n, filter server list JSON
//! from version 413 on: i32 mappings, each: i32 n, mapping JSON
//! ```

use std::collections::BTreeMap;

use ferromq_base::limits::FRAME_BYTES_MAX;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::topic_config::{DataVersion, TopicConfig, TopicConfigAndMappings};
use super::{BodyError, TopicConfigTable, TopicQueueMappingInfo, decode, encode, tolerant};
use crate::message::compress::{CompressError, CompressionType};
use crate::version::Version;

/// Most bytes that a compressed registration may inflate to: what a plain one could have at most, four times over.
const INFLATED_BYTES_MAX: usize = 4 * FRAME_BYTES_MAX;

/// What a broker announces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RegisterBrokerBody {
    /// Filter servers; none exist any more.
    #[serde(deserialize_with = "tolerant::nullable")]
    pub filter_server_list: Vec<String>,
    /// Topics and mappings.
    #[serde(rename = "topicConfigSerializeWrapper")]
    pub topics: TopicConfigAndMappings,
}

/// Why a registration cannot be read.
#[derive(Debug, Error)]
pub enum RegisterBodyError {
    /// Its JSON cannot be read.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// It cannot be inflated.
    #[error(transparent)]
    Compress(#[from] CompressError),
    /// The compressed form ends early or has impossible lengths.
    #[error("compressed registration ends within its {0}")]
    Truncated(&'static str),
    /// A topic of the compressed form does not have its six parts.
    #[error("compressed registration has a malformed topic {0:?}")]
    Topic(String),
}

impl RegisterBrokerBody {
    /// Reads the body of a broker of `version`.
    ///
    /// # Errors
    /// The body is missing, malformed or inflates to too much.
    pub fn decode(
        body: &[u8],
        version: Version,
        compressed: bool,
    ) -> Result<Self, RegisterBodyError> {
        if version < Version::V3_0_11 {
            let table: TopicConfigTable = decode(body)?;
            return Ok(Self {
                topics: TopicConfigAndMappings {
                    data_version: table.data_version,
                    topic_config_table: table.topic_config_table,
                    ..TopicConfigAndMappings::default()
                },
                ..Self::default()
            });
        }
        if !compressed {
            return Ok(decode(body)?);
        }
        if body.is_empty() {
            return Err(BodyError::Missing.into());
        }
        let inflated = CompressionType::Zlib.decompress(body, INFLATED_BYTES_MAX)?;
        Self::sections(&inflated, version)
    }

    fn sections(bytes: &[u8], version: Version) -> Result<Self, RegisterBodyError> {
        let mut sections = Sections(bytes);
        let mut body = Self::default();
        body.topics.data_version = sections.json::<DataVersion>("data version")?;
        for _ in 0..sections.count("topic count")? {
            let topic = topic_from_text(sections.next("topic")?)?;
            body.topics
                .topic_config_table
                .insert(topic.topic_name.clone(), topic);
        }
        body.filter_server_list = sections.json("filter servers")?;
        if version >= Version::V5_0_0 {
            for _ in 0..sections.count("mapping count")? {
                let mapping: TopicQueueMappingInfo = sections.json("mapping")?;
                body.topics
                    .topic_queue_mapping_info_map
                    .insert(mapping.topic.clone(), mapping);
            }
        }
        Ok(body)
    }

    /// Writes the plain form.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Writes the compressed form of a broker of `version`. It drops `order` and `topicSysFlag` of the topics.
    ///
    /// # Errors
    /// The compressor failed; not expected.
    pub fn encode_compressed(&self, version: Version) -> Result<Vec<u8>, CompressError> {
        let mut plain = Vec::new();
        push_section(&mut plain, &encode(&self.topics.data_version));
        push_count(&mut plain, self.topics.topic_config_table.len());
        for topic in self.topics.topic_config_table.values() {
            push_section(&mut plain, topic_text(topic).as_bytes());
        }
        push_section(&mut plain, &encode(&self.filter_server_list));
        if version >= Version::V5_0_0 {
            let mappings = &self.topics.topic_queue_mapping_info_map;
            push_count(&mut plain, mappings.len());
            for mapping in mappings.values() {
                push_section(&mut plain, &encode(mapping));
            }
        }
        CompressionType::Zlib.compress(&plain, 9)
    }
}

fn push_count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&(count as u32).to_be_bytes());
}

fn push_section(out: &mut Vec<u8>, bytes: &[u8]) {
    push_count(out, bytes.len());
    out.extend_from_slice(bytes);
}

fn topic_text(topic: &TopicConfig) -> String {
    format!(
        "{} {} {} {} {} {}",
        topic.topic_name,
        topic.read_queue_nums,
        topic.write_queue_nums,
        topic.perm,
        topic.topic_filter_type,
        String::from_utf8_lossy(&encode(&topic.attributes)),
    )
}

fn topic_from_text(text: &[u8]) -> Result<TopicConfig, RegisterBodyError> {
    let malformed = || {
        let shown = String::from_utf8_lossy(text).chars().take(200).collect();
        RegisterBodyError::Topic(shown)
    };
    let text = std::str::from_utf8(text).map_err(|_| malformed())?;
    let mut parts = text.splitn(6, ' ');
    let mut part = || parts.next().filter(|p| !p.is_empty()).ok_or_else(malformed);
    let (name, read, write, perm, filter) = (part()?, part()?, part()?, part()?, part()?);
    let number = |text: &str| text.parse::<i32>().map_err(|_| malformed());
    // Brokers before 5.0 end here.
    let attributes = match part() {
        Ok(json) => decode::<Option<BTreeMap<String, String>>>(json.as_bytes())?,
        Err(_) => None,
    };
    Ok(TopicConfig {
        attributes: attributes.unwrap_or_default(),
        perm: number(perm)?,
        read_queue_nums: number(read)?,
        topic_filter_type: filter.to_owned(),
        write_queue_nums: number(write)?,
        ..TopicConfig::new(name, 0)
    })
}

/// Reads length-prefixed sections one after the other.
struct Sections<'a>(&'a [u8]);

impl<'a> Sections<'a> {
    fn count(&mut self, what: &'static str) -> Result<usize, RegisterBodyError> {
        let (word, rest) = self
            .0
            .split_first_chunk::<4>()
            .ok_or(RegisterBodyError::Truncated(what))?;
        self.0 = rest;
        usize::try_from(i32::from_be_bytes(*word)).map_err(|_| RegisterBodyError::Truncated(what))
    }

    fn next(&mut self, what: &'static str) -> Result<&'a [u8], RegisterBodyError> {
        let len = self.count(what)?;
        let (section, rest) = self
            .0
            .split_at_checked(len)
            .ok_or(RegisterBodyError::Truncated(what))?;
        self.0 = rest;
        Ok(section)
    }

    fn json<T: serde::de::DeserializeOwned>(
        &mut self,
        what: &'static str,
    ) -> Result<T, RegisterBodyError> {
        Ok(decode(self.next(what)?)?)
    }
}
