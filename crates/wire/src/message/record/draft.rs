//! Records on their way into the log.

use std::net::{IpAddr, SocketAddr};

use ferromq_base::limits::PROPERTIES_BYTES_MAX;
use ferromq_base::{Millis, QueueId};
use thiserror::Error;

use super::{
    BORN_HOST_AT, MAGIC_V1, MAGIC_V2, RECORD_BYTES_MIN, SYS_FLAG_AT, TOPIC_BYTES_MAX,
    TOPIC_BYTES_MAX_V1, body_crc,
};
use crate::message::properties::{PROPERTY_SEPARATOR, Properties};
use crate::message::sysflag;

/// A record to be written. Queue offset, physical offset and store timestamp are zero until [`super::place`] fills them in.
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
        let mut middle = [0_u8; 16];
        middle[..4].copy_from_slice(&self.reconsume_times.to_be_bytes());
        middle[4..12].copy_from_slice(&self.prepared_transaction_offset.to_be_bytes());
        middle[12..].copy_from_slice(&(self.body.len() as u32).to_be_bytes());
        out.extend_from_slice(&head);
        push_host(out, self.born_host);
        out.extend_from_slice(&[0; 8]);
        push_host(out, self.store_host);
        out.extend_from_slice(&middle);
        out.extend_from_slice(self.body);
        if v2 {
            out.extend_from_slice(&(self.topic.len() as u16).to_be_bytes());
        } else {
            out.push(self.topic.len() as u8);
        }
        out.extend_from_slice(self.topic.as_bytes());
        let properties_len_at = out.len();
        out.extend_from_slice(&[0; 2]);
        let properties_len = self.push_properties(out) as u16;
        out[properties_len_at..][..2].copy_from_slice(&properties_len.to_be_bytes());
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

    /// Appends the property string; returns its length in bytes.
    fn push_properties(&self, out: &mut Vec<u8>) -> usize {
        let before = out.len();
        let mut open = false;
        for part in self.properties.iter().filter(|part| !part.is_empty()) {
            if open {
                out.push(PROPERTY_SEPARATOR);
            }
            out.extend_from_slice(part);
            open = !Properties::new(part).is_terminated();
        }
        out.len() - before
    }
}

fn push_host(out: &mut Vec<u8>, host: SocketAddr) {
    let port = u32::from(host.port());
    match host.ip() {
        // Together in one piece: this is what nearly every record has twice.
        IpAddr::V4(ip) => {
            let both = u64::from(ip.to_bits()) << 32 | u64::from(port);
            out.extend_from_slice(&both.to_be_bytes());
        }
        IpAddr::V6(ip) => {
            out.extend_from_slice(&ip.octets());
            out.extend_from_slice(&port.to_be_bytes());
        }
    }
}
