//! The message record: what the commit log stores and what pull, query and view replies carry.
//!
//! ```text
//!  0 i32 total size            36 i32 sysFlag
//!  4 i32 magic                 40 i64 born timestamp
//!  8 i32 body CRC              48 ip + i32 born host (8 or 20 bytes)
//! 12 i32 queue id              56 i64 store timestamp
//! 16 i32 flag                  64 ip + i32 store host (8 or 20 bytes)
//! 20 i64 queue offset          72 i32 reconsume times
//! 28 i64 physical offset       76 i64 prepared transaction offset
//! 84 i32 + body; i8 (V1) or i16 (V2) + topic; i16 + properties
//! ```
//!
//! The places hold for two IPv4 hosts; each IPv6 host shifts what follows it by 12.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ferromq_base::limits::PROPERTIES_BYTES_MAX;
use ferromq_base::{LogOffset, Millis, QueueId, QueueOffset};
use thiserror::Error;

use super::properties::{PROPERTY_SEPARATOR, Properties};
use super::sysflag;

/// Magic of a record with a one-byte topic length.
pub const MAGIC_V1: u32 = 0xDAA3_20A7;
/// Magic of a record with a two-byte topic length.
pub const MAGIC_V2: u32 = 0xDAA3_20AB;
/// Magic of the filler at the end of a segment.
pub const MAGIC_BLANK: u32 = 0xCBD4_3194;
/// Bytes written for a filler: remaining length and magic.
pub const BLANK_BYTES: usize = 8;
/// Place of the queue offset.
pub const QUEUE_OFFSET_AT: usize = 20;
/// Place of the physical offset.
pub const PHYSICAL_OFFSET_AT: usize = 28;
/// Place of the system flags.
pub const SYS_FLAG_AT: usize = 36;
/// Place of the born host.
pub const BORN_HOST_AT: usize = 48;
/// Size of a V1 record with IPv4 hosts and nothing in it: the smallest record there is.
pub const RECORD_BYTES_MIN: usize = 91;
/// Longest topic name of a record in bytes.
pub const TOPIC_BYTES_MAX: usize = 255;
/// Longest topic name of a V1 record in bytes.
pub const TOPIC_BYTES_MAX_V1: usize = 127;

/// A record to be written. Queue offset, physical offset and store timestamp are zero until [`place`] fills them in.
#[derive(Clone, Copy, Debug)]
pub struct RecordDraft<'a> {
    /// Topic name, at most 255 bytes.
    pub topic: &'a str,
    /// Queue within the topic.
    pub queue_id: QueueId,
    /// The application's own flag.
    pub flag: i32,
    /// System flags; the address bits are set by [`RecordDraft::encode`].
    pub sys_flag: i32,
    /// When the producer made the message.
    pub born_timestamp: Millis,
    /// Whom the message came from.
    pub born_host: SocketAddr,
    /// The broker's own address.
    pub store_host: SocketAddr,
    /// Deliveries that failed so far.
    pub reconsume_times: i32,
    /// Log offset of the half message of a committed transaction, else 0.
    pub prepared_transaction_offset: i64,
    /// Body as received.
    pub body: &'a [u8],
    /// Parts of the property string, written one after the other. A part that does not end with the separator
    /// gets one if another part follows.
    pub properties: &'a [&'a [u8]],
}

/// Why a draft cannot become a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DraftError {
    /// The topic is empty or does not fit its length field.
    #[error("topic of {0} bytes, expected 1 to {TOPIC_BYTES_MAX}")]
    TopicLength(usize),
    /// The property string is too long.
    #[error("properties of {0} bytes exceed the limit of {PROPERTIES_BYTES_MAX} bytes")]
    PropertiesTooLong(usize),
    /// The record does not fit its 32-bit size.
    #[error("body of {0} bytes does not fit in a record")]
    BodyTooLong(usize),
}

