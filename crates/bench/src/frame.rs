//! Prepared request frames, and the few facts that are read from a reply.
//!
//! A frame is `u32 length, u32 header length (top byte 0 = JSON), header, body`. A prepared frame keeps its opaque
//! and its unique key as digits of fixed width, so that sending it again is a patch, not an encoding.

/// First opaque number; all in use have the same count of digits.
const OPAQUE_BASE: u32 = 1_000_000;

/// Digits of the counter at the end of a unique key.
const KEY_DIGITS: usize = 16;

/// What a send request carries.
#[derive(Clone, Copy, Debug)]
pub struct SendSpec<'a> {
    /// Topic; created with `queues` queues by the first send.
    pub topic: &'a str,
    /// Queue to send to.
    pub queue: u32,
    /// Queues wanted if the topic is new.
    pub queues: u32,
    /// Body of each message in bytes.
    pub size: u32,
    /// Messages; more than one makes a batch request.
    pub batch: u32,
}

/// A request that can be sent any number of times.
#[derive(Debug)]
pub struct Prepared {
    bytes: Vec<u8>,
    key_positions: Vec<usize>,
}

impl Prepared {
    /// A send request for `slot`.
    #[must_use]
    pub fn send(slot: u32, spec: &SendSpec<'_>) -> Self {
        let key = format!("{:0>1$}", 0, KEY_DIGITS * 2);
        let properties = format!("UNIQ_KEY\u{1}{key}\u{2}WAIT\u{1}true\u{2}TAGS\u{1}bench\u{2}");
        let batch = spec.batch > 1;
        let (code, flagged, header_properties) = if batch {
            (320, "true", "")
        } else {
            (310, "false", properties.as_str())
        };
        let ext = format!(
            concat!(
                r#"{{"a":"bench-producer","b":"{}","c":"TBW102","d":"{}","e":"{}","f":"0","g":"1700000000000","#,
                r#""h":"0","i":"{}","j":"0","k":"false","m":"{}","n":"broker"}}"#
            ),
            spec.topic,
            spec.queues,
            spec.queue,
            header_properties
                .replace('\u{1}', "\\u0001")
                .replace('\u{2}', "\\u0002"),
            flagged,
        );
        let payload = vec![b'x'; spec.size as usize];
        let body = if batch {
            let mut body = Vec::new();
            for _ in 0..spec.batch {
                batch_item(&mut body, &payload, properties.as_bytes());
            }
            body
        } else {
            payload
        };
        Self::new(slot, code, &ext, &body)
    }

    /// A pull request for `slot`: up to `count` messages of a queue from `offset` on, no long poll, all tags.
    #[must_use]
    pub fn pull(slot: u32, topic: &str, queue: u32, offset: u64, count: u32) -> Self {
        let ext = format!(
            concat!(
                r#"{{"consumerGroup":"bench-consumer","topic":"{}","queueId":"{}","queueOffset":"{}","#,
                r#""maxMsgNums":"{}","sysFlag":"4","commitOffset":"0","suspendTimeoutMillis":"0","#,
                r#""subscription":"*","subVersion":"0","expressionType":"TAG"}}"#
            ),
            topic, queue, offset, count
        );
        Self::new(slot, 11, &ext, &[])
    }

    /// A request that creates `topic` with `queues` queues.
    #[must_use]
    pub fn create_topic(topic: &str, queues: u32) -> Self {
        let ext = format!(
            concat!(
                r#"{{"topic":"{}","defaultTopic":"TBW102","readQueueNums":"{}","writeQueueNums":"{}","perm":"6","#,
                r#""topicFilterType":"SINGLE_TAG","topicSysFlag":"0","order":"false"}}"#
            ),
            topic, queues, queues
        );
        Self::new(0, 17, &ext, &[])
    }

    fn new(slot: u32, code: u32, ext: &str, body: &[u8]) -> Self {
        let header = format!(
            r#"{{"code":{code},"extFields":{ext},"flag":0,"language":"JAVA","opaque":{},"serializeTypeCurrentRPC":"JSON","version":479}}"#,
            OPAQUE_BASE + slot
        );
        let mut bytes = Vec::with_capacity(8 + header.len() + body.len());
        push_u32(&mut bytes, 4 + header.len() + body.len());
        push_u32(&mut bytes, header.len());
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(body);
        let key_positions = positions(&bytes, &[b'0'; KEY_DIGITS * 2]);
        Self {
            bytes,
            key_positions,
        }
    }

    /// Writes the next unique keys, counted by `counter`, and returns the frame.
    pub fn stamped(&mut self, counter: &mut u64) -> &[u8] {
        for &at in &self.key_positions {
            *counter += 1;
            let mut rest = *counter;
            for digit in self.bytes[at + KEY_DIGITS..at + 2 * KEY_DIGITS]
                .iter_mut()
                .rev()
            {
                *digit = b"0123456789ABCDEF"[(rest & 15) as usize];
                rest >>= 4;
            }
        }
        &self.bytes
    }
}

fn push_u32(out: &mut Vec<u8>, value: usize) {
    out.extend_from_slice(&u32::try_from(value).unwrap_or(u32::MAX).to_be_bytes());
}

