//! The property string of a message: `key \u{1} value \u{2} key \u{1} value \u{2} …`.
//!
//! Keys and values cannot contain the two separators and nothing is escaped. Entries with an empty key or value do not
//! count; of a repeated key the last entry counts; the last separator may be missing.

use std::ops::Range;

use crate::text::find_either;

/// Separates a key from its value.
pub const NAME_VALUE_SEPARATOR: u8 = 1;
/// Ends an entry.
pub const PROPERTY_SEPARATOR: u8 = 2;

/// Declares the keys and the table of the ones that the Java client does not let users set.
macro_rules! keys {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal $(, $reserved:ident)?;)+) => {
        $($(#[doc = $doc])+ pub const $name: &str = $text;)+

        /// Every known key and whether RocketMQ reserves it.
        pub const KEYS_TABLE: &[(&str, bool)] = &[$(($text, keys!(@reserved $($reserved)?))),+];
    };
    (@reserved reserved) => { true };
    (@reserved) => { false };
}

keys! {
    /// Business keys, separated by spaces; indexed.
    KEYS = "KEYS", reserved;
    /// The tag; filtered by.
    TAGS = "TAGS", reserved;
    /// Wait until the message is stored.
    WAIT = "WAIT", reserved;
    /// Delay level 1 to 18.
    DELAY = "DELAY", reserved;
    /// Message id made by the client.
    UNIQ_KEY = "UNIQ_KEY", reserved;
    /// Region of the storing broker.
    MSG_REGION = "MSG_REGION", reserved;
    /// Whether clients shall trace.
    TRACE_ON = "TRACE_ON", reserved;
    /// Cluster of the storing broker.
    CLUSTER = "CLUSTER", reserved;
    /// Queue's first offset, added by a consumer.
    MIN_OFFSET = "MIN_OFFSET", reserved;
    /// Queue's end offset, added by a consumer.
    MAX_OFFSET = "MAX_OFFSET", reserved;
    /// Original topic of a retried message.
    RETRY_TOPIC = "RETRY_TOPIC", reserved;
    /// Message id of the first delivery.
    ORIGIN_MESSAGE_ID = "ORIGIN_MESSAGE_ID", reserved;
    /// Retry count of a message sent back by its client.
    RECONSUME_TIME = "RECONSUME_TIME", reserved;
    /// Retry limit of a message sent back by its client.
    MAX_RECONSUME_TIMES = "MAX_RECONSUME_TIMES", reserved;
    /// When consumption began, local to a client.
    CONSUME_START_TIME = "CONSUME_START_TIME", reserved;
    /// Topic a delayed, half or timer message belongs to.
    REAL_TOPIC = "REAL_TOPIC", reserved;
    /// Queue a delayed, half or timer message belongs to.
    REAL_QID = "REAL_QID", reserved;
    /// `true` on a half message.
    TRAN_MSG = "TRAN_MSG", reserved;
    /// Producer group, for the transaction check.
    PGROUP = "PGROUP", reserved;
    /// Transaction id.
    TRANSACTION_ID = "__transactionId__";
    /// Transaction checks so far.
    TRANSACTION_CHECK_TIMES = "TRANSACTION_CHECK_TIMES";
    /// Position in the half queue.
    TRAN_PREPARED_QUEUE_OFFSET = "TRAN_PREPARED_QUEUE_OFFSET", reserved;
    /// Seconds before the first transaction check.
    CHECK_IMMUNITY_TIME_IN_SECONDS = "CHECK_IMMUNITY_TIME_IN_SECONDS";
    /// Origin topic of a dead letter.
    DLQ_ORIGIN_TOPIC = "DLQ_ORIGIN_TOPIC", reserved;
    /// Origin message id of a dead letter.
    DLQ_ORIGIN_MESSAGE_ID = "DLQ_ORIGIN_MESSAGE_ID", reserved;
    /// Correlates a reply with its request.
    CORRELATION_ID = "CORRELATION_ID", reserved;
    /// Client id to push a reply to.
    REPLY_TO_CLIENT = "REPLY_TO_CLIENT", reserved;
    /// Request time-out in milliseconds.
    TTL = "TTL", reserved;
    /// Local arrival of a reply.
    ARRIVE_TIME = "ARRIVE_TIME", reserved;
    /// When the broker pushed a reply.
    PUSH_REPLY_TIME = "PUSH_REPLY_TIME", reserved;
    /// `reply` on reply messages.
    MSG_TYPE = "MSG_TYPE", reserved;
    /// Receipt of a popped message.
    POP_CK = "POP_CK", reserved;
    /// Not written by anybody; reserved.
    POP_CK_OFFSET = "POP_CK_OFFSET", reserved;
    /// When a message was popped first.
    FIRST_POP_TIME = "1ST_POP_TIME", reserved;
    /// Client namespace.
    INSTANCE_ID = "INSTANCE_ID", reserved;
    /// Messages in an inner batch.
    INNER_NUM = "INNER_NUM";
    /// Queue offset of the first message of an inner batch.
    INNER_BASE = "INNER_BASE";
    /// Recovery check of the form `a_b`.
    DUP_INFO = "DUP_INFO";
    /// Light queues to dispatch to as well.
    INNER_MULTI_DISPATCH = "INNER_MULTI_DISPATCH";
    /// Offsets in those light queues.
    INNER_MULTI_QUEUE_OFFSET = "INNER_MULTI_QUEUE_OFFSET", reserved;
    /// Ordering key.
    SHARDING_KEY = "__SHARDINGKEY";
    /// Delay in seconds.
    TIMER_DELAY_SEC = "TIMER_DELAY_SEC", reserved;
    /// Delay in milliseconds.
    TIMER_DELAY_MS = "TIMER_DELAY_MS", reserved;
    /// Absolute delivery time in milliseconds.
    TIMER_DELIVER_MS = "TIMER_DELIVER_MS", reserved;
    /// Absolute delivery time of a stored timer message.
    TIMER_OUT_MS = "TIMER_OUT_MS", reserved;
    /// Bookkeeping of the timer store.
    TIMER_ENQUEUE_MS = "TIMER_ENQUEUE_MS", reserved;
    /// Bookkeeping of the timer store.
    TIMER_DEQUEUE_MS = "TIMER_DEQUEUE_MS", reserved;
    /// Bookkeeping of the timer store.
    TIMER_ROLL_TIMES = "TIMER_ROLL_TIMES", reserved;
    /// Deletes a timer message.
    TIMER_DEL_UNIQKEY = "TIMER_DEL_UNIQKEY", reserved;
    /// Not written by anybody; reserved.
    TIMER_DELAY_LEVEL = "TIMER_DELAY_LEVEL", reserved;
    /// Tracing context.
    TRACE_CONTEXT = "TRACE_CONTEXT";
    /// Original host of a proxied message.
    BORN_HOST = "__BORNHOST", reserved;
    /// Original time of a proxied message.
    BORN_TIMESTAMP = "BORN_TIMESTAMP", reserved;
    /// Checksum over the whole record.
    CRC32 = "__CRC32#", reserved;
    /// Historic; reserved.
    TRANSFER_FLAG = "TRANSFER_FLAG", reserved;
    /// Historic; reserved.
    CORRECTION_FLAG = "CORRECTION_FLAG", reserved;
    /// Historic; reserved.
    MQ2_FLAG = "MQ2_FLAG", reserved;
    /// Historic; reserved.
    BUYER_ID = "BUYER_ID", reserved;
    /// Historic; reserved.
    EXTEND_UNIQ_INFO = "EXTEND_UNIQ_INFO", reserved;
}

/// True for keys that RocketMQ's user API refuses.
#[must_use]
pub fn is_reserved(key: &str) -> bool {
    KEYS_TABLE
        .iter()
        .any(|&(name, reserved)| reserved && name == key)
}

/// Borrowed view of a property string.
#[derive(Clone, Copy, Debug, Default)]
pub struct Properties<'a>(&'a [u8]);