impl RecordDraft<'_> {
    /// Size of the record in bytes.
    ///
    /// # Errors
    /// A part does not fit its field.
    pub fn encoded_len(&self) -> Result<usize, DraftError> {
        let topic = self.topic.len();
        if topic == 0 || topic > TOPIC_BYTES_MAX {
            return Err(DraftError::TopicLength(topic));
        }
        let properties = self.properties_len();
        if properties > PROPERTIES_BYTES_MAX {
            return Err(DraftError::PropertiesTooLong(properties));
        }
        let size = RECORD_BYTES_MIN
            + usize::from(topic > TOPIC_BYTES_MAX_V1)
            + 12 * usize::from(self.born_host.is_ipv6())
            + 12 * usize::from(self.store_host.is_ipv6())
            + topic
            + properties
            + self.body.len();
        if i32::try_from(size).is_err() {
            return Err(DraftError::BodyTooLong(self.body.len()));
        }
        Ok(size)
    }

    /// Appends the record to `out` with zeroed positions and store timestamp; returns its size in bytes.
    ///
    /// # Errors
    /// A part does not fit its field; `out` is unchanged.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<usize, DraftError> {
        let size = self.encoded_len()?;
        out.reserve(size);
        let v2 = self.topic.len() > TOPIC_BYTES_MAX_V1;
        let sys_flag = sysflag::with_hosts(self.sys_flag, self.born_host, self.store_host);
        let mut head = [0_u8; BORN_HOST_AT];
        let magic = if v2 { MAGIC_V2 } else { MAGIC_V1 };
        head[..4].copy_from_slice(&(size as u32).to_be_bytes());
        head[4..8].copy_from_slice(&magic.to_be_bytes());
        head[8..12].copy_from_slice(&body_crc(self.body).to_be_bytes());
        head[12..16].copy_from_slice(&self.queue_id.0.to_be_bytes());
        head[16..20].copy_from_slice(&self.flag.to_be_bytes());
        head[SYS_FLAG_AT..40].copy_from_slice(&sys_flag.to_be_bytes());
        head[40..48].copy_from_slice(&self.born_timestamp.0.to_be_bytes());
        out.extend_from_slice(&head);
        push_host(out, self.born_host);
        out.extend_from_slice(&[0; 8]);
        push_host(out, self.store_host);
        out.extend_from_slice(&self.reconsume_times.to_be_bytes());
        out.extend_from_slice(&self.prepared_transaction_offset.to_be_bytes());
        out.extend_from_slice(&(self.body.len() as u32).to_be_bytes());
        out.extend_from_slice(self.body);
        if v2 {
            out.extend_from_slice(&(self.topic.len() as u16).to_be_bytes());
        } else {
            out.push(self.topic.len() as u8);
        }
        out.extend_from_slice(self.topic.as_bytes());
        out.extend_from_slice(&(self.properties_len() as u16).to_be_bytes());
        self.push_properties(out);
        Ok(size)
    }

    fn properties_len(&self) -> usize {
        let mut len = 0;
        let mut open = false;
        for part in self.properties.iter().filter(|part| !part.is_empty()) {
            len += part.len() + usize::from(open);
            open = !Properties::new(part).is_terminated();
        }
        len
    }

    fn push_properties(&self, out: &mut Vec<u8>) {
        let mut open = false;
        for part in self.properties.iter().filter(|part| !part.is_empty()) {
            if open {
                out.push(PROPERTY_SEPARATOR);
            }
            out.extend_from_slice(part);
            open = !Properties::new(part).is_terminated();
        }
    }
}

/// The CRC-32 of a stored body as the record carries it: without the top bit.
#[must_use]
pub fn body_crc(body: &[u8]) -> u32 {
    crc32fast::hash(body) & 0x7FFF_FFFF
}

fn push_host(out: &mut Vec<u8>, host: SocketAddr) {
    match host.ip() {
        IpAddr::V4(ip) => out.extend_from_slice(&ip.octets()),
        IpAddr::V6(ip) => out.extend_from_slice(&ip.octets()),
    }
    out.extend_from_slice(&u32::from(host.port()).to_be_bytes());
}

