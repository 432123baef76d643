//! The few facts that are read from a reply.

use crate::request::OPAQUE_BASE;

/// Longest frame that is believed.
const FRAME_BYTES_MAX: usize = 32 << 20;

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

impl<'a> Reply<'a> {
    /// Reads one reply from the front of `bytes`. `None`: more bytes are needed.
    ///
    /// # Errors
    /// A text for people, when this cannot be a reply to a request of ours.
    pub fn first(bytes: &'a [u8]) -> Result<Option<Self>, &'static str> {
        let Some(prefix) = bytes.first_chunk::<8>() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes([prefix[0], prefix[1], prefix[2], prefix[3]]) as usize;
        let header_length = u32::from_be_bytes([0, prefix[5], prefix[6], prefix[7]]) as usize;
        if length < 4 + header_length || FRAME_BYTES_MAX < length {
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
        Ok(Some(Self {
            frame_bytes: 4 + length,
            slot,
            code,
            header,
            body,
        }))
    }

    /// The number of the header's field `key` (given as `"name":`).
    #[must_use]
    pub fn number(&self, key: &[u8]) -> Option<u64> {
        number(self.header, key).and_then(|value| u64::try_from(value).ok())
    }
}

/// The number behind `key` in a JSON header; a quote before it is skipped.
fn number(header: &[u8], key: &[u8]) -> Option<i64> {
    let at = header.windows(key.len()).position(|window| window == key)?;
    let rest = &header[at + key.len()..];
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    let (negative, rest) = rest
        .strip_prefix(b"-")
        .map_or((false, rest), |rest| (true, rest));
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let value: i64 = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_read_once_it_is_whole() {
        let header =
            br#"{"code":2,"extFields":{"nextBeginOffset":"41"},"flag":1,"opaque":1000007}"#;
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&(4 + header.len() as u32 + 2).to_be_bytes());
        bytes.extend_from_slice(&(header.len() as u32).to_be_bytes());
        bytes.extend_from_slice(header);
        bytes.extend_from_slice(b"hi");
        assert_eq!(Reply::first(&bytes[..bytes.len() - 1]), Ok(None));
        let whole = Reply::first(&bytes).unwrap().unwrap();
        assert_eq!(
            (whole.slot, whole.code, whole.body),
            (7, 2, b"hi".as_slice())
        );
        assert_eq!(whole.number(b"\"nextBeginOffset\":"), Some(41));
        assert_eq!(whole.number(b"\"minOffset\":"), None);
        assert!(Reply::first(&[0xff; 64]).is_err());
    }

    #[test]
    fn a_negative_number_is_no_offset() {
        assert_eq!(number(b"\"a\":\"-5\"", b"\"a\":"), Some(-5));
        assert_eq!(number(b"\"a\":x", b"\"a\":"), None);
    }
}
