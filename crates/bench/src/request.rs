//! Prepared request frames.
//!
//! A frame is `u32 length, u32 header length (top byte 0 = JSON), header, body`. A prepared send is kept in pieces
//! around the topic and the queue; unique keys and send times have a fixed width and place behind these, so that
//! sending again is a copy and a patch, not an encoding.

use std::io::Write;
use std::time::Instant;

use crate::record::{STAMP_BYTES, Stamp};

/// First opaque number; all in use have the same count of digits.
pub const OPAQUE_BASE: u32 = 1_000_000;

/// Digits of a unique key: those that name the run, and those that count.
const RUN_DIGITS: usize = 16;
const COUNT_DIGITS: usize = 16;
const KEY_DIGITS: usize = RUN_DIGITS + COUNT_DIGITS;

/// The flag of a request that wants no reply.
const ONE_WAY: u32 = 2;
/// Flags of a pull: the subscription is in the request; and if nothing is there, hold it.
const SUBSCRIPTION_FLAG: u32 = 4;
const HOLD_FLAG: u32 = 2;
/// How long a held pull waits for a message, in milliseconds; what stock push consumers ask for.
const HOLD_MILLIS: u32 = 15_000;

/// What every send request of a run has in common.
#[derive(Clone, Copy, Debug)]
pub struct SendSpec {
    /// Queues wanted if the topic is new.
    pub queues: u32,
    /// Body of each message in bytes.
    pub size: u32,
    /// Messages; more than one makes a batch request.
    pub batch: u32,
    /// No reply wanted.
    pub one_way: bool,
    /// First half of each unique key.
    pub run: u64,
}

/// A send request that can be sent any number of times, to any queue.
#[derive(Clone, Debug)]
pub struct PreparedSend {
    before_topic: String,
    before_queue: String,
    /// The rest of the header, then the body.
    rest: Vec<u8>,
    header_rest: usize,
    key_positions: Vec<usize>,
    body_positions: Vec<usize>,
}

