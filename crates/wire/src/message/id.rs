//! Message ids: the broker's (`offsetMsgId`) and the client's (`UNIQ_KEY`).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};

use ferromq_base::{LogOffset, Millis};
use thiserror::Error;

use crate::text::push_hex;

/// Where a message is: the id that brokers give, 32 (IPv4) or 56 (IPv6) upper-case hex digits of
/// address, port as 32 bits and log offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OffsetMsgId {
    /// Address of the storing broker.
    pub host: SocketAddr,
    /// Place of the record in its commit log.
    pub offset: LogOffset,
}

/// Why a text is not an [`OffsetMsgId`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("message id {0:?} is not 32 or 56 hexadecimal digits of a broker address and a log offset")]
pub struct MsgIdError(String);

impl OffsetMsgId {
    /// Appends the id to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self.host.ip() {
            IpAddr::V4(ip) => push_hex(out, ip.octets()),
            IpAddr::V6(ip) => push_hex(out, ip.octets()),
        }
        push_hex(out, u32::from(self.host.port()).to_be_bytes());
        push_hex(out, self.offset.0.to_be_bytes());
    }

    /// Appends the ids of several messages of one broker, joined by commas: as [`OffsetMsgId::write`] for each, but the
    /// address is rendered once.
    pub fn write_all(host: SocketAddr, offsets: &[LogOffset], out: &mut Vec<u8>) {
        let Some((&offset, others)) = offsets.split_first() else {
            return;
        };
        let start = out.len();
        Self { host, offset }.write(out);
        let address = start..out.len() - 2 * size_of::<LogOffset>();
        for offset in others {
            out.push(b',');
            out.extend_from_within(address.clone());
            push_hex(out, offset.0.to_be_bytes());
        }
    }

    /// Reads an id, digits in either case.
    ///
    /// # Errors
    /// The text has another length, other characters or an impossible port.
    pub fn parse(text: &str) -> Result<Self, MsgIdError> {
        Self::read(text).ok_or_else(|| MsgIdError(text.chars().take(80).collect()))
    }

    fn read(text: &str) -> Option<Self> {
        if !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let (ip, rest): (IpAddr, &str) = match text.len() {
            32 => (
                Ipv4Addr::from(u32::from_str_radix(&text[..8], 16).ok()?).into(),
                &text[8..],
            ),
            56 => (
                Ipv6Addr::from(u128::from_str_radix(&text[..32], 16).ok()?).into(),
                &text[32..],
            ),
            _ => return None,
        };
        let port = u16::try_from(u32::from_str_radix(&rest[..8], 16).ok()?).ok()?;
        Some(Self {
            host: SocketAddr::new(ip, port),
            offset: LogOffset(u64::from_str_radix(&rest[8..], 16).ok()?),
        })
    }
}

impl fmt::Display for OffsetMsgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.ip() {
            IpAddr::V4(ip) => write!(f, "{:08X}", ip.to_bits())?,
            IpAddr::V6(ip) => write!(f, "{:032X}", ip.to_bits())?,
        }
        write!(f, "{:08X}{:016X}", self.host.port(), self.offset.0)
    }
}

/// Makes unique keys: address, process id, a constant per process, milliseconds of the month and a counter, in upper-case
/// hex (32 digits with an IPv4 address, 56 with IPv6).
#[derive(Debug)]
pub struct UniqKeys {
    prefix: Vec<u8>,
    counter: AtomicU16,
}

impl UniqKeys {
    /// A source of keys for one process; `salt` distinguishes sources within it.
    #[must_use]
    pub fn new(address: IpAddr, process_id: u32, salt: u32) -> Self {
        let mut prefix = Vec::with_capacity(44);
        match address {
            IpAddr::V4(ip) => push_hex(&mut prefix, ip.octets()),
            IpAddr::V6(ip) => push_hex(&mut prefix, ip.octets()),
        }
        push_hex(&mut prefix, (process_id as u16).to_be_bytes());
        push_hex(&mut prefix, salt.to_be_bytes());
        Self {
            prefix,
            counter: AtomicU16::new(0),
        }
    }

