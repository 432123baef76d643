//! Frames: the length-prefixed envelope of every request and response.
//!
//! ```text
//! u32 length             bytes that follow this field
//! u32 header length word high 8 bits: serialize type (0 JSON, 1 ROCKETMQ), low 24 bits: header length
//! u8[] header
//! u8[] body              the rest; zero bytes mean "no body"
//! ```

use ferromq_base::limits::FRAME_BYTES_MAX;
use thiserror::Error;

/// Bytes before the header: the two length words.
pub const PREFIX_BYTES: usize = 8;

/// How a header is encoded. Chosen per frame; replies are always [`SerializeType::Json`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SerializeType {
    /// A JSON object.
    #[default]
    Json,
    /// RocketMQ's own binary layout.
    RocketMq,
}

impl SerializeType {
    /// The high byte of the header length word.
    #[must_use]
    pub fn wire(self) -> u8 {
        match self {
            Self::Json => 0,
            Self::RocketMq => 1,
        }
    }
}

/// Why a stream cannot be cut into frames. The connection must be closed: there is no way to find the next frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FrameError {
    /// The length prefix claims more than the limit.
    #[error(
        "frame of {claimed} bytes exceeds the limit of {FRAME_BYTES_MAX} bytes, prefix included"
    )]
    TooLong {
        /// Claimed size in bytes with the prefix.
        claimed: u64,
    },
    /// The length prefix leaves no room for the header length word.
    #[error("frame length {claimed} is too short to hold a header length")]
    TooShort {
        /// Value of the length prefix.
        claimed: u32,
    },
    /// The header does not fit in the frame.
    #[error("header of {header} bytes does not fit in a frame of length {frame}")]
    HeaderTooLong {
        /// Claimed header length in bytes.
        header: u32,
        /// Value of the length prefix.
        frame: u32,
    },
    /// The serialize type byte is neither 0 nor 1.
    #[error("unknown header serialize type {0}, expected 0 (JSON) or 1 (ROCKETMQ)")]
    UnknownSerializeType(u8),
}

/// One whole frame, borrowed from the read buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameRef<'a> {
    /// How the header is encoded.
    pub serialize: SerializeType,
    /// Encoded header.
    pub header: &'a [u8],
    /// Body; empty means that there is none.
    pub body: &'a [u8],
}

impl FrameRef<'_> {
    /// Size of the whole frame in bytes with its length prefix: what to consume from the read buffer.
    #[must_use]
    pub fn wire_len(&self) -> usize {
        PREFIX_BYTES + self.header.len() + self.body.len()
    }
}

/// Size in bytes, prefix included, of the frame that begins at `buf`; none before its length prefix is complete.
///
/// # Errors
/// The length prefix is out of bounds.
pub fn expected_len(buf: &[u8]) -> Result<Option<usize>, FrameError> {
    let Some(word) = buf.first_chunk::<4>() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*word);
    let claimed = u64::from(length) + 4;
    if claimed > FRAME_BYTES_MAX as u64 {
        return Err(FrameError::TooLong { claimed });
    }
    if length < 4 {
        return Err(FrameError::TooShort { claimed: length });
    }
    Ok(Some(length as usize + 4))
}

/// Cuts the first frame off `buf`; none while it is incomplete. Bad lengths are reported as soon as they can be seen.
///
/// # Errors
/// The bytes can never become a frame; close the connection.
pub fn split(buf: &[u8]) -> Result<Option<FrameRef<'_>>, FrameError> {
    let Some(total) = expected_len(buf)? else {
        return Ok(None);
    };
    let Some(word) = buf.get(4..PREFIX_BYTES) else {
        return Ok(None);
    };
    let serialize = match word[0] {
        0 => SerializeType::Json,
        1 => SerializeType::RocketMq,
        other => return Err(FrameError::UnknownSerializeType(other)),
    };
    let header_len = u32::from_be_bytes([0, word[1], word[2], word[3]]);
    if header_len as usize > total - PREFIX_BYTES {
        return Err(FrameError::HeaderTooLong {
            header: header_len,
            frame: (total - 4) as u32,
        });
    }
    let Some(rest) = buf.get(PREFIX_BYTES..total) else {
        return Ok(None);
    };
    let (header, body) = rest.split_at(header_len as usize);
    Ok(Some(FrameRef {
        serialize,
        header,
        body,
    }))
}

/// Reserves the eight bytes of the two length words at the end of `out` and remembers the place.
#[must_use]
pub fn begin(out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0; PREFIX_BYTES]);
    start
}

/// Fills the length words of the frame begun at `start`, whose header ends where `out` ends now
/// and whose body of `body_len` bytes is still to come (or is empty).
pub fn end_header(out: &mut [u8], start: usize, serialize: SerializeType, body_len: usize) {
    let header_len = out.len() - start - PREFIX_BYTES;
    let length = (4 + header_len + body_len) as u32;
    let word = (u32::from(serialize.wire()) << 24) | header_len as u32;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    out[start + 4..start + 8].copy_from_slice(&word.to_be_bytes());
}
