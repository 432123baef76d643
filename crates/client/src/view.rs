//! A message as it was received.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use ferromq_base::{LogOffset, Millis, QueueOffset};
use ferromq_wire::message::batch::{self, BatchItem};
use ferromq_wire::message::id::OffsetMsgId;
use ferromq_wire::message::{RecordRef, compress, properties, record, topic};

use crate::queue::MessageQueue;

/// Largest body that a compressed message may unpack to, in bytes.
const PLAIN_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A received message. Cheap to clone.
#[derive(Clone)]
pub struct MessageView {
    data: Arc<Data>,
}

struct Data {
    topic: Arc<str>,
    queue: MessageQueue,
    queue_offset: QueueOffset,
    log_offset: LogOffset,
    store_host: SocketAddr,
    born_host: SocketAddr,
    born_at: Millis,
    stored_at: Millis,
    flag: i32,
    properties: Bytes,
    body: Bytes,
    reconsume_times: AtomicU32,
}

/// A received message that cannot be presented.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ViewError {
    #[error("body cannot be unpacked: {0}")]
    Body(#[from] compress::CompressError),
    #[error("inner batch is damaged: {0}")]
    Batch(#[from] batch::BatchError),
}

impl MessageView {
    /// All messages in the body of a pull answer, inner batches unwrapped; a damaged message stands as its offset and error.
    pub(crate) fn decode(
        queue: &MessageQueue,
        body: &[u8],
    ) -> Vec<Result<Self, (QueueOffset, ViewError)>> {
        let mut views = Vec::new();
        for record in record::records(body) {
            let at = record.queue_offset();
            match batch::inner(&record) {
                None => views.push(Self::single(queue, &record).map_err(|error| (at, error))),
                Some(items) => views.extend(items.map(|item| {
                    let (offset, item) = item.map_err(|error| (at, error.into()))?;
                    Ok(Self::item(queue, &record, offset, &item))
                })),
            }
        }
        views
    }

    fn single(queue: &MessageQueue, record: &RecordRef<'_>) -> Result<Self, ViewError> {
        let body = compress::plain_body(record.sys_flag(), record.body(), PLAIN_BYTES_MAX)?;
        let mut data = Data::of(queue, record);
        data.body = Bytes::from(body.into_owned());
        Ok(Self {
            data: Arc::new(data),
        })
    }

    fn item(
        queue: &MessageQueue,
        record: &RecordRef<'_>,
        offset: u64,
        item: &BatchItem<'_>,
    ) -> Self {
        let mut data = Data::of(queue, record);
        data.queue_offset = QueueOffset(offset);
        data.flag = item.flag;
        data.properties = Bytes::copy_from_slice(item.properties);
        data.body = Bytes::copy_from_slice(item.body);
        Self {
            data: Arc::new(data),
        }
    }

    /// Topic, as the producer named it: for a message that comes again after a failure, the original topic.
    #[must_use]
    pub fn topic(&self) -> &str {
        match self.property(properties::RETRY_TOPIC) {
            Some(original) if topic::is_retry(&self.data.topic) => original,
            _ => &self.data.topic,
        }
    }

    /// The queue it was pulled from; for a message that comes again after a failure, a queue of the group's retry topic.
    #[must_use]
    pub fn queue(&self) -> &MessageQueue {
        &self.data.queue
    }

    /// Place in that queue.
    #[must_use]
    pub fn queue_offset(&self) -> QueueOffset {
        self.data.queue_offset
    }

    /// Body, unpacked.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.data.body
    }

    /// The id that the producer gave it; the broker's id if it has none.
    #[must_use]
    pub fn message_id(&self) -> String {
        match self.property(properties::UNIQ_KEY) {
            Some(id) => id.to_owned(),
            None => self.offset_message_id(),
        }
    }

    /// The broker's id: address of the broker and place in its log.
    #[must_use]
    pub fn offset_message_id(&self) -> String {
        let id = OffsetMsgId {
            host: self.data.store_host,
            offset: self.data.log_offset,
        };
        id.to_string()
    }

    /// Tag, if it has one.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.property(properties::TAGS)
    }

    /// Business keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let keys = self.property(properties::KEYS).unwrap_or_default();
        keys.split(' ').filter(|key| !key.is_empty())
    }

    /// A property by name.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&str> {
        self.raw_properties().get(name)
    }

    /// All properties, RocketMQ's own among them.
    pub fn properties(&self) -> impl Iterator<Item = (&str, &str)> {
        self.raw_properties().iter()
    }

    /// How often it was delivered before and failed.
    #[must_use]
    pub fn reconsume_times(&self) -> u32 {
        self.data.reconsume_times.load(Ordering::Relaxed)
    }

    /// When the producer made it, by the producer's clock.
    #[must_use]
    pub fn born_at(&self) -> Millis {
        self.data.born_at
    }

    /// Address from which it was sent.
    #[must_use]
    pub fn born_host(&self) -> SocketAddr {
        self.data.born_host
    }

    /// When the broker stored it, by the broker's clock.
    #[must_use]
    pub fn stored_at(&self) -> Millis {
        self.data.stored_at
    }

    /// The number that the producer set with it.
    #[must_use]
    pub fn flag(&self) -> i32 {
        self.data.flag
    }

    /// Place in the log of the broker that stored it.
    #[must_use]
    pub fn log_offset(&self) -> LogOffset {
        self.data.log_offset
    }

    /// Counts another failed delivery in memory.
    pub(crate) fn failed_again(&self) -> u32 {
        self.data.reconsume_times.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn raw_properties(&self) -> properties::Properties<'_> {
        properties::Properties::new(&self.data.properties)
    }
}

