//! The header of a pull (codes 11 and 361).

use super::macros::headers;
use crate::command::{ExtFields, ToFields};
use crate::header::{FieldError, Fields, Scratch, read_i32, read_i64, read_str};

/// Bits of a pull's `sysFlag`.
pub mod pull_flag {
    /// `commitOffset` is valid.
    pub const COMMIT_OFFSET: i32 = 1;
    /// May be held until something comes.
    pub const SUSPEND: i32 = 2;
    /// The subscription is in the request.
    pub const SUBSCRIPTION: i32 = 4;
    /// Class filter, historic.
    pub const CLASS_FILTER: i32 = 8;
    /// Lite pull.
    pub const LITE_PULL: i32 = 16;
}

/// A pull, borrowed from its frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PullRequest<'a> {
    /// Consumer group.
    pub consumer_group: &'a str,
    /// Topic.
    pub topic: &'a str,
    /// Queue.
    pub queue_id: i32,
    /// First offset wanted.
    pub queue_offset: i64,
    /// Most messages wanted.
    pub max_msg_nums: i32,
    /// See [`pull_flag`].
    pub sys_flag: i32,
    /// Offset to commit if the flag says so.
    pub commit_offset: i64,
    /// How long the pull may be held, in milliseconds.
    pub suspend_timeout_millis: i64,
    /// Filter expression if the flag says so.
    pub subscription: Option<&'a str>,
    /// Version of the client's subscription.
    pub sub_version: i64,
    /// `TAG` (also when absent) or `SQL92`.
    pub expression_type: Option<&'a str>,
    /// Most bytes wanted; no server heeds it.
    pub max_msg_bytes: Option<i32>,
    /// -1 client, 0 proxy ordered, 1 proxy broadcast, 2 stream.
    pub request_source: i32,
    /// Client on whose behalf a proxy pulls.
    pub proxy_forward_client_id: Option<&'a str>,
    /// Broker the client thinks it talks to.
    pub broker_name: Option<&'a str>,
}

/// Fields a pull needs, in the order of the bits that [`PullRequest::take`] returns.
const NEEDED: [&str; 9] = [
    "consumerGroup",
    "topic",
    "queueId",
    "queueOffset",
    "maxMsgNums",
    "sysFlag",
    "commitOffset",
    "suspendTimeoutMillis",
    "subVersion",
];

impl<'b> PullRequest<'b> {
    /// Reads the fields of a pull.
    ///
    /// # Errors
    /// A needed field is missing or a value cannot be read.
    pub fn parse(fields: &'b Fields<'_>, scratch: &'b mut Scratch) -> Result<Self, FieldError> {
        let view = fields.view(scratch)?;
        let mut request = Self {
            request_source: -1,
            ..Self::default()
        };
        let mut seen = 0_u32;
        for (key, value) in view.iter() {
            seen |= request.take(key, value)?;
        }
        match NEEDED.get((!seen).trailing_zeros() as usize) {
            None => Ok(request),
            Some(name) => Err(FieldError::missing(view, name)),
        }
    }

    /// Takes one field; returns its bit if it is a needed one.
    fn take(&mut self, key: &[u8], value: &'b [u8]) -> Result<u32, FieldError> {
        let bit = match key {
            b"consumerGroup" => {
                self.consumer_group = read_str("consumerGroup", value)?;
                0
            }
            b"topic" => {
                self.topic = read_str("topic", value)?;
                1
            }
            b"queueId" => {
                self.queue_id = read_i32("queueId", value)?;
                2
            }
            b"queueOffset" => {
                self.queue_offset = read_i64("queueOffset", value)?;
                3
            }
            b"maxMsgNums" => {
                self.max_msg_nums = read_i32("maxMsgNums", value)?;
                4
            }
            b"sysFlag" => {
                self.sys_flag = read_i32("sysFlag", value)?;
                5
            }
            b"commitOffset" => {
                self.commit_offset = read_i64("commitOffset", value)?;
                6
            }
            b"suspendTimeoutMillis" => {
                self.suspend_timeout_millis = read_i64("suspendTimeoutMillis", value)?;
                7
            }
            b"subVersion" => {
                self.sub_version = read_i64("subVersion", value)?;
                8
            }
            _ => {
                self.take_optional(key, value)?;
                return Ok(0);
            }
        };
        Ok(1 << bit)
    }

    fn take_optional(&mut self, key: &[u8], value: &'b [u8]) -> Result<(), FieldError> {
        match key {
            b"subscription" => self.subscription = Some(read_str("subscription", value)?),
            b"expressionType" => self.expression_type = Some(read_str("expressionType", value)?),
            b"proxyFrowardClientId" => {
                self.proxy_forward_client_id = Some(read_str("proxyFrowardClientId", value)?);
            }
            b"bname" => self.broker_name = Some(read_str("bname", value)?),
            _ if value.is_empty() => {}
            b"maxMsgBytes" => self.max_msg_bytes = Some(read_i32("maxMsgBytes", value)?),
            b"requestSource" => self.request_source = read_i32("requestSource", value)?,
            _ => {}
        }
        Ok(())
    }

    /// True if `flag` (one of [`pull_flag`]) is set.
    #[must_use]
    pub fn has(&self, flag: i32) -> bool {
        self.sys_flag & flag != 0
    }
}

impl ToFields for PullRequest<'_> {
    fn to_fields(&self, fields: &mut ExtFields) {
        fields.push("consumerGroup", self.consumer_group);
        fields.push("topic", self.topic);
        fields.push("queueId", self.queue_id.to_string());
        fields.push("queueOffset", self.queue_offset.to_string());
        fields.push("maxMsgNums", self.max_msg_nums.to_string());
        fields.push("sysFlag", self.sys_flag.to_string());
        fields.push("commitOffset", self.commit_offset.to_string());
        fields.push(
            "suspendTimeoutMillis",
            self.suspend_timeout_millis.to_string(),
        );
        fields.push("subVersion", self.sub_version.to_string());
        for (name, value) in [
            ("subscription", self.subscription),
            ("expressionType", self.expression_type),
            ("proxyFrowardClientId", self.proxy_forward_client_id),
            ("bname", self.broker_name),
        ] {
            if let Some(value) = value {
                fields.push(name, value);
            }
        }
        if let Some(bytes) = self.max_msg_bytes {
            fields.push("maxMsgBytes", bytes.to_string());
        }
        if self.request_source != -1 {
            fields.push("requestSource", self.request_source.to_string());
        }
    }
}

headers! {
    /// What a pull answers.
    PullResponseHeader {
        /// Broker id to read from next.
        suggest_which_broker_id: i64 = "suggestWhichBrokerId" or 0;
        /// Where to go on.
        next_begin_offset: i64 = "nextBeginOffset";
        /// First offset of the queue.
        min_offset: i64 = "minOffset";
        /// End offset of the queue.
        max_offset: i64 = "maxOffset";
        /// Static topics: what to add to the queue offset of every record.
        offset_delta: Option<i64> = "offsetDelta";
        /// Flags of the topic.
        topic_sys_flag: Option<i32> = "topicSysFlag";
        /// Flags of the group.
        group_sys_flag: Option<i32> = "groupSysFlag";
        /// What forbids the read.
        forbidden_type: Option<i32> = "forbiddenType";
    }
}