/// Fills in what is known only when the record gets its place. `record` must be one encoded record.
pub fn place(record: &mut [u8], queue_offset: QueueOffset, at: LogOffset, stored: Millis) {
    patch_queue_offset(record, queue_offset);
    patch_physical_offset(record, at);
    patch_store_timestamp(record, stored);
}

/// Overwrites the queue offset of an encoded record.
pub fn patch_queue_offset(record: &mut [u8], queue_offset: QueueOffset) {
    record[QUEUE_OFFSET_AT..PHYSICAL_OFFSET_AT].copy_from_slice(&queue_offset.0.to_be_bytes());
}

/// Overwrites the physical offset of an encoded record.
pub fn patch_physical_offset(record: &mut [u8], at: LogOffset) {
    record[PHYSICAL_OFFSET_AT..SYS_FLAG_AT].copy_from_slice(&at.0.to_be_bytes());
}

/// Overwrites the store timestamp of an encoded record.
pub fn patch_store_timestamp(record: &mut [u8], stored: Millis) {
    let at = store_timestamp_at(record);
    record[at..at + 8].copy_from_slice(&stored.0.to_be_bytes());
}

/// Place of the store timestamp of an encoded record: 56, or 68 after an IPv6 born host.
fn store_timestamp_at(record: &[u8]) -> usize {
    let v6 = i32::from(record[SYS_FLAG_AT + 3]) & sysflag::BORN_HOST_V6 != 0;
    BORN_HOST_AT + if v6 { 20 } else { 8 }
}

/// Appends the eight bytes of a filler; `remaining` is the number of bytes to the end of the segment, these included.
pub fn push_blank(out: &mut Vec<u8>, remaining: u32) {
    out.extend_from_slice(&remaining.to_be_bytes());
    out.extend_from_slice(&MAGIC_BLANK.to_be_bytes());
}

/// Why bytes are not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RecordError {
    /// The buffer ends before the record does.
    #[error("record needs {need} bytes, only {have} are there")]
    Truncated {
        /// Bytes there are.
        have: usize,
        /// Bytes the record claims, or the smallest record if that is not yet known.
        need: usize,
    },
    /// Neither record nor filler.
    #[error("magic {0:#010x} is neither a record nor a filler")]
    Magic(u32),
    /// The total size is impossible.
    #[error("record size {0} is out of bounds")]
    Size(i32),
    /// The parts do not add up to the total size.
    #[error("length of the {0} does not fit the record size")]
    Part(&'static str),
    /// The topic is not UTF-8.
    #[error("topic is not utf-8")]
    TopicText,
    /// The body is damaged.
    #[error("body checksum is {actual:#010x}, the record says {stored:#010x}")]
    Checksum {
        /// Checksum in the record.
        stored: u32,
        /// Checksum of the body.
        actual: u32,
    },
}

/// A whole, validated record, borrowed from a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordRef<'a> {
    raw: &'a [u8],
    body: &'a [u8],
    topic: &'a str,
    properties: &'a [u8],
    sys_flag: i32,
}

/// What [`RecordRef::scan`] found at the start of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scanned<'a> {
    /// A record.
    Record(RecordRef<'a>),
    /// Filler: the segment ends `remaining` bytes after the start of the filler.
    Blank {
        /// Bytes to the end of the segment, the filler's own eight included.
        remaining: u32,
    },
    /// Nothing was written here: size and magic are zero (or fewer than eight zero bytes are left).
    Zeros,
    /// A record or filler may begin here, but the buffer ends too early to tell.
    Short {
        /// Bytes needed.
        need: usize,
    },
    /// Something that is none of these.
    Corrupt(RecordError),
}

/// Reads parts of a record one after the other.
struct Cursor<'a> {
    raw: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, len: usize, part: &'static str) -> Result<&'a [u8], RecordError> {
        let end = self.at.checked_add(len).ok_or(RecordError::Part(part))?;
        let bytes = self.raw.get(self.at..end).ok_or(RecordError::Part(part))?;
        self.at = end;
        Ok(bytes)
    }

    /// Length field of `width` bytes, signed as in Java, then as many bytes.
    fn sized(&mut self, width: usize, part: &'static str) -> Result<&'a [u8], RecordError> {
        let field = self.take(width, part)?;
        if field[0] & 0x80 != 0 {
            return Err(RecordError::Part(part));
        }
        let len = field
            .iter()
            .fold(0_usize, |n, &b| (n << 8) | usize::from(b));
        self.take(len, part)
    }
}