impl PreparedSend {
    /// A send request for `slot`.
    #[must_use]
    pub fn new(slot: u32, spec: &SendSpec) -> Self {
        let key = format!("{:0>RUN_DIGITS$X}{:0>COUNT_DIGITS$}", spec.run, 0);
        let properties = format!("UNIQ_KEY\u{1}{key}\u{2}WAIT\u{1}true\u{2}TAGS\u{1}bench\u{2}");
        let batch = spec.batch > 1;
        let (code, flagged, header_properties) = if batch {
            (320, "true", "")
        } else {
            (310, "false", properties.as_str())
        };
        let flag = if spec.one_way { ONE_WAY } else { 0 };
        let header_rest = format!(
            concat!(
                r#"","f":"0","g":"1700000000000","h":"0","i":"{}","j":"0","k":"false","m":"{}","n":"broker"}},"#,
                r#""flag":{},"language":"JAVA","opaque":{},"serializeTypeCurrentRPC":"JSON","version":479}}"#
            ),
            header_properties
                .replace('\u{1}', "\\u0001")
                .replace('\u{2}', "\\u0002"),
            flagged,
            flag,
            OPAQUE_BASE + slot,
        );
        let mut rest = header_rest.into_bytes();
        let header_rest = rest.len();
        let mut body_positions = Vec::new();
        let payload = vec![b'x'; spec.size as usize];
        for _ in 0..spec.batch {
            if batch {
                batch_item(&mut rest, &payload, properties.as_bytes());
            } else {
                rest.extend_from_slice(&payload);
            }
            let behind = if batch { 2 + properties.len() } else { 0 };
            body_positions.push(rest.len() - behind - payload.len());
        }
        if (spec.size as usize) < STAMP_BYTES {
            body_positions.clear();
        }
        Self {
            before_topic: format!(r#"{{"code":{code},"extFields":{{"a":"bench-producer","b":""#),
            before_queue: format!(r#"","c":"TBW102","d":"{}","e":""#, spec.queues),
            key_positions: positions(&rest, key.as_bytes()),
            rest,
            header_rest,
            body_positions,
        }
    }

    /// Appends the frame to `out`: to `queue` of `topic`, with the next unique keys of `counter`, sent at `when`.
    pub fn render(
        &mut self,
        out: &mut Vec<u8>,
        (topic, queue): (&str, u32),
        counter: &mut u64,
        stamp: &Stamp,
        when: Instant,
    ) {
        for &at in &self.key_positions {
            *counter += 1;
            let mut left = *counter;
            let digits = &mut self.rest[at + RUN_DIGITS..at + KEY_DIGITS];
            for digit in digits.iter_mut().rev() {
                *digit = b"0123456789ABCDEF"[(left & 15) as usize];
                left >>= 4;
            }
        }
        if !self.body_positions.is_empty() {
            let stamp = stamp.bytes(when);
            for &at in &self.body_positions {
                self.rest[at..at + STAMP_BYTES].copy_from_slice(&stamp);
            }
        }
        let start = out.len();
        out.extend_from_slice(&[0; 8]);
        out.extend_from_slice(self.before_topic.as_bytes());
        out.extend_from_slice(topic.as_bytes());
        out.extend_from_slice(self.before_queue.as_bytes());
        // Writing to a vector cannot fail.
        let _ = write!(out, "{queue}");
        let header = out.len() - start - 8 + self.header_rest;
        out.extend_from_slice(&self.rest);
        seal(out, start, header);
    }
}

/// What a pull asks for.
#[derive(Clone, Copy, Debug)]
pub struct PullSpec<'a> {
    /// Consumer group.
    pub group: &'a str,
    /// Topic and queue.
    pub target: (&'a str, u32),
    /// First message wanted.
    pub offset: u64,
    /// Most messages wanted.
    pub count: u32,
    /// Whether the server is to wait for a message if there is none.
    pub hold: bool,
}

/// Appends a pull request of `slot` to `out`, for messages with all tags.
pub fn pull(out: &mut Vec<u8>, slot: u32, spec: &PullSpec<'_>) {
    let (flags, wait) = if spec.hold {
        (SUBSCRIPTION_FLAG | HOLD_FLAG, HOLD_MILLIS)
    } else {
        (SUBSCRIPTION_FLAG, 0)
    };
    let (topic, queue) = spec.target;
    let ext = format_args!(
        concat!(
            r#"{{"consumerGroup":"{}","topic":"{}","queueId":"{}","queueOffset":"{}","#,
            r#""maxMsgNums":"{}","sysFlag":"{}","commitOffset":"0","suspendTimeoutMillis":"{}","#,
            r#""subscription":"*","subVersion":"0","expressionType":"TAG"}}"#
        ),
        spec.group, topic, queue, spec.offset, spec.count, flags, wait
    );
    plain(out, slot, 11, ext);
}

/// Appends a request that creates `topic` with `queues` queues.
pub fn create_topic(out: &mut Vec<u8>, slot: u32, topic: &str, queues: u32) {
    let ext = format_args!(
        concat!(
            r#"{{"topic":"{}","defaultTopic":"TBW102","readQueueNums":"{}","writeQueueNums":"{}","perm":"6","#,
            r#""topicFilterType":"SINGLE_TAG","topicSysFlag":"0","order":"false"}}"#
        ),
        topic, queues, queues
    );
    plain(out, slot, 17, ext);
}

/// Appends a request for the offset behind the last message of a queue.
pub fn max_offset(out: &mut Vec<u8>, slot: u32, (topic, queue): (&str, u32)) {
    let ext = format_args!(r#"{{"topic":"{topic}","queueId":"{queue}"}}"#);
    plain(out, slot, 30, ext);
}

/// A request without body.
fn plain(out: &mut Vec<u8>, slot: u32, code: u32, ext: std::fmt::Arguments<'_>) {
    let start = out.len();
    out.extend_from_slice(&[0; 8]);
    // Writing to a vector cannot fail.
    let _ = write!(
        out,
        r#"{{"code":{code},"extFields":{ext},"flag":0,"language":"JAVA","opaque":{},"serializeTypeCurrentRPC":"JSON","version":479}}"#,
        OPAQUE_BASE + slot
    );
    let header = out.len() - start - 8;
    seal(out, start, header);
}

/// Fills in the lengths of the frame that begins at `start` and ends with `out`.
fn seal(out: &mut [u8], start: usize, header: usize) {
    let length = out.len() - start - 4;
    out[start..start + 4].copy_from_slice(&word(length));
    out[start + 4..start + 8].copy_from_slice(&word(header));
}

fn word(value: usize) -> [u8; 4] {
    u32::try_from(value).unwrap_or(u32::MAX).to_be_bytes()
}

fn batch_item(out: &mut Vec<u8>, payload: &[u8], properties: &[u8]) {
    out.extend_from_slice(&word(22 + payload.len() + properties.len()));
    out.extend_from_slice(&[0; 12]);
    out.extend_from_slice(&word(payload.len()));
    out.extend_from_slice(payload);
    let length = u16::try_from(properties.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(properties);
}

/// Where `needle` begins in `bytes`, every time.
fn positions(bytes: &[u8], needle: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(place) = bytes[at..]
        .windows(needle.len())
        .position(|window| window == needle)
    {
        found.push(at + place);
        at += place + needle.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SPEC: SendSpec = SendSpec {
        queues: 8,
        size: 20,
        batch: 1,
        one_way: false,
        run: 0xabc,
    };

    fn render(spec: &SendSpec, count: usize) -> (Vec<Vec<u8>>, u64) {
        let origin = Instant::now();
        let stamp = Stamp::new(1, origin);
        let mut prepared = PreparedSend::new(5, spec);
        let mut counter = 0;
        let frames = (0..count).map(|_| {
            let mut out = Vec::new();
            let when = origin + Duration::from_secs(1);
            prepared.render(&mut out, ("T", 3), &mut counter, &stamp, when);
            out
        });
        (frames.collect(), counter)
    }

    fn parts(frame: &[u8]) -> (serde_json::Value, &[u8]) {
        let length = u32::from_be_bytes(*frame.first_chunk().unwrap()) as usize;
        assert_eq!(length, frame.len() - 4);
        let header = u32::from_be_bytes(frame[4..8].try_into().unwrap()) as usize;
        let (header, body) = frame[8..].split_at(header);
        (serde_json::from_slice(header).unwrap(), body)
    }

    #[test]
    fn a_prepared_send_changes_only_its_key() {
        let (frames, counter) = render(&SPEC, 2);
        let differing = frames[0].iter().zip(&frames[1]).filter(|(a, b)| a != b);
        assert_eq!((differing.count(), counter), (1, 2));
        let (header, body) = parts(&frames[1]);
        let fields = &header["extFields"];
        assert_eq!(
            (&header["opaque"], &header["code"], &header["flag"]),
            (&1_000_005.into(), &310.into(), &0.into())
        );
        assert_eq!((&fields["b"], &fields["e"]), (&"T".into(), &"3".into()));
        let properties = fields["i"].as_str().unwrap();
        assert!(
            properties.starts_with("UNIQ_KEY\u{1}0000000000000ABC0000000000000002\u{2}"),
            "{properties}"
        );
        assert_eq!((body.len(), &body[16..]), (20, b"xxxx".as_slice()));
    }

    #[test]
    fn every_item_of_a_batch_gets_a_key_and_a_time_of_its_own() {
        let (frames, counter) = render(&SendSpec { batch: 32, ..SPEC }, 1);
        assert_eq!(counter, 32);
        let (header, mut body) = parts(&frames[0]);
        assert_eq!(header["code"], 320);
        let origin = Instant::now();
        let stamp = Stamp::new(1, origin);
        for number in 1..=32 {
            let size = u32::from_be_bytes(*body.first_chunk().unwrap()) as usize;
            let (item, rest) = body.split_at(size);
            body = rest;
            assert_eq!(
                stamp.sent(&item[20..40]),
                Some(origin + Duration::from_secs(1))
            );
            let key = format!("{number:016X}");
            assert_eq!(positions(item, key.as_bytes()).len(), 1, "{key}");
        }
        assert!(body.is_empty());
    }

    #[test]
    fn bodies_that_are_too_short_carry_no_time() {
        let (frames, _) = render(&SendSpec { size: 15, ..SPEC }, 1);
        assert_eq!(parts(&frames[0]).1, [b'x'; 15]);
    }

    #[test]
    fn one_way_sends_say_so() {
        let spec = SendSpec {
            one_way: true,
            ..SPEC
        };
        assert_eq!(parts(&render(&spec, 1).0[0]).0["flag"], 2);
    }

    #[test]
    fn a_pull_is_held_only_if_asked() {
        for (hold, flags, wait) in [(false, "4", "0"), (true, "6", "15000")] {
            let mut out = Vec::new();
            let spec = PullSpec {
                group: "G",
                target: ("T", 2),
                offset: 77,
                count: 32,
                hold,
            };
            pull(&mut out, 1, &spec);
            let fields = parts(&out).0["extFields"].take();
            assert_eq!(
                (&fields["sysFlag"], &fields["suspendTimeoutMillis"]),
                (&flags.into(), &wait.into())
            );
            assert_eq!(
                (&fields["consumerGroup"], &fields["queueOffset"]),
                (&"G".into(), &"77".into())
            );
        }
    }
}
