//! A message to be sent.

use bytes::Bytes;
use ferromq_wire::message::properties as key;

/// A message on its way to a broker: topic, body, properties.
///
/// ```
/// use ferromq_client::Message;
///
/// let message = Message::new("orders", "42 paid").with_tag("paid").with_key("order-42");
/// assert_eq!(message.tag(), Some("paid"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub(crate) topic: String,
    pub(crate) body: Bytes,
    pub(crate) flag: i32,
    pub(crate) properties: Vec<(String, String)>,
}

impl Message {
    /// A message with no properties. What is wrong with the name or the body is said when it is sent.
    #[must_use]
    pub fn new(topic: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self {
            topic: topic.into(),
            body: body.into(),
            flag: 0,
            properties: Vec::new(),
        }
    }

    /// Sets the tag: one word by which consumers select.
    #[must_use]
    pub fn with_tag(self, tag: impl Into<String>) -> Self {
        self.set(key::TAGS, tag.into())
    }

    /// Adds a business key by which the message can be looked up. Keys may not contain spaces.
    #[must_use]
    pub fn with_key(self, new: impl AsRef<str>) -> Self {
        let keys = match self.property(key::KEYS) {
            Some(present) => format!("{present} {}", new.as_ref()),
            None => new.as_ref().to_owned(),
        };
        self.set(key::KEYS, keys)
    }

    /// Delivers the message after the delay of `level` (1 = 1 s, 2 = 5 s, 3 = 10 s, ... 18 = 2 h, unless the broker is
    /// configured otherwise); 0 delivers at once.
    #[must_use]
    pub fn with_delay_level(mut self, level: u8) -> Self {
        if level == 0 {
            self.remove(key::DELAY);
            return self;
        }
        self.set(key::DELAY, level.to_string())
    }

    /// Sets a property of your own. Names that RocketMQ uses itself are refused when the message is sent.
    #[must_use]
    pub fn with_property(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        let mut message = self;
        message.put(name, value);
        message
    }

    /// Sets the number that RocketMQ stores and delivers with the message without looking at it.
    #[must_use]
    pub fn with_flag(mut self, flag: i32) -> Self {
        self.flag = flag;
        self
    }

    /// Topic name.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Body as the application gave it.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Tag, if one is set.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.property(key::TAGS)
    }

    /// A property by name.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties
            .iter()
            .find(|(present, _)| present == name)
            .map(|(_, value)| value.as_str())
    }

    fn set(mut self, name: &str, value: String) -> Self {
        self.put(name.to_owned(), value);
        self
    }

    pub(crate) fn put(&mut self, name: String, value: String) {
        match self
            .properties
            .iter_mut()
            .find(|(present, _)| *present == name)
        {
            Some((_, present)) => *present = value,
            None => self.properties.push((name, value)),
        }
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.properties.retain(|(present, _)| present != name);
    }
}
