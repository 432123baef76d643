//! Stand-in for the frame module of the wire crate: cuts frames out of a buffer.

use ferromq_base::limits::FRAME_BYTES_MAX;

/// A whole frame, borrowed from a read buffer.
#[derive(Clone, Copy, Debug)]
pub struct FrameRef<'a> {
    /// Header serialize type: 0 JSON, 1 binary.
    pub serialize_type: u8,
    /// Header bytes.
    pub header: &'a [u8],
    /// Body bytes, empty for none.
    pub body: &'a [u8],
}

impl FrameRef<'_> {
    /// Bytes of the frame, length prefix included.
    #[must_use]
    pub fn consumed(&self) -> usize {
        8 + self.header.len() + self.body.len()
    }
}

/// A length that no frame may have.
#[derive(Debug, thiserror::Error)]
#[error("frame length {0:#010x} or header length {1:#08x} out of range")]
pub(crate) struct FrameError(u32, u32);

/// Cuts the first frame off `buf`; `None` if it is not whole yet.
pub(crate) fn split(buf: &[u8]) -> Result<Option<FrameRef<'_>>, FrameError> {
    let Some((prefix, rest)) = buf.split_first_chunk::<8>() else {
        return Ok(None);
    };
    let word = |at: usize| {
        u32::from_be_bytes([prefix[at], prefix[at + 1], prefix[at + 2], prefix[at + 3]])
    };
    let header = word(4) & 0x00ff_ffff;
    let length = word(0);
    if length < 4 + header || length as usize + 4 > FRAME_BYTES_MAX {
        return Err(FrameError(length, header));
    }
    let Some(rest) = rest.get(..length as usize - 4) else {
        return Ok(None);
    };
    let (header, body) = rest.split_at(header as usize);
    let serialize_type = prefix[4];
    Ok(Some(FrameRef {
        serialize_type,
        header,
        body,
    }))
}