impl Data {
    /// Everything but the body.
    fn of(queue: &MessageQueue, record: &RecordRef<'_>) -> Self {
        let topic = if record.topic() == &*queue.topic {
            Arc::clone(&queue.topic)
        } else {
            Arc::from(record.topic())
        };
        Self {
            topic,
            queue: queue.clone(),
            queue_offset: record.queue_offset(),
            log_offset: record.physical_offset(),
            store_host: record.store_host(),
            born_host: record.born_host(),
            born_at: record.born_timestamp(),
            stored_at: record.store_timestamp(),
            flag: record.flag(),
            properties: Bytes::copy_from_slice(record.properties().as_bytes()),
            body: Bytes::new(),
            reconsume_times: AtomicU32::new(u32::try_from(record.reconsume_times()).unwrap_or(0)),
        }
    }
}

impl fmt::Debug for MessageView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageView")
            .field("id", &self.message_id())
            .field("queue", &format_args!("{}", self.queue()))
            .field("offset", &self.queue_offset().0)
            .field("bytes", &self.body().len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use ferromq_base::QueueId;
    use ferromq_wire::message::RecordDraft;
    use ferromq_wire::message::compress::CompressionType;

    use super::*;

    fn draft<'a>(topic: &'a str, body: &'a [u8], parts: &'a [&'a [u8]]) -> RecordDraft<'a> {
        RecordDraft {
            topic,
            queue_id: QueueId(0),
            flag: 7,
            sys_flag: 0,
            born_timestamp: Millis(1_700_000_000_000),
            born_host: "10.0.0.9:52000".parse().unwrap(),
            store_host: "10.0.0.1:10911".parse().unwrap(),
            reconsume_times: 2,
            prepared_transaction_offset: 0,
            body,
            properties: parts,
        }
    }

    fn encode(draft: &RecordDraft<'_>, offset: u64) -> Vec<u8> {
        let mut out = Vec::new();
        draft.encode(&mut out).unwrap();
        record::place(
            &mut out,
            QueueOffset(offset),
            LogOffset(4096),
            Millis(1_700_000_000_010),
        );
        out
    }

    /// A message at `offset` of queue 0 of `topic` on broker `b`, for tests.
    pub(crate) fn view(topic: &str, offset: u64, body: &[u8]) -> MessageView {
        let bytes = encode(&draft(topic, body, &[]), offset);
        let queue = MessageQueue::new(topic, "b", 0);
        MessageView::decode(&queue, &bytes).remove(0).unwrap()
    }

    #[test]
    fn shows_what_the_record_says() {
        let properties = b"TAGS\x01A\x02KEYS\x01k1 k2\x02UNIQ_KEY\x01ID\x02own\x01v\x02";
        let bytes = encode(&draft("T", b"hi", &[properties]), 5);
        let queue = MessageQueue::new("T", "b", 0);
        let view = MessageView::decode(&queue, &bytes).remove(0).unwrap();
        assert_eq!((view.topic(), view.tag()), ("T", Some("A")));
        assert_eq!(view.keys().collect::<Vec<_>>(), ["k1", "k2"]);
        assert_eq!(view.message_id(), "ID");
        assert_eq!(view.offset_message_id(), "0A00000100002A9F0000000000001000");
        assert_eq!(view.property("own"), Some("v"));
        assert_eq!(
            (view.queue_offset(), view.reconsume_times()),
            (QueueOffset(5), 2)
        );
        assert_eq!((view.flag(), &view.body()[..]), (7, &b"hi"[..]));
    }

    #[test]
    fn a_retried_message_shows_its_original_topic() {
        let bytes = encode(&draft("%RETRY%G", b"hi", &[b"RETRY_TOPIC\x01T\x02"]), 0);
        let queue = MessageQueue::new("%RETRY%G", "b", 0);
        let view = MessageView::decode(&queue, &bytes).remove(0).unwrap();
        assert_eq!(view.topic(), "T");
        assert_eq!(&*view.queue().topic, "%RETRY%G");
    }

    #[test]
    fn unpacks_bodies_and_names_the_offset_of_a_damaged_one() {
        let queue = MessageQueue::new("T", "b", 0);
        let plain = b"ferromq ".repeat(100);
        let packed = CompressionType::Zlib.compress(&plain, 5).unwrap();
        let mut good = draft("T", &packed, &[]);
        good.sys_flag = CompressionType::Zlib.sys_flag();
        let mut bad = draft("T", b"not zlib", &[]);
        bad.sys_flag = CompressionType::Zlib.sys_flag();
        let mut bytes = encode(&good, 1);
        bytes.extend(encode(&bad, 2));
        let views = MessageView::decode(&queue, &bytes);
        assert_eq!(&views[0].as_ref().unwrap().body()[..], plain);
        assert_eq!(views[1].as_ref().unwrap_err().0, QueueOffset(2));
    }
}
