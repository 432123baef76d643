//! What is printed: results of sends and received messages, as text or as one JSON object for each line.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

use clap::ValueEnum;
use ferromq_client::{MessageView, SendResult};
use serde::Serialize;

/// Form of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people and pipes: one line for each message.
    #[default]
    Text,
    /// One JSON object for each line.
    Json,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sent<'a> {
    status: &'a str,
    message_id: &'a str,
    offset_message_id: &'a str,
    topic: &'a str,
    broker_name: &'a str,
    queue_id: u32,
    queue_offset: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Received<'a> {
    topic: &'a str,
    broker_name: &'a str,
    queue_id: u32,
    queue_offset: u64,
    message_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keys: Vec<&'a str>,
    born_timestamp: i64,
    store_timestamp: i64,
    reconsume_times: u32,
    properties: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    /// Instead of `body` if that is not text.
    #[serde(skip_serializing_if = "Option::is_none")]
    body_hex: Option<String>,
}

/// Prints the result of a send.
pub(crate) fn sent(out: &mut impl Write, format: Format, result: &SendResult) -> io::Result<()> {
    let line = Sent {
        status: result.status.name(),
        message_id: &result.message_id,
        offset_message_id: &result.offset_message_id,
        topic: &result.queue.topic,
        broker_name: &result.queue.broker,
        queue_id: result.queue.id.0,
        queue_offset: result.queue_offset.0,
    };
    match format {
        Format::Json => json(out, &line),
        Format::Text => writeln!(
            out,
            "{} {} broker={} queue={} offset={}",
            line.status, line.message_id, line.broker_name, line.queue_id, line.queue_offset
        ),
    }
}

/// Prints a received message; as text only its body, unless `verbose`.
pub(crate) fn received(
    out: &mut impl Write,
    format: Format,
    verbose: bool,
    message: &MessageView,
) -> io::Result<()> {
    if format == Format::Json {
        return json(out, &of(message));
    }
    if verbose {
        let queue = message.queue();
        write!(
            out,
            "{} broker={} queue={} offset={} tag={} keys={} ",
            message.message_id(),
            queue.broker,
            queue.id,
            message.queue_offset(),
            message.tag().unwrap_or("-"),
            or_dash(message.keys().collect::<Vec<_>>().join(","))
        )?;
    }
    out.write_all(message.body())?;
    out.write_all(b"\n")
}

fn or_dash(text: String) -> Cow<'static, str> {
    if text.is_empty() {
        return Cow::Borrowed("-");
    }
    Cow::Owned(text)
}

fn of(message: &MessageView) -> Received<'_> {
    let text = std::str::from_utf8(message.body()).ok();
    Received {
        topic: message.topic(),
        broker_name: &message.queue().broker,
        queue_id: message.queue().id.0,
        queue_offset: message.queue_offset().0,
        message_id: message.message_id(),
        tag: message.tag(),
        keys: message.keys().collect(),
        born_timestamp: message.born_at().0,
        store_timestamp: message.stored_at().0,
        reconsume_times: message.reconsume_times(),
        properties: message.properties().collect(),
        body: text,
        body_hex: text.is_none().then(|| hex(message.body())),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn json(out: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}
