//! The header of a send, with long names (code 10) or one-letter names (310, 320, 325).

use super::macros::headers;
use crate::code::RequestCode;
use crate::command::{ExtFields, ToFields};
use crate::header::{
    FieldError, FieldView, Fields, Scratch, read_bool, read_i32, read_i64, read_str,
};

/// A send, borrowed from its frame. The same for single messages, batches and replies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SendRequest<'a> {
    /// Producer group.
    pub producer_group: &'a str,
    /// Topic.
    pub topic: &'a str,
    /// Template for automatic creation.
    pub default_topic: &'a str,
    /// Queues wanted at automatic creation.
    pub default_topic_queue_nums: i32,
    /// Queue; negative: the broker chooses.
    pub queue_id: i32,
    /// System flags of the message.
    pub sys_flag: i32,
    /// When the producer made the message, in milliseconds since 1970.
    pub born_timestamp: i64,
    /// The application's own flag.
    pub flag: i32,
    /// Property string.
    pub properties: &'a str,
    /// Deliveries that failed so far.
    pub reconsume_times: i32,
    /// The new topic gets the unit flag.
    pub unit_mode: bool,
    /// Retry limit, for retry topics only.
    pub max_reconsume_times: Option<i32>,
    /// The body is a batch. This decides, not the code.
    pub batch: bool,
    /// Broker the client thinks it talks to.
    pub broker_name: Option<&'a str>,
}

/// Long name, one-letter name and place in [`Seen`] of every field a send needs.
const NEEDED: [&str; 8] = [
    "producerGroup",
    "topic",
    "defaultTopic",
    "defaultTopicQueueNums",
    "queueId",
    "sysFlag",
    "bornTimestamp",
    "flag",
];

impl<'b> SendRequest<'b> {
    /// Reads the fields of a send; `code` tells which names they have.
    ///
    /// # Errors
    /// A needed field is missing or a value cannot be read.
    pub fn parse(
        code: RequestCode,
        fields: &'b Fields<'_>,
        scratch: &'b mut Scratch,
    ) -> Result<Self, FieldError> {
        let view = fields.view(scratch)?;
        let mut request = Self::default();
        let mut seen = 0_u32;
        let short = code.has_short_send_names();
        for (key, value) in view.iter() {
            let letter = match key {
                [letter] if short => *letter,
                _ if short => continue,
                long => letter_of(long),
            };
            seen |= request.take(letter, value)?;
        }
        request.check(seen, view)
    }

    /// Takes the value of the field with this letter; returns the bit of the letter.
    fn take(&mut self, letter: u8, value: &'b [u8]) -> Result<u32, FieldError> {
        match letter {
            b'a' => self.producer_group = read_str("producerGroup", value)?,
            b'b' => self.topic = read_str("topic", value)?,
            b'c' => self.default_topic = read_str("defaultTopic", value)?,
            b'd' => self.default_topic_queue_nums = read_i32("defaultTopicQueueNums", value)?,
            b'e' => self.queue_id = read_i32("queueId", value)?,
            b'f' => self.sys_flag = read_i32("sysFlag", value)?,
            b'g' => self.born_timestamp = read_i64("bornTimestamp", value)?,
            b'h' => self.flag = read_i32("flag", value)?,
            b'i' => self.properties = read_str("properties", value)?,
            b'j' if value.is_empty() => {}
            b'j' => self.reconsume_times = read_i32("reconsumeTimes", value)?,
            b'k' => self.unit_mode = read_bool(value),
            b'l' if value.is_empty() => {}
            b'l' => self.max_reconsume_times = Some(read_i32("maxReconsumeTimes", value)?),
            b'm' => self.batch = read_bool(value),
            b'n' => self.broker_name = Some(read_str("bname", value)?),
            _ => return Ok(0),
        }
        Ok(1 << (letter - b'a'))
    }

    fn check(self, seen: u32, view: FieldView<'_>) -> Result<Self, FieldError> {
        let missing = (!seen).trailing_zeros() as usize;
        match NEEDED.get(missing) {
            None => Ok(self),
            Some(name) => Err(FieldError::missing(view, name)),
        }
    }

    /// Appends the fields with the names that belong to `code`.
    pub fn push_fields(&self, code: RequestCode, fields: &mut ExtFields) {
        let short = code.has_short_send_names();
        for (letter, value) in self.values() {
            let Some(value) = value else { continue };
            let names = NAMES[usize::from(letter - b'a')];
            fields.push(if short { names.0 } else { names.1 }, value);
        }
    }

    fn values(&self) -> [(u8, Option<String>); 14] {
        let text = |s: &str| Some(s.to_owned());
        [
            (b'a', text(self.producer_group)),
            (b'b', text(self.topic)),
            (b'c', text(self.default_topic)),
            (b'd', Some(self.default_topic_queue_nums.to_string())),
            (b'e', Some(self.queue_id.to_string())),
            (b'f', Some(self.sys_flag.to_string())),
            (b'g', Some(self.born_timestamp.to_string())),
            (b'h', Some(self.flag.to_string())),
            (b'i', text(self.properties)),
            (b'j', Some(self.reconsume_times.to_string())),
            (b'k', Some(self.unit_mode.to_string())),
            (b'l', self.max_reconsume_times.map(|n| n.to_string())),
            (b'm', Some(self.batch.to_string())),
            (b'n', self.broker_name.map(str::to_owned)),
        ]
    }
}

/// Short and long name of every field, by letter.
const NAMES: [(&str, &str); 14] = [
    ("a", "producerGroup"),
    ("b", "topic"),
    ("c", "defaultTopic"),
    ("d", "defaultTopicQueueNums"),
    ("e", "queueId"),
    ("f", "sysFlag"),
    ("g", "bornTimestamp"),
    ("h", "flag"),
    ("i", "properties"),
    ("j", "reconsumeTimes"),
    ("k", "unitMode"),
    ("l", "maxReconsumeTimes"),
    ("m", "batch"),
    ("n", "bname"),
];

/// The letter of a long name; 0 if it is no field of a send.
fn letter_of(name: &[u8]) -> u8 {
    let found = NAMES.iter().find(|row| row.1.as_bytes() == name);
    found.map_or(0, |row| row.0.as_bytes()[0])
}

/// A send with the names of [`RequestCode::SEND_MESSAGE_V2`].
impl ToFields for SendRequest<'_> {
    fn to_fields(&self, fields: &mut ExtFields) {
        self.push_fields(RequestCode::SEND_MESSAGE_V2, fields);
    }
}

headers! {
    /// What a send answers.
    SendResponseHeader {
        /// The broker's message id; several, joined by commas, for a batch.
        msg_id: String = "msgId";
        /// Queue.
        queue_id: i32 = "queueId";
        /// Queue offset of the first message.
        queue_offset: i64 = "queueOffset";
        /// The message's unique key.
        transaction_id: Option<String> = "transactionId";
        /// Unique key of an inner batch.
        batch_uniq_id: Option<String> = "batchUniqId";
        /// Handle of a timer message.
        recall_handle: Option<String> = "recallHandle";
        /// Region of the broker.
        msg_region: Option<String> = "MSG_REGION";
        /// Whether to trace.
        trace_on: Option<bool> = "TRACE_ON";
    }
}