impl<'a> Properties<'a> {
    /// A view of `raw`; any bytes will do.
    #[must_use]
    pub fn new(raw: &'a [u8]) -> Self {
        Self(raw)
    }

    /// The bytes behind the view.
    #[must_use]
    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// Entries in written order, repeated keys included, that are well formed UTF-8.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        // Looked at as a whole it costs the least, and there is hardly ever anything in it that is no text.
        let whole = std::str::from_utf8(self.0).ok();
        self.entries().filter_map(move |entry| match whole {
            Some(text) => Some((text.get(entry.key)?, text.get(entry.value)?)),
            None => Some((
                std::str::from_utf8(&self.0[entry.key]).ok()?,
                std::str::from_utf8(&self.0[entry.value]).ok()?,
            )),
        })
    }

    /// Value of the last entry with `key`.
    #[must_use]
    pub fn get(self, key: &str) -> Option<&'a str> {
        let mut found = None;
        for entry in self.entries() {
            if &self.0[entry.key] == key.as_bytes() {
                found = Some(entry.value);
            }
        }
        std::str::from_utf8(&self.0[found?]).ok()
    }

    /// True if some entry has `key`.
    #[must_use]
    pub fn has(self, key: &str) -> bool {
        self.entries()
            .any(|entry| &self.0[entry.key] == key.as_bytes())
    }

    /// True if the last entry with `key` says `true` in any case.
    #[must_use]
    pub fn is_true(self, key: &str) -> bool {
        self.get(key)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// True if an entry can be appended as it is: the string is empty or ends with the separator.
    #[must_use]
    pub fn is_terminated(self) -> bool {
        self.0.last().is_none_or(|&last| last == PROPERTY_SEPARATOR)
    }

    /// Places of every valid entry.
    fn entries(self) -> Entries<'a> {
        Entries { raw: self.0, at: 0 }
    }
}

