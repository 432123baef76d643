//! A queue of a topic on a broker, and tables that are keyed by it.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::dialect::OBJECT_KEY_MARK;
use super::tolerant;
use crate::lenient;
use crate::text::{push_i64, push_json_str};

/// One queue of a topic on one broker name. Sorted by topic, then broker name, then queue, like Java's.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MessageQueue {
    /// Topic.
    pub topic: String,
    /// Broker name.
    pub broker_name: String,
    /// Queue; -1 stands for all.
    #[serde(deserialize_with = "tolerant::integer")]
    pub queue_id: i32,
}

impl MessageQueue {
    /// A queue.
    #[must_use]
    pub fn new(topic: impl Into<String>, broker_name: impl Into<String>, queue_id: i32) -> Self {
        Self {
            topic: topic.into(),
            broker_name: broker_name.into(),
            queue_id,
        }
    }

    /// The queue as JSON text, as it appears in the place of a key.
    fn key_text(&self) -> String {
        let mut out = b"{\"brokerName\":".to_vec();
        push_json_str(&mut out, &self.broker_name);
        out.extend_from_slice(b",\"queueId\":");
        push_i64(&mut out, i64::from(self.queue_id));
        out.extend_from_slice(b",\"topic\":");
        push_json_str(&mut out, &self.topic);
        out.push(b'}');
        String::from_utf8(out).unwrap_or_default()
    }
}

impl Serialize for MessageQueue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("brokerName", &self.broker_name)?;
        map.serialize_entry("queueId", &self.queue_id)?;
        map.serialize_entry("topic", &self.topic)?;
        map.end()
    }
}

impl fmt::Display for MessageQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}:{}", self.topic, self.broker_name, self.queue_id)
    }
}

/// A table keyed by queue: inline objects as keys in the legacy dialect, their JSON text in the standard one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueTable<V>(pub BTreeMap<MessageQueue, V>);

impl<V> Default for QueueTable<V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<V> FromIterator<(MessageQueue, V)> for QueueTable<V> {
    fn from_iter<I: IntoIterator<Item = (MessageQueue, V)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

impl<V: Serialize> Serialize for QueueTable<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let marked = |queue: &MessageQueue| format!("{OBJECT_KEY_MARK}{}", queue.key_text());
        serializer.collect_map(self.0.iter().map(|(queue, value)| (marked(queue), value)))
    }
}

impl<'de, V: DeserializeOwned> Deserialize<'de> for QueueTable<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TableVisitor(PhantomData))
    }
}

struct TableVisitor<V>(PhantomData<V>);

impl<'de, V: DeserializeOwned> Visitor<'de> for TableVisitor<V> {
    type Value = QueueTable<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object keyed by queues")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(QueueTable::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut table = BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<String, V>()? {
            let queue = lenient::parse(key.as_bytes()).map_err(A::Error::custom)?;
            table.insert(
                serde_json::from_value(queue).map_err(A::Error::custom)?,
                value,
            );
        }
        Ok(QueueTable(table))
    }
}
