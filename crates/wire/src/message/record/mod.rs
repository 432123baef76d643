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

mod draft;
mod view;

pub use draft::{DraftError, RecordDraft};
pub use view::{RecordError, RecordRef, Scanned, records};

use ferromq_base::{LogOffset, Millis, QueueOffset};

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

/// The CRC-32 of a stored body as the record carries it: without the top bit.
#[must_use]
pub fn body_crc(body: &[u8]) -> u32 {
    crc32fast::hash(body) & 0x7FFF_FFFF
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