fn word(raw: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*raw.get(at..)?.first_chunk::<4>()?))
}

impl<'a> RecordRef<'a> {
    /// Reads the record at the start of `buf`; further bytes may follow. The body checksum is not looked at.
    ///
    /// # Errors
    /// The bytes are not a whole record.
    pub fn parse(buf: &'a [u8]) -> Result<Self, RecordError> {
        let short = RecordError::Truncated {
            have: buf.len(),
            need: RECORD_BYTES_MIN,
        };
        let size = word(buf, 0).ok_or(short)? as i32;
        let magic = word(buf, 4).ok_or(short)?;
        if magic != MAGIC_V1 && magic != MAGIC_V2 {
            return Err(RecordError::Magic(magic));
        }
        let Some(need) = usize::try_from(size)
            .ok()
            .filter(|&n| n >= RECORD_BYTES_MIN)
        else {
            return Err(RecordError::Size(size));
        };
        let Some(raw) = buf.get(..need) else {
            return Err(RecordError::Truncated {
                have: buf.len(),
                need,
            });
        };
        Self::parts(raw, magic == MAGIC_V2)
    }

    fn parts(raw: &'a [u8], v2: bool) -> Result<Self, RecordError> {
        let sys_flag = word(raw, SYS_FLAG_AT).unwrap_or_default() as i32;
        let host = |bit: i32| if sys_flag & bit == 0 { 8 } else { 20 };
        let mut cursor = Cursor {
            raw,
            at: BORN_HOST_AT,
        };
        cursor.take(host(sysflag::BORN_HOST_V6), "born host")?;
        cursor.take(8, "store timestamp")?;
        cursor.take(host(sysflag::STORE_HOST_V6), "store host")?;
        cursor.take(12, "transaction offset")?;
        let body = cursor.sized(4, "body")?;
        let topic = cursor.sized(if v2 { 2 } else { 1 }, "topic")?;
        let properties = cursor.sized(2, "properties")?;
        if cursor.at != raw.len() {
            return Err(RecordError::Part("properties"));
        }
        let topic = std::str::from_utf8(topic).map_err(|_| RecordError::TopicText)?;
        Ok(Self {
            raw,
            body,
            topic,
            properties,
            sys_flag,
        })
    }

    /// Tells what begins at the start of `buf`: for walking through a log.
    #[must_use]
    pub fn scan(buf: &'a [u8]) -> Scanned<'a> {
        let (Some(size), Some(magic)) = (word(buf, 0), word(buf, 4)) else {
            if buf.iter().all(|&b| b == 0) {
                return Scanned::Zeros;
            }
            return Scanned::Short { need: BLANK_BYTES };
        };
        match magic {
            0 if size == 0 => Scanned::Zeros,
            MAGIC_BLANK if size as usize >= BLANK_BYTES => Scanned::Blank { remaining: size },
            MAGIC_BLANK => Scanned::Corrupt(RecordError::Size(size as i32)),
            _ => match Self::parse(buf) {
                Ok(record) => Scanned::Record(record),
                Err(RecordError::Truncated { need, .. }) => Scanned::Short { need },
                Err(error) => Scanned::Corrupt(error),
            },
        }
    }

    /// Compares the body with its checksum.
    ///
    /// # Errors
    /// [`RecordError::Checksum`] if they differ.
    pub fn check_body(&self) -> Result<(), RecordError> {
        let (stored, actual) = (self.body_crc(), body_crc(self.body));
        if stored == actual {
            return Ok(());
        }
        Err(RecordError::Checksum { stored, actual })
    }

    /// Bytes of the whole record.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.raw
    }

