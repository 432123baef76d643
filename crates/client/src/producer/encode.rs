//! From messages to the body and property string of a send request.

use bytes::Bytes;
use ferromq_wire::message::batch::BatchItem;
use ferromq_wire::message::compress::CompressionType;
use ferromq_wire::message::properties;

use crate::error::SendError;
use crate::message::Message;

/// Bodies of at least this many bytes are compressed if the application does not say otherwise.
pub(super) const COMPRESS_OVER: usize = 4096;
/// zlib's level: a good ratio at a bearable price; RocketMQ's default.
const COMPRESS_LEVEL: u32 = 5;

/// What of a message goes into a request.
#[derive(Clone, Debug)]
pub(super) struct Encoded {
    pub(super) properties: String,
    pub(super) body: Bytes,
    pub(super) sys_flag: i32,
    pub(super) batch: bool,
    /// The id that the sender sees.
    pub(super) message_id: String,
}

/// Encodes a single message; its body is compressed if it has at least `compress_over` bytes and gets smaller by that.
pub(super) fn single(
    message: &Message,
    id: String,
    compress_over: usize,
) -> Result<Encoded, SendError> {
    let (body, sys_flag) = if message.body.len() < compress_over {
        (message.body.clone(), 0)
    } else {
        compressed(message)?
    };
    Ok(Encoded {
        properties: property_string(message, &id),
        body,
        sys_flag,
        batch: false,
        message_id: id,
    })
}

fn compressed(message: &Message) -> Result<(Bytes, i32), SendError> {
    let kind = CompressionType::Zlib;
    let packed = kind
        .compress(&message.body, COMPRESS_LEVEL)
        .map_err(|error| SendError::BadMessage {
            topic: message.topic.clone(),
            why: format!("its body cannot be compressed: {error}"),
        })?;
    if packed.len() < message.body.len() {
        return Ok((Bytes::from(packed), kind.sys_flag()));
    }
    Ok((message.body.clone(), 0))
}

/// Encodes several messages of one topic as one batch; `ids` holds one id for each.
pub(super) fn batch(messages: &[Message], ids: &[String]) -> Result<Encoded, SendError> {
    let mut body = Vec::new();
    for (message, id) in messages.iter().zip(ids) {
        let properties = property_string(message, id);
        let item = BatchItem {
            flag: message.flag,
            body: &message.body,
            properties: properties.as_bytes(),
        };
        item.encode(&mut body)
            .map_err(|error| SendError::BadMessage {
                topic: message.topic.clone(),
                why: error.to_string(),
            })?;
    }
    Ok(Encoded {
        properties: wait_only(),
        body: Bytes::from(body),
        sys_flag: 0,
        batch: true,
        message_id: ids.join(","),
    })
}

/// The properties of a batch as a whole: only that the broker answers after storing.
fn wait_only() -> String {
    let mut text = String::new();
    push(&mut text, properties::WAIT, "true");
    text
}

fn property_string(message: &Message, id: &str) -> String {
    let mut text = String::new();
    for (name, value) in &message.properties {
        push(&mut text, name, value);
    }
    if message.property(properties::UNIQ_KEY).is_none() {
        push(&mut text, properties::UNIQ_KEY, id);
    }
    if message.property(properties::WAIT).is_none() {
        push(&mut text, properties::WAIT, "true");
    }
    text
}

fn push(text: &mut String, name: &str, value: &str) {
    text.push_str(name);
    text.push(char::from(properties::NAME_VALUE_SEPARATOR));
    text.push_str(value);
    text.push(char::from(properties::PROPERTY_SEPARATOR));
}

#[cfg(test)]
mod tests {
    use ferromq_wire::message::batch::items;

    use super::*;

    #[test]
    fn large_bodies_are_compressed_if_that_helps() {
        let message = Message::new("T", "ab".repeat(2048));
        let encoded = single(&message, "ID".into(), 4096).unwrap();
        assert_eq!(encoded.sys_flag, 0x301);
        assert!(encoded.body.len() < 100);
        assert_eq!(single(&message, "ID".into(), 4097).unwrap().sys_flag, 0);
        let dense: Vec<u8> = CompressionType::Zlib.compress(&message.body, 5).unwrap();
        let dense = Message::new("T", dense);
        assert_eq!(single(&dense, "ID".into(), 1).unwrap().sys_flag, 0);
    }

    #[test]
    fn the_id_travels_as_a_property() {
        let message = Message::new("T", "x").with_tag("A");
        let encoded = single(&message, "ID".into(), 4096).unwrap();
        assert_eq!(
            encoded.properties,
            "TAGS\u{1}A\u{2}UNIQ_KEY\u{1}ID\u{2}WAIT\u{1}true\u{2}"
        );
    }

    #[test]
    fn a_batch_holds_every_message_with_its_own_id() {
        let messages = [Message::new("T", "x"), Message::new("T", "y").with_tag("A")];
        let encoded = batch(&messages, &["I1".into(), "I2".into()]).unwrap();
        let items: Vec<_> = items(&encoded.body).map(Result::unwrap).collect();
        assert_eq!(items[0].body, b"x");
        assert_eq!(items[1].properties().get("TAGS"), Some("A"));
        assert_eq!(items[1].properties().get("UNIQ_KEY"), Some("I2"));
        assert_eq!(encoded.message_id, "I1,I2");
    }
}
