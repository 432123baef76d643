//! `consumerOffset.json`: a data version, the topics of each group for human readers, and per `topic@group` an object
//! from queue number (a bare integer, as Java writes it) to offset.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ferromq_base::{QueueId, QueueOffset};
use ferromq_wire::body::DataVersion;
use serde::Deserialize;

use super::Cells;
use crate::java_json::{self, quoted};

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub(super) version: DataVersion,
    pub(super) entries: Vec<Entry>,
}

/// One committed offset.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) group: String,
    pub(super) topic: String,
    pub(super) queue: QueueId,
    pub(super) offset: QueueOffset,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct File {
    data_version: DataVersion,
    offset_table: BTreeMap<String, BTreeMap<String, i64>>,
}

/// Committed offsets in the order of the queues.
type Committed = Vec<(QueueId, QueueOffset)>;

/// Reads the file; members it does not know, keys without a group and negative numbers are left out.
pub(super) fn parse(text: &[u8]) -> Result<Loaded, serde_json::Error> {
    let file: File = java_json::from_slice(text)?;
    let mut entries = Vec::new();
    for (key, queues) in &file.offset_table {
        let Some((topic, group)) = key.split_once('@') else {
            continue;
        };
        entries.extend(queues.iter().filter_map(|(queue, offset)| {
            Some(Entry {
                group: group.to_owned(),
                topic: topic.to_owned(),
                queue: QueueId(queue.parse().ok()?),
                offset: QueueOffset(u64::try_from(*offset).ok()?),
            })
        }));
    }
    Ok(Loaded {
        version: file.data_version,
        entries,
    })
}

/// The text of the file. Groups and topics are sorted, so that equal tables give equal files.
pub(super) fn render(version: DataVersion, all: &[Cells]) -> String {
    let mut sorted: BTreeMap<&str, BTreeMap<&str, Committed>> = BTreeMap::new();
    for cells in all {
        let committed = cells.cells.all();
        if !committed.is_empty() {
            let topics = sorted.entry(&cells.group).or_default();
            topics.insert(&cells.topic, committed);
        }
    }
    let names = sorted.iter().map(|(group, topics)| {
        let topics: Vec<String> = topics.keys().map(|topic| quoted(topic)).collect();
        format!("{}:[{}]", quoted(group), topics.join(","))
    });
    let offsets = sorted.iter().flat_map(|(group, topics)| {
        topics
            .iter()
            .map(move |(topic, queues)| offsets_line(topic, group, queues))
    });
    format!(
        "{{\n\t\"dataVersion\":{},\n\t\"groupTopicMap\":{},\n\t\"offsetTable\":{}\n}}",
        java_json::pretty(&version, 1),
        java_json::object(names, 1),
        java_json::object(offsets, 1),
    )
}

/// `"topic@group":{0:1,1:2` with the closing brace on a line of its own.
fn offsets_line(topic: &str, group: &str, queues: &[(QueueId, QueueOffset)]) -> String {
    let mut line = quoted(&format!("{topic}@{group}"));
    for (i, (queue, offset)) in queues.iter().enumerate() {
        let before = if i == 0 { ":{" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(line, "{before}{queue}:{offset}");
    }
    line.push_str("\n\t\t}");
    line
}