    /// Size of the whole record in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.raw.len()
    }

    /// [`MAGIC_V1`] or [`MAGIC_V2`].
    #[must_use]
    pub fn magic(&self) -> u32 {
        self.u32_at(4)
    }

    /// Checksum of the body as stored.
    #[must_use]
    pub fn body_crc(&self) -> u32 {
        self.u32_at(8)
    }

    /// Queue within the topic.
    #[must_use]
    pub fn queue_id(&self) -> QueueId {
        QueueId(self.u32_at(12))
    }

    /// The application's own flag.
    #[must_use]
    pub fn flag(&self) -> i32 {
        self.u32_at(16) as i32
    }

    /// Place in the queue.
    #[must_use]
    pub fn queue_offset(&self) -> QueueOffset {
        QueueOffset(self.u64_at(QUEUE_OFFSET_AT))
    }

    /// Place in the commit log.
    #[must_use]
    pub fn physical_offset(&self) -> LogOffset {
        LogOffset(self.u64_at(PHYSICAL_OFFSET_AT))
    }

    /// System flags.
    #[must_use]
    pub fn sys_flag(&self) -> i32 {
        self.sys_flag
    }

    /// When the producer made the message.
    #[must_use]
    pub fn born_timestamp(&self) -> Millis {
        Millis(self.u64_at(40) as i64)
    }

    /// Whom the message came from.
    #[must_use]
    pub fn born_host(&self) -> SocketAddr {
        self.host_at(BORN_HOST_AT, sysflag::BORN_HOST_V6)
    }

    /// When the broker stored the message.
    #[must_use]
    pub fn store_timestamp(&self) -> Millis {
        Millis(self.u64_at(store_timestamp_at(self.raw)) as i64)
    }

    /// The broker that stored the message.
    #[must_use]
    pub fn store_host(&self) -> SocketAddr {
        self.host_at(store_timestamp_at(self.raw) + 8, sysflag::STORE_HOST_V6)
    }

    /// Deliveries that failed so far.
    #[must_use]
    pub fn reconsume_times(&self) -> i32 {
        self.u32_at(self.after_hosts()) as i32
    }

    /// Log offset of the half message of a committed transaction, else 0.
    #[must_use]
    pub fn prepared_transaction_offset(&self) -> i64 {
        self.u64_at(self.after_hosts() + 4) as i64
    }

    /// Body as stored: compressed if [`sysflag::COMPRESSED`] is set.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// Topic name.
    #[must_use]
    pub fn topic(&self) -> &'a str {
        self.topic
    }

    /// Property string.
    #[must_use]
    pub fn properties(&self) -> Properties<'a> {
        Properties::new(self.properties)
    }

    fn after_hosts(&self) -> usize {
        let store_host = if self.sys_flag & sysflag::STORE_HOST_V6 == 0 {
            8
        } else {
            20
        };
        store_timestamp_at(self.raw) + 8 + store_host
    }

    fn host_at(&self, at: usize, v6_bit: i32) -> SocketAddr {
        let (ip, port_at): (IpAddr, usize) = if self.sys_flag & v6_bit == 0 {
            (Ipv4Addr::from(self.u32_at(at)).into(), at + 4)
        } else {
            let high = u128::from(self.u64_at(at)) << 64;
            let ip = Ipv6Addr::from(high | u128::from(self.u64_at(at + 8)));
            (ip.into(), at + 16)
        };
        // Ports are stored in 32 bits; what does not fit 16 came from no socket and is cut like in Java's views.
        SocketAddr::new(ip, self.u32_at(port_at) as u16)
    }

    fn u32_at(&self, at: usize) -> u32 {
        word(self.raw, at).unwrap_or_default()
    }

    fn u64_at(&self, at: usize) -> u64 {
        (u64::from(self.u32_at(at)) << 32) | u64::from(self.u32_at(at + 4))
    }
}

/// Records of a pull, query or view reply, one after the other; stops at the first that does not parse.
pub fn records(buf: &[u8]) -> impl Iterator<Item = RecordRef<'_>> {
    let mut rest = buf;
    std::iter::from_fn(move || {
        let record = RecordRef::parse(rest).ok()?;
        rest = &rest[record.size()..];
        Some(record)
    })
}
