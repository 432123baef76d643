//! Response frames written straight into an output buffer, without allocation.
//!
//! Always a JSON header, language JAVA, version 479; keys in Java's order, absent values left out.

use ferromq_base::{LogOffset, QueueId};

use crate::code::ResponseCode;
use crate::frame::{self, SerializeType};
use crate::message::id::OffsetMsgId;
use crate::text::{push_i64, push_json_escaped, push_json_str, push_u64};

/// Longest remark that is written; longer ones are cut. A header must not outgrow its frame by what a peer made us quote.
const REMARK_BYTES_MAX: usize = 16 * 1024;

/// Everything of a header before its fields.
fn push_start(out: &mut Vec<u8>, code: ResponseCode) -> usize {
    let start = frame::begin(out);
    out.extend_from_slice(b"{\"code\":");
    push_i64(out, i64::from(code.0));
    start
}

/// Everything of a header behind its fields, and the length words.
fn push_end(out: &mut Vec<u8>, start: usize, opaque: i32, remark: Option<&str>, body_len: usize) {
    out.extend_from_slice(b",\"flag\":1,\"language\":\"JAVA\",\"opaque\":");
    push_i64(out, i64::from(opaque));
    if let Some(remark) = remark {
        out.extend_from_slice(b",\"remark\":");
        push_json_str(out, cut(remark));
    }
    out.extend_from_slice(b",\"serializeTypeCurrentRPC\":\"JSON\",\"version\":479}");
    frame::end_header(out, start, SerializeType::Json, body_len);
}

fn cut(remark: &str) -> &str {
    &remark[..remark.floor_char_boundary(REMARK_BYTES_MAX)]
}

/// Appends one response frame. `fields` are written in the given order.
pub fn write_response(
    out: &mut Vec<u8>,
    opaque: i32,
    code: ResponseCode,
    remark: Option<&str>,
    fields: &[(&str, &str)],
    body: &[u8],
) {
    let start = push_start(out, code);
    for (number, (key, value)) in fields.iter().enumerate() {
        let before: &[u8] = if number == 0 {
            b",\"extFields\":{"
        } else {
            b","
        };
        out.extend_from_slice(before);
        push_json_str(out, key);
        out.push(b':');
        push_json_str(out, value);
    }
    if !fields.is_empty() {
        out.push(b'}');
    }
    push_end(out, start, opaque, remark, body.len());
    out.extend_from_slice(body);
}

/// Appends a response without fields and body.
pub fn write_status(out: &mut Vec<u8>, opaque: i32, code: ResponseCode, remark: Option<&str>) {
    write_response(out, opaque, code, remark, &[], &[]);
}

/// Appends a response with one number as its only field.
pub fn write_number(out: &mut Vec<u8>, opaque: i32, remark: Option<&str>, name: &str, value: i64) {
    let start = push_start(out, ResponseCode::SUCCESS);
    out.extend_from_slice(b",\"extFields\":{");
    push_json_str(out, name);
    out.extend_from_slice(b":\"");
    push_i64(out, value);
    out.extend_from_slice(b"\"}");
    push_end(out, start, opaque, remark, 0);
}

/// Where the messages of an accepted send are.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    /// Store host, the first half of the ids.
    pub host: std::net::SocketAddr,
    /// Log offsets of the records, one per message of a batch.
    pub offsets: &'a [LogOffset],
    /// Queue the client asked for or got.
    pub queue_id: QueueId,
    /// Queue offset of the first message.
    pub queue_offset: u64,
}

/// The answer to a send.
#[derive(Clone, Copy, Debug)]
pub struct SendResponse<'a> {
    /// Of the request.
    pub opaque: i32,
    /// How it ended.
    pub code: ResponseCode,
    /// Human text, usually for failures.
    pub remark: Option<&'a str>,
    /// Where the messages are; none if they were refused.
    pub stored: Option<Stored<'a>>,
    /// The message's unique key, if it has one.
    pub transaction_id: Option<&'a str>,
    /// Unique key of an inner batch.
    pub batch_uniq_id: Option<&'a str>,
    /// Handle of a timer message.
    pub recall_handle: Option<&'a str>,
    /// Region of the broker.
    pub region: &'a str,
    /// Whether clients shall trace.
    pub trace_on: bool,
}

