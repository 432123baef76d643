//! Records as they are read: from the log, and from replies.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ferromq_base::{LogOffset, Millis, QueueId, QueueOffset};
use thiserror::Error;

use super::{
    BLANK_BYTES, BORN_HOST_AT, MAGIC_BLANK, MAGIC_V1, MAGIC_V2, PHYSICAL_OFFSET_AT,
    QUEUE_OFFSET_AT, RECORD_BYTES_MIN, SYS_FLAG_AT, body_crc, store_timestamp_at,
};
use crate::message::properties::Properties;
use crate::message::sysflag;

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
