//! Delivered messages: how many a pull reply holds, and when each was sent.

use std::time::{Duration, Instant};

/// Bytes at the front of a body that tell which run sent it, and when.
pub const STAMP_BYTES: usize = 16;

const MAGIC: [u8; 4] = *b"FqB1";
/// Where a record keeps its system flags, and its body length if both hosts are IPv4 addresses.
const FLAGS_AT: usize = 36;
const BODY_LENGTH_AT: usize = 84;
/// Flags of a record whose born or store host is an IPv6 address, which is longer.
const LONG_HOST_FLAGS: [u32; 2] = [0x10, 0x20];
const LONG_HOST_EXTRA: usize = 12;

/// Writes and reads the send times of one run.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    run: u32,
    origin: Instant,
}

impl Stamp {
    /// Stamps of the run with number `run`, which should differ from that of earlier runs on the same topics.
    #[must_use]
    pub fn new(run: u32, origin: Instant) -> Self {
        Self { run, origin }
    }

    /// The stamp of a message sent at `when`: nanoseconds since the origin.
    #[must_use]
    pub fn bytes(&self, when: Instant) -> [u8; STAMP_BYTES] {
        let nanos = when.saturating_duration_since(self.origin).as_nanos() as u64;
        let mut bytes = [0; STAMP_BYTES];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..8].copy_from_slice(&self.run.to_be_bytes());
        bytes[8..].copy_from_slice(&nanos.to_be_bytes());
        bytes
    }

    /// When the message with `body` was sent; `None` if not by this run.
    #[must_use]
    pub fn sent(&self, body: &[u8]) -> Option<Instant> {
        let stamp = body.first_chunk::<STAMP_BYTES>()?;
        if stamp[..4] != MAGIC || stamp[4..8] != self.run.to_be_bytes() {
            return None;
        }
        let nanos = u64::from_be_bytes(*stamp.last_chunk::<8>()?);
        self.origin.checked_add(Duration::from_nanos(nanos))
    }
}

/// The records of a pull reply's body; each begins with its own size.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    rest: &'a [u8],
}

impl<'a> Records<'a> {
    /// The records in `body`.
    #[must_use]
    pub fn of(body: &'a [u8]) -> Self {
        Self { rest: body }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let size = u32::from_be_bytes(*self.rest.first_chunk::<4>()?) as usize;
        let (record, rest) = self.rest.split_at_checked(size.max(4))?;
        self.rest = rest;
        Some(record)
    }
}

/// The message body inside a record; empty if the record is too short for what it says.
#[must_use]
pub fn body(record: &[u8]) -> &[u8] {
    let word = |at: usize| {
        let bytes = record.get(at..)?.first_chunk::<4>()?;
        Some(u32::from_be_bytes(*bytes))
    };
    let Some(flags) = word(FLAGS_AT) else {
        return &[];
    };
    let long_hosts = LONG_HOST_FLAGS.iter().filter(|flag| flags & **flag != 0);
    let at = BODY_LENGTH_AT + long_hosts.count() * LONG_HOST_EXTRA;
    let length = word(at).unwrap_or(0) as usize;
    record.get(at + 4..at + 4 + length).unwrap_or(&[])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(flags: u32, extra: usize, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; BODY_LENGTH_AT + extra];
        bytes[FLAGS_AT..FLAGS_AT + 4].copy_from_slice(&flags.to_be_bytes());
        bytes.extend_from_slice(&(content.len() as u32).to_be_bytes());
        bytes.extend_from_slice(content);
        bytes.extend_from_slice(b"\x01Tproperties");
        let size = (bytes.len() as u32).to_be_bytes();
        bytes[..4].copy_from_slice(&size);
        bytes
    }

    #[test]
    fn a_stamp_tells_its_own_runs_send_time_only() {
        let origin = Instant::now();
        let stamp = Stamp::new(7, origin);
        let when = origin + Duration::from_micros(1234);
        let mut content = stamp.bytes(when).to_vec();
        content.extend_from_slice(b"xxxx");
        assert_eq!(stamp.sent(&content), Some(when));
        assert_eq!(Stamp::new(8, origin).sent(&content), None);
        assert_eq!(stamp.sent(&content[..15]), None);
        assert_eq!(stamp.sent(&[b'x'; 64]), None);
    }

    #[test]
    fn bodies_are_found_behind_hosts_of_both_lengths() {
        assert_eq!(body(&record(0, 0, b"four")), b"four");
        assert_eq!(body(&record(0x10, 12, b"six")), b"six");
        assert_eq!(body(&record(0x31, 24, b"both")), b"both");
        assert_eq!(body(&[0; 40]), b"");
        let mut lying = record(0, 0, b"four");
        lying[BODY_LENGTH_AT] = 0xff;
        assert_eq!(body(&lying), b"");
    }

    #[test]
    fn records_end_where_the_bytes_do() {
        let mut bytes = record(0, 0, b"one");
        bytes.extend(record(0, 0, b"two"));
        let bodies: Vec<_> = Records::of(&bytes).map(body).collect();
        assert_eq!(bodies, [b"one", b"two"]);
        assert_eq!(Records::of(&bytes[..bytes.len() - 1]).count(), 1);
        assert_eq!(Records::of(&[0, 0, 0, 0]).count(), 1);
        assert_eq!(Records::of(&[]).count(), 0);
    }
}