impl SendResponse<'_> {
    /// Appends the frame.
    pub fn write(&self, out: &mut Vec<u8>) {
        let start = push_start(out, self.code);
        out.extend_from_slice(b",\"extFields\":{");
        if let Some(stored) = &self.stored {
            stored.push_fields(out);
        }
        for (name, value) in [
            ("transactionId", self.transaction_id),
            ("batchUniqId", self.batch_uniq_id),
            ("recallHandle", self.recall_handle),
        ] {
            if let Some(value) = value {
                push_json_str(out, name);
                out.push(b':');
                push_json_str(out, value);
                out.push(b',');
            }
        }
        out.extend_from_slice(b"\"MSG_REGION\":\"");
        push_json_escaped(out, self.region);
        let trace: &[u8] = if self.trace_on {
            b"\",\"TRACE_ON\":\"true\"}"
        } else {
            b"\",\"TRACE_ON\":\"false\"}"
        };
        out.extend_from_slice(trace);
        push_end(out, start, self.opaque, self.remark, 0);
    }
}

impl Stored<'_> {
    fn push_fields(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\"msgId\":\"");
        OffsetMsgId::write_all(self.host, self.offsets, out);
        out.extend_from_slice(b"\",\"queueId\":\"");
        push_u64(out, u64::from(self.queue_id.0));
        out.extend_from_slice(b"\",\"queueOffset\":\"");
        push_u64(out, self.queue_offset);
        out.extend_from_slice(b"\",");
    }
}

/// The answer to a pull.
#[derive(Clone, Copy, Debug)]
pub struct PullResponse<'a> {
    /// Of the request.
    pub opaque: i32,
    /// How it ended.
    pub code: ResponseCode,
    /// Name of the read status, or why it failed.
    pub remark: Option<&'a str>,
    /// Broker id to read from next.
    pub suggest_which_broker_id: i64,
    /// Where to go on.
    pub next_begin_offset: i64,
    /// First offset of the queue.
    pub min_offset: i64,
    /// End offset of the queue.
    pub max_offset: i64,
    /// Flags of the topic, if they are told.
    pub topic_sys_flag: Option<i32>,
    /// Flags of the group, if they are told.
    pub group_sys_flag: Option<i32>,
    /// What forbids the read, if something does.
    pub forbidden_type: Option<i32>,
}

impl PullResponse<'_> {
    /// Appends the frame up to its body of `body_len` bytes, which the caller appends next.
    pub fn write_head(&self, out: &mut Vec<u8>, body_len: usize) {
        let start = push_start(out, self.code);
        out.extend_from_slice(b",\"extFields\":{\"suggestWhichBrokerId\":\"");
        push_i64(out, self.suggest_which_broker_id);
        out.extend_from_slice(b"\",\"nextBeginOffset\":\"");
        push_i64(out, self.next_begin_offset);
        out.extend_from_slice(b"\",\"minOffset\":\"");
        push_i64(out, self.min_offset);
        out.extend_from_slice(b"\",\"maxOffset\":\"");
        push_i64(out, self.max_offset);
        for (name, value) in [
            ("topicSysFlag", self.topic_sys_flag),
            ("groupSysFlag", self.group_sys_flag),
            ("forbiddenType", self.forbidden_type),
        ] {
            if let Some(value) = value {
                out.extend_from_slice(b"\",\"");
                out.extend_from_slice(name.as_bytes());
                out.extend_from_slice(b"\":\"");
                push_i64(out, i64::from(value));
            }
        }
        out.extend_from_slice(b"\"}");
        push_end(out, start, self.opaque, self.remark, body_len);
    }

    /// Appends the frame with its body: records as stored.
    pub fn write(&self, out: &mut Vec<u8>, body: &[u8]) {
        self.write_head(out, body.len());
        out.extend_from_slice(body);
    }
}