    /// Appends a new key to `out`, without allocating if there is room.
    pub fn write(&self, now: Millis, out: &mut Vec<u8>) {
        let count = self.counter.fetch_add(1, Ordering::Relaxed);
        out.extend_from_slice(&self.prefix);
        push_hex(out, millis_of_month(now).to_be_bytes());
        push_hex(out, count.to_be_bytes());
    }

    /// A new key as text.
    #[must_use]
    pub fn next(&self, now: Millis) -> String {
        let mut key = Vec::with_capacity(56);
        self.write(now, &mut key);
        key.into_iter().map(char::from).collect()
    }
}

/// Milliseconds since the month of `now` began (UTC).
fn millis_of_month(now: Millis) -> u32 {
    const DAY: i64 = 86_400_000;
    let days = now.0.div_euclid(DAY);
    // Civil calendar from a day count: eras of 400 years that begin on 1 March.
    let day_of_era = (days + 719_468).rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5;
    u32::try_from(day * DAY + now.0.rem_euclid(DAY)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offset_ids_are_written_and_read() {
        for (host, offset, text) in [
            ("10.0.0.1:10911", 4096, "0A00000100002A9F0000000000001000"),
            (
                "[2001:db8::1]:10911",
                4096,
                "20010DB800000000000000000000000100002A9F0000000000001000",
            ),
            ("192.168.1.10:10911", 0, "C0A8010A00002A9F0000000000000000"),
            (
                "192.168.1.10:10911",
                1_000_000_172,
                "C0A8010A00002A9F000000003B9ACAAC",
            ),
            (
                "[fe80::1]:10911",
                1024,
                "FE80000000000000000000000000000100002A9F0000000000000400",
            ),
        ] {
            let id = OffsetMsgId {
                host: host.parse().unwrap(),
                offset: LogOffset(offset),
            };
            let mut out = Vec::new();
            id.write(&mut out);
            assert_eq!(out, text.as_bytes());
            assert_eq!(id.to_string(), text);
            assert_eq!(OffsetMsgId::parse(text), Ok(id));
            assert_eq!(OffsetMsgId::parse(&text.to_lowercase()), Ok(id));
        }
    }

    #[test]
    fn what_is_no_offset_id_is_refused() {
        for text in [
            "",
            "0A",
            "zA00000100002A9F0000000000001000",
            "0A000001FFFF2A9F0000000000001000",
            "支00001支支A9F0000000000001000",
            "+A00000100002A9F0000000000001000",
        ] {
            assert!(OffsetMsgId::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn unique_keys_differ_and_have_the_layout() {
        let keys = UniqKeys::new("10.0.0.9".parse().unwrap(), 0x1_2345, 0x18B4_AAC2);
        // 2023-11-14 22:13:20 UTC.
        let now = Millis(1_700_000_000_000);
        let (first, second) = (keys.next(now), keys.next(now));
        let month = 13 * 86_400_000 + (22 * 3600 + 13 * 60 + 20) * 1000;
        assert_eq!(first, format!("0A000009234518B4AAC2{month:08X}0000"));
        assert_eq!(&second[28..], "0001");
        let v6 = UniqKeys::new("2001:db8::9".parse().unwrap(), 1, 2);
        assert_eq!(v6.next(now).len(), 56);
    }

    #[test]
    fn months_begin_at_zero() {
        for start in [
            0,
            951_782_400_000 + 86_400_000, // 2000-03-01
            1_704_067_200_000,            // 2024-01-01
            1_709_251_200_000,            // 2024-03-01, after a leap day
        ] {
            assert_eq!(millis_of_month(Millis(start)), 0, "{start}");
            assert_eq!(millis_of_month(Millis(start + 5)), 5);
            assert!(millis_of_month(Millis(start - 1)) > 28 * 86_400_000 - 2);
        }
    }
}
