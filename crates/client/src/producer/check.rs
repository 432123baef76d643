//! Checks of a message before it is sent, so that mistakes are named here and not by a broker far away.

use ferromq_base::limits::PROPERTIES_BYTES_MAX;
use ferromq_wire::message::{properties, topic};

use crate::error::SendError;
use crate::message::Message;

/// Properties that the setters of [`Message`] write although their names are reserved.
const OWN: [&str; 3] = [properties::TAGS, properties::KEYS, properties::DELAY];

/// Checks one message against the producer's limit for bodies.
pub(super) fn check(message: &Message, body_bytes_max: usize) -> Result<(), SendError> {
    let bad = |why: String| SendError::BadMessage {
        topic: message.topic.clone(),
        why,
    };
    topic::validate_topic(&message.topic).map_err(|error| bad(error.to_string()))?;
    if topic::is_send_forbidden(&message.topic) {
        return Err(bad("the topic belongs to the system".to_owned()));
    }
    if message.body.is_empty() {
        return Err(bad(
            "its body is empty; RocketMQ does not store such messages".to_owned(),
        ));
    }
    let bytes = message.body.len();
    if bytes > body_bytes_max {
        return Err(bad(format!(
            "its body has {bytes} bytes, the limit is {body_bytes_max} (setting body_bytes_max, and maxMessageSize on the broker)"
        )));
    }
    check_properties(message).map_err(bad)
}

fn check_properties(message: &Message) -> Result<(), String> {
    let mut bytes = 0;
    for (name, value) in &message.properties {
        if name.is_empty() || value.is_empty() {
            return Err(format!("property `{name}` has an empty name or value"));
        }
        if !properties::is_valid_text(name) || !properties::is_valid_text(value) {
            return Err(format!(
                "property `{name}` contains one of the separator characters U+0001 and U+0002"
            ));
        }
        if properties::is_reserved(name) && !OWN.contains(&name.as_str()) {
            return Err(format!(
                "property `{name}` is used by RocketMQ itself; choose another name"
            ));
        }
        bytes += name.len() + value.len() + 2;
    }
    if bytes > PROPERTIES_BYTES_MAX {
        return Err(format!(
            "its properties have {bytes} bytes together, the limit is {PROPERTIES_BYTES_MAX}"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(message: &Message) -> String {
        check(message, 10).unwrap_err().to_string()
    }

    #[test]
    fn good_messages_pass() {
        let message = Message::new("T", "0123456789")
            .with_tag("A")
            .with_key("k1")
            .with_key("k2")
            .with_delay_level(3)
            .with_property("own", "value");
        assert!(check(&message, 10).is_ok());
        assert_eq!(message.property("KEYS"), Some("k1 k2"));
    }

    #[test]
    fn each_mistake_is_named() {
        let cases = [
            (Message::new("", "x"), "topic"),
            (Message::new("a b", "x"), "a b"),
            (Message::new("SCHEDULE_TOPIC_XXXX", "x"), "system"),
            (Message::new("T", ""), "empty"),
            (Message::new("T", "01234567890"), "11 bytes"),
            (Message::new("T", "x").with_property("p", ""), "empty"),
            (
                Message::new("T", "x").with_property("p", "a\u{1}b"),
                "U+0001",
            ),
            (
                Message::new("T", "x").with_property("UNIQ_KEY", "1"),
                "UNIQ_KEY",
            ),
            (
                Message::new("T", "x").with_property("p", "v".repeat(40_000)),
                "32767",
            ),
        ];
        for (message, expected) in cases {
            let text = why(&message);
            assert!(
                text.contains(expected),
                "{text} does not contain {expected}"
            );
        }
    }
}