fn batch_item(out: &mut Vec<u8>, payload: &[u8], properties: &[u8]) {
    push_u32(out, 22 + payload.len() + properties.len());
    out.extend_from_slice(&[0; 12]);
    push_u32(out, payload.len());
    out.extend_from_slice(payload);
    out.extend_from_slice(
        &u16::try_from(properties.len())
            .unwrap_or(u16::MAX)
            .to_be_bytes(),
    );
    out.extend_from_slice(properties);
}

fn positions(bytes: &[u8], needle: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(place) = find(&bytes[at..], needle) {
        found.push(at + place);
        at += place + needle.len();
    }
    found
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

/// What the generator reads from a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<'a> {
    /// Bytes of the whole frame.
    pub frame_bytes: usize,
    /// Request slot, from the opaque number.
    pub slot: u32,
    /// Response code.
    pub code: i64,
    /// The header text.
    pub header: &'a [u8],
    /// The body.
    pub body: &'a [u8],
}

/// Reads one reply from the front of `bytes`. `None`: more bytes are needed.
///
/// # Errors
/// A text for people, when this cannot be a reply to a request of ours.
pub fn reply(bytes: &[u8]) -> Result<Option<Reply<'_>>, &'static str> {
    let Some(prefix) = bytes.first_chunk::<8>() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes([prefix[0], prefix[1], prefix[2], prefix[3]]) as usize;
    let header_length = u32::from_be_bytes([0, prefix[5], prefix[6], prefix[7]]) as usize;
    if length < 4 + header_length || length > 32 << 20 {
        return Err("the server sent a frame whose lengths do not fit");
    }
    let Some(frame) = bytes.get(8..4 + length) else {
        return Ok(None);
    };
    let (header, body) = frame.split_at(header_length);
    let opaque = number(header, b"\"opaque\":").ok_or("a reply without opaque number")?;
    let slot = opaque
        .checked_sub(i64::from(OPAQUE_BASE))
        .and_then(|slot| u32::try_from(slot).ok());
    let slot = slot.ok_or("a reply to a request that was not sent")?;
    let code = number(header, b"\"code\":").unwrap_or(0);
    Ok(Some(Reply {
        frame_bytes: 4 + length,
        slot,
        code,
        header,
        body,
    }))
}

/// The number behind `key` in a JSON header; a quote before it is skipped.
#[must_use]
pub fn number(header: &[u8], key: &[u8]) -> Option<i64> {
    let rest = &header[find(header, key)? + key.len()..];
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    let (negative, rest) = rest
        .strip_prefix(b"-")
        .map_or((false, rest), |rest| (true, rest));
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let value: i64 = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
    Some(if negative { -value } else { value })
}

/// Number of message records in a pull reply: each begins with its own size.
#[must_use]
pub fn records(mut body: &[u8]) -> u64 {
    let mut count = 0;
    while let Some(size) = body.first_chunk::<4>() {
        let size = u32::from_be_bytes(*size) as usize;
        let Some(rest) = body.get(size.max(4)..) else {
            break;
        };
        body = rest;
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: SendSpec<'_> = SendSpec {
        topic: "T",
        queue: 3,
        queues: 8,
        size: 10,
        batch: 1,
    };

    #[test]
    fn a_prepared_send_changes_only_its_key() {
        let mut counter = 0;
        let mut prepared = Prepared::send(5, &SPEC);
        let first = prepared.stamped(&mut counter).to_vec();
        let second = prepared.stamped(&mut counter).to_vec();
        let differing = first.iter().zip(&second).filter(|(a, b)| a != b).count();
        assert_eq!((first.len(), differing, counter), (second.len(), 1, 2));
        assert!(find(&first, b"\"opaque\":1000005").is_some());
    }

    #[test]
    fn every_item_of_a_batch_gets_a_key_of_its_own() {
        let mut counter = 0;
        Prepared::send(0, &SendSpec { batch: 32, ..SPEC }).stamped(&mut counter);
        assert_eq!(counter, 32);
    }

    #[test]
    fn a_reply_is_read_once_it_is_whole() {
        let header =
            br#"{"code":2,"extFields":{"nextBeginOffset":"41"},"flag":1,"opaque":1000007}"#;
        let mut bytes = Vec::new();
        push_u32(&mut bytes, 4 + header.len() + 2);
        push_u32(&mut bytes, header.len());
        bytes.extend_from_slice(header);
        bytes.extend_from_slice(b"hi");
        assert_eq!(reply(&bytes[..bytes.len() - 1]), Ok(None));
        let whole = reply(&bytes).unwrap().unwrap();
        assert_eq!(
            (whole.slot, whole.code, whole.body),
            (7, 2, b"hi".as_slice())
        );
        assert_eq!(number(whole.header, b"\"nextBeginOffset\":"), Some(41));
        assert!(reply(&[0xff; 64]).is_err());
    }

    #[test]
    fn records_are_counted_by_their_sizes() {
        let body = [0, 0, 0, 6, 1, 1, 0, 0, 0, 4];
        assert_eq!(records(&body), 2);
        assert_eq!(records(&[0, 0, 0, 0]), 1);
    }
}