/// Where key and value of an entry are in the property string.
struct Entry {
    key: Range<usize>,
    value: Range<usize>,
}

/// Iterator over valid entries; see [`Properties::entries`].
struct Entries<'a> {
    raw: &'a [u8],
    at: usize,
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while self.at < self.raw.len() {
            let start = self.at;
            let rest = &self.raw[start..];
            let cut = find_either::<NAME_VALUE_SEPARATOR, PROPERTY_SEPARATOR>(rest);
            let key = start..start + cut.unwrap_or(rest.len());
            let from = self.raw.len().min(key.end + 1);
            self.at = from;
            if self.raw.get(key.end) != Some(&NAME_VALUE_SEPARATOR) {
                continue;
            }
            let rest = &self.raw[from..];
            let len = find_either::<PROPERTY_SEPARATOR, PROPERTY_SEPARATOR>(rest);
            let value = from..from + len.unwrap_or(rest.len());
            self.at = value.end + 1;
            if !key.is_empty() && !value.is_empty() {
                return Some(Entry { key, value });
            }
        }
        None
    }
}

/// Appends the entry `key` = `value`. Neither may contain a separator; an empty value would vanish on reading.
pub fn push(out: &mut Vec<u8>, key: &str, value: &str) {
    push_bytes(out, key, value.as_bytes());
}

/// Like [`push`] with a value in bytes.
pub fn push_bytes(out: &mut Vec<u8>, key: &str, value: &[u8]) {
    out.extend_from_slice(key.as_bytes());
    out.push(NAME_VALUE_SEPARATOR);
    out.extend_from_slice(value);
    out.push(PROPERTY_SEPARATOR);
}

/// Appends the valid entries of `properties` except those with one of the `keys`, each ended by a separator.
pub fn push_without(out: &mut Vec<u8>, properties: Properties<'_>, keys: &[&str]) {
    let raw = properties.as_bytes();
    for Entry { key, value } in properties.entries() {
        if keys
            .iter()
            .any(|unwanted| unwanted.as_bytes() == &raw[key.clone()])
        {
            continue;
        }
        out.extend_from_slice(&raw[key.start..value.end]);
        out.push(PROPERTY_SEPARATOR);
    }
}

/// True if `text` can be a key or a value: not empty and free of separators.
#[must_use]
pub fn is_valid_text(text: &str) -> bool {
    !text.is_empty()
        && !text
            .bytes()
            .any(|b| b == NAME_VALUE_SEPARATOR || b == PROPERTY_SEPARATOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(raw: &str) -> Vec<(&str, &str)> {
        Properties::new(raw.as_bytes()).iter().collect()
    }

    #[test]
    fn the_last_separator_may_be_missing_and_the_last_value_wins() {
        let raw = "A\u{1}1\u{2}B\u{1}2\u{2}A\u{1}3";
        assert_eq!(entries(raw), [("A", "1"), ("B", "2"), ("A", "3")]);
        assert_eq!(Properties::new(raw.as_bytes()).get("A"), Some("3"));
        assert!(!Properties::new(raw.as_bytes()).is_terminated());
        assert!(Properties::default().is_terminated());
    }

    #[test]
    fn entries_without_key_value_or_separator_vanish() {
        assert_eq!(
            entries("\u{2}\u{2}K\u{1}\u{2}\u{1}v\u{2}junk\u{2}a\u{1}b\u{1}c\u{2}"),
            [("a", "b\u{1}c")]
        );
        let odd = Properties::new(b"A\x01\xff\x02B\x012\x02\xff\x013\x02C");
        assert_eq!(odd.iter().collect::<Vec<_>>(), [("B", "2")]);
    }

    #[test]
    fn entries_can_be_left_out() {
        let raw = "A\u{1}1\u{2}POP_CK\u{1}x\u{2}B\u{1}2";
        let mut out = Vec::new();
        push_without(&mut out, Properties::new(raw.as_bytes()), &[POP_CK]);
        push(&mut out, "C", "3");
        assert_eq!(out, b"A\x011\x02B\x012\x02C\x013\x02");
    }

    #[test]
    fn reserved_keys_are_the_ones_of_the_table() {
        assert!(is_reserved(TAGS) && is_reserved(FIRST_POP_TIME));
        assert!(!is_reserved(SHARDING_KEY) && !is_reserved("mine"));
        let mut names: Vec<_> = KEYS_TABLE.iter().map(|row| row.0).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KEYS_TABLE.len());
    }

    #[test]
    fn booleans_are_read_in_any_case() {
        let raw = b"WAIT\x01TRUE\x02TRAN_MSG\x01yes\x02";
        assert!(Properties::new(raw).is_true(WAIT));
        assert!(!Properties::new(raw).is_true(TRAN_MSG));
    }
}
